"""What an operator does with a database: copy it while it is in use, put a copy back, look whether it is sound."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.store import aside
from neasmart_gateway.store.faults import WrongSchema, is_beyond_use
from neasmart_gateway.store.migrations import NEWEST, check_tables, version_of
from neasmart_gateway.store.series import inspection

LIBRARY = sqlite3.sqlite_version
"""The version of SQLite."""
_BUSY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check has found: `faults` is empty when the file is sound; rows by table."""

    version: int
    faults: list[str]
    rows: dict[str, int]


def backup(source: Path, target: Path) -> None:
    """Copy a database, also while a gateway writes to it, to a file that must not exist yet."""
    must_be_new(target)
    copy(source, target)


def restore(source: Path, target: Path) -> Path | None:
    """Put a copy in place of the database at `target`, which no gateway may be using; returns where the old one went.

    Refuses a copy that is damaged, or that a newer gateway has made. A link stays, and leads to the copy.
    """
    target = target.resolve()
    verdict = check(source)
    if verdict.faults:
        raise OperatorError(f"{source} is damaged and was not restored: {verdict.faults[0]}")
    if verdict.version > NEWEST:
        raise OperatorError(
            f"{source} has schema version {verdict.version}, this gateway knows {NEWEST}: restore it with a newer one"
        )
    fresh = target.with_name(target.name + ".restoring")
    fresh.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    copy(source, fresh)
    old = aside.set_aside(target, "replaced") if target.exists() else None
    fresh.rename(target)
    return old


def check(path: Path) -> Verdict:
    """Look at every page of a database; OperatorError when that is not possible, or it is none of ours."""
    with reading(path) as connection:
        try:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            rows = {table: _count(connection, table) for table in tables if not table.startswith("sqlite_")}
            verdict = Verdict(version_of(connection), faults, rows)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not is_beyond_use(error):
                raise
            return Verdict(0, [str(error)], {})
        if not faults:
            _must_be_ours(connection, path)
            faults += inspection.faults(connection)
        return verdict


def must_be_new(target: Path) -> None:
    """OperatorError when there is something already."""
    if target.exists():
        raise OperatorError(f"{target} exists already; choose another name, nothing is overwritten")


def copy(source: Path, target: Path) -> None:
    """Copy a database to a new file, or leave no file behind."""
    with reading(source) as connection, writing(target) as new:
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # backup() waits for a lock for ever
            connection.backup(new)
        except sqlite3.Error as error:
            if is_beyond_use(error) or _is_locked(error):
                raise _explained(source, error) from error
            raise
        # A copy that needs no other files beside it can be read from wherever it is put.
        new.execute("PRAGMA journal_mode = DELETE")


def _must_be_ours(connection: sqlite3.Connection, path: Path) -> None:
    version = version_of(connection)
    try:
        if version < 1:
            raise WrongSchema("it has no version")
        if version <= NEWEST:  # what a newer one has is not known
            check_tables(connection)
    except WrongSchema as error:
        raise OperatorError(f"{path} is not a database of a neasmart-gateway") from error


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - a name it has


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to look at it; OperatorError when that is not possible."""
    if not path.is_file():
        raise OperatorError(f"there is no file {path}")
    # Nobody uses a file without a log: opened as if to be written, SQLite takes away again what it makes beside it.
    mode = "ro" if path.with_name(f"{path.name}-wal").exists() else "rw"
    uri = f"file:{quote(str(path))}?mode={mode}"
    with _translated(path), closing(sqlite3.connect(uri, timeout=_BUSY_SECONDS, uri=True)) as connection:
        yield connection


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a new database; nothing is left of it when it does not come about."""
    try:
        with _translated(path), closing(sqlite3.connect(path)) as connection:
            yield connection
    except BaseException:
        for ending in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        raise


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(path, error) from error


def _explained(path: Path, error: sqlite3.Error) -> OperatorError:
    if _is_locked(error):
        return OperatorError(f"{path} is locked by another program; try again when that has ended")
    return OperatorError(f"{path} cannot be used: {error}")


def _is_locked(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
