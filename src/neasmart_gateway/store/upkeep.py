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
from neasmart_gateway.store.migrations import NEWEST, version_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check has found: `faults` is empty when the file is sound; rows by table."""

    version: int
    faults: list[str]
    rows: dict[str, int]


def backup(source: Path, target: Path) -> None:
    """Copy a database, also while a gateway writes to it, to a file that must not exist yet."""
    if target.exists():
        raise OperatorError(f"{target} exists already; choose another name, nothing is overwritten")
    with _reading(source) as connection, _writing(target) as copy:
        connection.backup(copy)


def restore(source: Path, target: Path) -> Path | None:
    """Put a copy in place of the database at `target`, which no gateway may be using; returns where the old one went.

    Refuses a copy that is damaged, or that a newer gateway has made.
    """
    verdict = check(source)
    if verdict.faults:
        raise OperatorError(f"{source} is damaged and was not restored: {verdict.faults[0]}")
    if verdict.version < 1:
        raise OperatorError(f"{source} is not a database of a neasmart-gateway and was not restored")
    if verdict.version > NEWEST:
        raise OperatorError(
            f"{source} has schema version {verdict.version}, this gateway knows {NEWEST}: restore it with a newer one"
        )
    fresh = target.with_name(target.name + ".restoring")
    fresh.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _reading(source) as connection, _writing(fresh) as copy:
        connection.backup(copy)
    old = aside.set_aside(target, "replaced") if target.exists() else None
    fresh.rename(target)
    return old


def check(path: Path) -> Verdict:
    """Look at every page of a database."""
    with _reading(path) as connection:
        try:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            rows = {table: _count(connection, table) for table in tables if not table.startswith("sqlite_")}
            return Verdict(version_of(connection), faults, rows)
        except sqlite3.DatabaseError as error:
            return Verdict(0, [str(error)], {})


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - a name it has


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise OperatorError(f"there is no file {path}")
    with _translated(path), closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        yield connection


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    with _translated(path), closing(sqlite3.connect(path)) as connection:
        yield connection


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OperatorError(f"{path} cannot be used: {error}") from error
