"""The journal in a SQLite file, in write-ahead mode."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.journal import Remembered

SCHEMA_VERSION = 1
_BUSY_SECONDS = 1.0
T = TypeVar("T")


class SqliteJournal:
    """Keeps registers in the file at `path`, which is made, folder included, when it is first needed.

    After an error the connection is dropped, so that the next call starts from nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def load(self) -> list[Remembered]:
        rows = self._run(lambda c: c.execute("SELECT address, word, written_at FROM registers ORDER BY address"))
        return [Remembered(*row) for row in rows]

    def save(self, batch: Sequence[Remembered]) -> None:
        self._run(lambda connection: self._upsert(connection, batch))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StoreError(f"the database {self._path} cannot be used: {error}") from error

    @staticmethod
    def _upsert(connection: sqlite3.Connection, batch: Sequence[Remembered]) -> None:
        with connection:
            connection.executemany(
                "INSERT INTO registers (address, word, written_at) VALUES (?, ?, ?) "
                "ON CONFLICT (address) DO UPDATE SET word = excluded.word, written_at = excluded.written_at",
                [(register.address, register.word, register.written_at) for register in batch],
            )

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # The journal is used from one thread at a time, but not always from the one that opened it.
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._bring_up_schema(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _bring_up_schema(connection: sqlite3.Connection) -> None:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            script = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
            connection.executescript(f"BEGIN; {script} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"it has schema version {version}, this gateway knows {SCHEMA_VERSION}")
