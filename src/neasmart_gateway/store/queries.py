"""Reads the journal's file from an HTTP worker: read-only, and never in the way of whoever writes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.journal import AuditRow as AuditRow
from neasmart_gateway.store.journal import Receipt

T = TypeVar("T")
_BUSY_SECONDS = 1.0
_TOUCHES = "EXISTS (SELECT 1 FROM json_each(receipt, '$.writes') WHERE json_extract(value, '$.address') IN (%s))"


class Runner(Protocol):
    """Runs blocking work where it holds up nobody: in a worker, gevent's pool of real threads."""

    def __call__(self, work: Callable[[], T]) -> T: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows, newest first: at most `limit`, numbered below `before`, of any of these registers, since a Unix time.

    None sets no bound. `state` is for commands only.
    """

    limit: int = 50
    before: int | None = None
    addresses: Sequence[int] | None = None
    since: float | None = None
    state: str | None = None


class Queries:
    """Every method raises StoreError when the file cannot be read, or is not there yet."""

    def __init__(self, path: Path, run: Runner) -> None:
        self._path = path
        self._run = run

    def commands(self, wanted: Wanted) -> list[tuple[int, Receipt]]:
        """Return (row number, receipt) of commands."""
        conditions, values = _bounds(wanted, "created_at", _TOUCHES)
        if wanted.state is not None:
            conditions.append("state = ?")
            values.append(wanted.state)
        rows = self._select("SELECT seq, receipt FROM commands", conditions, values, wanted.limit)
        return [(seq, self._parsed(receipt)) for seq, receipt in rows]

    def command(self, command_id: str) -> Receipt | None:
        """Return the receipt of a command, None when there is none."""
        rows = self._select("SELECT receipt FROM commands", ["id = ?"], [command_id], 1)
        return self._parsed(rows[0][0]) if rows else None

    def audit(self, wanted: Wanted) -> list[tuple[int, AuditRow]]:
        """Return (row number, change) of changes."""
        conditions, values = _bounds(wanted, "at", "address IN (%s)")
        columns = "SELECT seq, at, address, before, word, cause, who, command_id FROM audit"
        return [(row[0], AuditRow(*row[1:])) for row in self._select(columns, conditions, values, wanted.limit)]

    def _parsed(self, receipt: str) -> Receipt:
        try:
            parsed: Receipt = json.loads(receipt)
        except ValueError as error:
            raise StoreError(f"the database {self._path} holds a receipt that cannot be read: {error}") from error
        return parsed

    def _select(self, what: str, conditions: list[str], values: list[Any], limit: int) -> list[tuple[Any, ...]]:
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        statement = f"{what}{where} ORDER BY seq DESC LIMIT ?"

        def work() -> list[tuple[Any, ...]]:
            with closing(self._open()) as connection:
                return connection.execute(statement, [*values, limit]).fetchall()

        try:
            return self._run(work)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the database {self._path} cannot be read: {error}", retry_after=5.0) from error

    def _open(self) -> sqlite3.Connection:
        """Open the file anew: it may have been set aside or restored since the last time."""
        return sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro", uri=True, timeout=_BUSY_SECONDS)


def _bounds(wanted: Wanted, time_column: str, of_addresses: str) -> tuple[list[str], list[Any]]:
    """Return what commands and audit have in common: conditions, and the values for their question marks."""
    conditions: list[str] = []
    values: list[Any] = []
    if wanted.before is not None:
        conditions.append("seq < ?")
        values.append(wanted.before)
    if wanted.since is not None:
        conditions.append(f"{time_column} >= ?")
        values.append(wanted.since)
    if wanted.addresses is not None:
        conditions.append(of_addresses % ",".join("?" * len(wanted.addresses)))
        values += wanted.addresses
    return conditions, values
