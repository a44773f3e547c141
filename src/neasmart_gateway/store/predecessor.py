"""Reads the database of an older gateway: a `sqlitedict` table of pickled numbers. Nothing is changed or executed."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from neasmart_gateway.errors import InvalidValue, OperatorError
from neasmart_gateway.store import pickled

TABLE = "holding_registers"
_COMPANIONS = ("", "-wal", "-journal")
"""The file, and what a gateway that was killed has left beside it."""
_LARGEST = 64_000_000
"""Bytes; such a database has about three million."""
_PIECE = 1 << 20
_MOST_ROWS = 70_000
_KEY = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class OldRegisters:
    """What the table holds: number by key.

    `changed_at` is the Unix time of the last change of the file: no number in it is newer, and more is not known.
    """

    numbers: dict[int, int]
    changed_at: float


def read(path: Path) -> OldRegisters:
    """Return what is in the file at `path`; OperatorError when it is not such a database, or holds anything else.

    It is read from a copy, so that neither the file nor what lies beside it is touched, also when SQLite has to
    finish there what a killed gateway had begun.
    """
    if not path.is_file():
        raise OperatorError(f"there is no file {path}")
    with TemporaryDirectory(prefix="neasmart-import-") as folder:
        copy = Path(folder) / "old.db"
        changed_at = _copied(path, copy)
        with _translated(path), closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            _must_be_sound(connection, path)
            return OldRegisters(dict(_numbers(connection, path)), changed_at)


def _copied(path: Path, copy: Path) -> float:
    """Copy a database with what belongs to it; returns when it was changed last."""
    real = path.resolve()
    try:
        before = _sizes_and_times(real)
        if sum(size for size, _ in before.values()) > _LARGEST:
            raise OperatorError(f"{path} is larger than a database of an old gateway ever was; nothing was read")
        for ending in before:
            _copy_file(real.with_name(real.name + ending), copy.with_name(copy.name + ending))
        if _sizes_and_times(real) != before:
            raise OperatorError(f"{path} is being written: stop the old gateway first")
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from error
    return max(at for _, at in before.values()) / 1e9


def _copy_file(source: Path, target: Path) -> None:
    """Copy a regular file, at most what is allowed; OperatorError when it is a device or a pipe, which has no end."""
    with os.fdopen(os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as old, target.open("wb") as new:
        if not stat.S_ISREG(os.fstat(old.fileno()).st_mode):
            raise OperatorError(f"{source} is no regular file; nothing was read")
        left = _LARGEST
        while left and (piece := old.read(min(left, _PIECE))):
            left -= new.write(piece)


def _sizes_and_times(path: Path) -> dict[str, tuple[int, int]]:
    """Return bytes and nanoseconds of the last change, of the file and of what there is beside it."""
    found: dict[str, tuple[int, int]] = {}
    for ending in _COMPANIONS:
        companion = path.with_name(path.name + ending)
        if not ending or companion.exists():
            status = os.stat(companion)  # noqa: PTH116 - follows links, as the copying does
            found[ending] = status.st_size, status.st_mtime_ns
    return found


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OperatorError(f"{path} is not a SQLite database, or is damaged: {error}") from error


def _must_be_sound(connection: sqlite3.Connection, path: Path) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise OperatorError(f"{path} is damaged and nothing was imported: {verdict}")
    # A view or a virtual table has no root page; to read one could run what somebody else has written.
    found = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? AND rootpage > 0"
    columns = {row[1] for row in connection.execute(f"PRAGMA table_info({TABLE})")}
    if connection.execute(found, (TABLE,)).fetchone() is None or not {"key", "value"} <= columns:
        raise OperatorError(f"{path} has no table {TABLE} with key and value: it is no database of an old gateway")


def _numbers(connection: sqlite3.Connection, path: Path) -> Iterator[tuple[int, int]]:
    short = f"CASE WHEN typeof(value) = 'blob' AND length(value) <= {pickled.LONGEST} THEN value END"
    rows = connection.execute(
        f"SELECT CAST(substr(key, 1, {_MOST_SHOWN}) AS TEXT), {short} FROM {TABLE}"  # noqa: S608 - names of ours
    )
    for count, (key, value) in enumerate(rows):
        if count == _MOST_ROWS:
            raise OperatorError(f"{path} has more than {_MOST_ROWS} rows: it is no database of an old gateway")
        yield _register(path, key), _number(path, key, value)


def _register(path: Path, key: str | None) -> int:
    if key is None or not _KEY.fullmatch(key):
        raise OperatorError(f"{path} has a row {key!r}, which is no register: nothing was imported")
    return int(key)


def _number(path: Path, key: str, value: bytes | None) -> int:
    try:
        return pickled.whole_number(value or b"")
    except InvalidValue:
        raise OperatorError(
            f"{path} holds something else than a whole number in row {key}. It was not unpickled, because a pickle can "
            "run any program; nothing was imported. If you do not know how it came there, do not trust this file"
        ) from None
