"""Reads the journal's file from an HTTP worker: read-only, and never in the way of whoever writes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import quote

from neasmart_gateway.domain.receipts import (
    PLACES_OF_A_MILLISECOND,
    latest_at,
    number_of,
    place,
    place_of,
)
from neasmart_gateway.domain.times import iso, unix_of
from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.faults import FAULTS
from neasmart_gateway.store.journal import AuditRow as AuditRow
from neasmart_gateway.store.journal import Receipt

T = TypeVar("T")
Placed = list[tuple[int, T]]
"""What was found, each with its place in the list, the highest first."""
_BUSY_SECONDS = 1.0
_TOUCHES = "EXISTS (SELECT 1 FROM json_each(receipt, '$.writes') WHERE json_extract(value, '$.address') IN (%s))"
_ENDED = "json_extract(receipt, '$.finished_at')"
_CHANGES = "SELECT seq, at, address, before, word, cause, who, command_id FROM audit"
_OPEN = "('accepted', 'delivered')"
_HALF = PLACES_OF_A_MILLISECOND // 2
_SAME_TIME = 64
"""More than ever happens within a millisecond: SQLite sorts by time alone, and must not cut between equals."""


class Runner(Protocol):
    """Runs blocking work where it holds up nobody: in a worker, gevent's pool of real threads."""

    def __call__(self, work: Callable[[], T]) -> T: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows, newest first: at most `limit`, below the place `before`, of these registers, since a Unix time.

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

    def commands(self, wanted: Wanted, known: Sequence[str] = ()) -> Placed[Receipt]:
        """Return receipts by when the commands came in, but not those of the ids in `known`.

        A command that is open here and not known has been closed by a restart: by its `state` it is an expired one.
        """
        where = _Where().without(known).of_commands(wanted).within("created_at", wanted)
        rows = self._select("SELECT receipt FROM commands", where, "created_at DESC, seq", wanted)
        return _first(((place_of(receipt), receipt) for receipt in self._parsed(rows)), wanted)

    def ends(self, wanted: Wanted, known: Sequence[str] = ()) -> Placed[Receipt]:
        """Return receipts by when the commands came to their ends, but not those of the ids in `known`."""
        where = _Where().without(known).of_commands(wanted).within(_ENDED, wanted, iso)
        where.add(f"{_ENDED} IS NOT NULL")
        rows = self._select("SELECT receipt FROM commands", where, f"{_ENDED} DESC, seq", wanted)
        return _first(((place_of_end(receipt), receipt) for receipt in self._parsed(rows)), wanted)

    def command(self, command_id: str) -> Receipt | None:
        """Return the receipt of a command, None when there is none."""
        where = _Where()
        where.add("id = ?", command_id)
        rows = self._select("SELECT receipt FROM commands", where, "seq", Wanted())
        return next(iter(self._parsed(rows)), None)

    def audit(self, wanted: Wanted) -> Placed[AuditRow]:
        """Return changes in the order in which they were noted; a row's place is its number."""
        where = _Where().of_registers(wanted)
        if wanted.before is not None:
            where.add("seq < ?", wanted.before)
        if wanted.since is not None:
            where.add("at >= ?", wanted.since)
        rows = self._select(_CHANGES, where, "seq", wanted)
        return [(row[0], AuditRow(*row[1:])) for row in rows][: wanted.limit]

    def changes(self, wanted: Wanted) -> Placed[AuditRow]:
        """Return changes by when they happened."""
        where = _Where().of_registers(wanted).within("at", wanted)
        rows = self._select(_CHANGES, where, "at DESC, seq", wanted)
        return _first(((place(row[1], row[0] % _HALF), AuditRow(*row[1:])) for row in rows), wanted)

    def _parsed(self, rows: Iterable[tuple[str]]) -> list[Receipt]:
        try:
            return [_receipt(text) for (text,) in rows]
        except (ValueError, TypeError, KeyError) as error:
            raise StoreError(f"the database {self._path} holds a receipt that cannot be read: {error}") from error

    def _select(self, what: str, where: _Where, order: str, wanted: Wanted) -> list[tuple[Any, ...]]:
        statement = f"{what}{where} ORDER BY {order} DESC LIMIT ?"

        def work() -> list[tuple[Any, ...]]:
            with closing(self._open()) as connection:
                return connection.execute(statement, [*where.values, wanted.limit + _SAME_TIME]).fetchall()

        try:
            return self._run(work)
        except FAULTS as error:
            raise StoreError(f"the database {self._path} cannot be read: {error}", retry_after=5.0) from error

    def _open(self) -> sqlite3.Connection:
        """Open the file anew: it may have been set aside or restored since the last time."""
        return sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro", uri=True, timeout=_BUSY_SECONDS)


def place_of_end(receipt: Receipt) -> int:
    """Return the place of a command's end among what happened: behind the changes of the same millisecond."""
    return place(unix_of(receipt["finished_at"]), _HALF + number_of(receipt) % _HALF)


class _Where:
    """Conditions, and the values for their question marks."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[Any] = []

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self._conditions)}" if self._conditions else ""

    def add(self, condition: str, *values: object) -> None:
        self._conditions.append(condition)
        self.values += values

    def without(self, ids: Sequence[str]) -> Self:
        if ids:
            self.add("id NOT IN (SELECT value FROM json_each(?))", json.dumps(list(ids)))
        return self

    def of_commands(self, wanted: Wanted) -> Self:
        if wanted.state is not None:
            self.add(f"CASE WHEN state IN {_OPEN} THEN 'expired' ELSE state END = ?", wanted.state)
        if wanted.addresses is not None:
            self.add(_TOUCHES % _marks(wanted.addresses), *wanted.addresses)
        return self

    def of_registers(self, wanted: Wanted) -> Self:
        if wanted.addresses is not None:
            self.add(f"address IN ({_marks(wanted.addresses)})", *wanted.addresses)
        return self

    def within(self, time: str, wanted: Wanted, written: Callable[[float], object] = float) -> Self:
        """Keep to the time that is wanted, as the column has it; what is at a place too high goes later."""
        if wanted.since is not None:
            self.add(f"{time} >= ?", written(wanted.since))
        if wanted.before is not None:
            self.add(f"{time} < ?", written(latest_at(wanted.before)))
        return self


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _receipt(text: str) -> Receipt:
    receipt: Receipt = json.loads(text)
    place_of(receipt)  # id and time are there
    return receipt


def _first(found: Iterable[tuple[int, T]], wanted: Wanted) -> Placed[T]:
    """Return the highest places below the one that is wanted."""
    below = [row for row in found if wanted.before is None or row[0] < wanted.before]
    return sorted(below, key=itemgetter(0), reverse=True)[: wanted.limit]
