"""Brings a database up to the newest schema: forward only, in one transaction, with a copy of the file before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from neasmart_gateway.store.faults import WrongSchema

NEWEST = 4


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema version of a database, 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: Path) -> int:
    """Bring the database at `path` up to NEWEST and return the version that it had, 0 for a new one.

    Raises WrongSchema when it comes from a newer gateway.
    """
    version = version_of(connection)
    if version > NEWEST or version < 0:
        raise WrongSchema(f"it has schema version {version}, this gateway knows {NEWEST}")
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        raise WrongSchema("it is the database of another program")
    if version > 0:
        check_tables(connection)
    if version == NEWEST:
        return version
    if version > 0:
        _copy(connection, path.with_name(f"{path.name}.before-v{NEWEST}"))
    steps = "".join(_script(step) for step in range(version + 1, NEWEST + 1))
    connection.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {NEWEST}; COMMIT;")
    return version


def check_tables(connection: sqlite3.Connection) -> None:
    """Raise WrongSchema unless a database has the tables of its version, NEWEST at most: any program can set one."""
    with closing(sqlite3.connect(":memory:")) as model:
        for step in range(1, version_of(connection) + 1):
            model.executescript(_script(step))
        missing = sorted(_columns(model) - _columns(connection))
    if missing:
        table, column = missing[0]
        raise WrongSchema(f"it is the database of another program: its table {table} has no {column}, or is not there")


def _columns(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return (table, column) of all that a database has."""
    return set(connection.execute("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"))


def _script(version: int) -> str:
    return files(__package__).joinpath("schema", f"{version}.sql").read_text(encoding="utf-8")


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    target.unlink(missing_ok=True)
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()
