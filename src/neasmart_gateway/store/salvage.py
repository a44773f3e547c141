"""Saves what can be read of a damaged database: row by row, into a new one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.domain.receipts import place_of
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.store.migrations import migrate
from neasmart_gateway.store.series import inspection
from neasmart_gateway.store.upkeep import must_be_new, reading, writing

Row = tuple[Any, ...]
_TABLES = {
    "registers": ("address", "word", "written_at"),
    "commands": ("seq", "id", "created_at", "state", "receipt", "idempotency_key", "fingerprint"),
    "audit": ("seq", "at", "address", "before", "word", "cause", "who", "command_id"),
    "nonces": ("rowid", "owner", "nonce", "expires"),
    **inspection.TABLES,
}
"""Columns by table; the first one is the number of the row."""
_BLIND = 1_000_000
"""How many numbers are tried behind the last row that could be read, when the highest one is not known."""


@dataclass(slots=True)
class Saved:
    """What was saved of a table, and what was not: numbers (first, last) that could not be read, rows of no sense."""

    rows: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    senseless: int = 0
    failure: str | None = None
    """Why nothing more of it can be read."""

    def lose(self, first: int, last: int) -> None:
        """Note numbers that cannot be read; those that follow the ones before are one gap with them."""
        if self.gaps and self.gaps[-1][1] == first - 1:
            first = self.gaps.pop()[0]
        self.gaps.append((first, last))


def salvage(damaged: Path, new: Path) -> dict[str, Saved]:
    """Copy every row that can be read to a database that must not exist yet; the damaged one stays as it is.

    OperatorError when it cannot be opened at all.
    """
    must_be_new(new)
    with reading(damaged) as source:
        source.text_factory = bytes  # what is damaged may be no text
        source.execute("PRAGMA writable_schema = ON")  # or SQLite refuses a file that was cut off; nothing is written
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with writing(new) as target:
            migrate(target, new)
            saved = {table: _table(source, target, table) for table in _TABLES}
            if not any(part.rows for part in saved.values()):
                reasons = sorted({part.failure for part in saved.values() if part.failure})
                raise OperatorError(f"nothing can be read of {damaged}: {'; '.join(reasons) or 'it has no rows'}")
            # Rows of the tail go on behind the numbers that blocks name: below them they would count as packed.
            target.execute(
                "INSERT OR IGNORE INTO history_tail SELECT max(upto) + 1, x'' FROM history_blocks HAVING max(upto)"
            )
            target.execute("DELETE FROM history_tail WHERE samples = x''")
            target.commit()
    return saved


def _table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> Saved:
    saved, columns = Saved(), _TABLES[table]
    marks = ",".join("?" * len(columns))
    insert = f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})"  # noqa: S608 - names of ours
    try:
        for raw in _rows(source, table, saved):
            try:
                row = _understood(table, raw)
                target.execute(insert, row)
            except (ValueError, TypeError, KeyError, AttributeError, sqlite3.Error, OverflowError):
                saved.senseless += 1
            else:
                saved.rows += 1
    except sqlite3.OperationalError as error:  # there is no such table, or the disk cannot be read
        saved.failure = str(error)
    return saved


def _rows(source: sqlite3.Connection, table: str, saved: Saved) -> Iterator[Row]:
    """Yield the rows by their numbers; where one cannot be read, go on behind it."""
    columns = _TABLES[table]
    number = columns[0]
    select = f"SELECT {','.join(columns)} FROM {table} WHERE {number} > ? ORDER BY {number}"  # noqa: S608 - names of ours
    last, behind = _highest(source, table), -1 if table == "registers" else 0
    while True:
        try:
            for row in source.execute(select, (behind,)):
                if row[0] > behind and (last is None or row[0] <= last):  # a damaged page may give any number
                    behind = row[0]
                    yield row
            return
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            first = behind + 1
        end = first + _BLIND if last is None else last
        behind = next((n for n in range(first, end) if _can_go_on(source, select, n)), end)
        saved.lose(first, behind)
        if behind >= end:
            return


def _can_go_on(source: sqlite3.Connection, select: str, behind: int) -> bool:
    try:
        source.execute(f"{select} LIMIT 1", (behind,)).fetchone()
    except sqlite3.DatabaseError:
        return False
    return True


def _highest(source: sqlite3.Connection, table: str) -> int | None:
    """Return the highest number that a row of the table can have."""
    if table == "registers":
        return 65535
    for ask in (
        f"SELECT max({_TABLES[table][0]}) FROM {table}",  # noqa: S608 - a name of ours
        f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'",  # noqa: S608
    ):
        try:
            found = source.execute(ask).fetchone()
        except sqlite3.DatabaseError:
            continue
        if found and isinstance(found[0], int):
            return found[0]
    return None


def _understood(table: str, raw: Row) -> Row:
    """Return a row as it is written to the new database; an error when the gateway could not read it."""
    if table in inspection.TABLES:
        inspection.look_at(table, raw)
        return raw
    row = tuple(value.decode() if isinstance(value, bytes) else value for value in raw)
    if table == "commands":
        _look_at(row)
    return row


def _look_at(row: Row) -> None:
    """Raise an error over a command that the gateway could not read: it would take the file for damaged again."""
    receipt = json.loads(row[4])
    CommandState(receipt["state"])
    place_of(receipt)
    if (receipt["id"], receipt["state"]) != (row[1], row[3]) or not receipt["writes"]:
        raise ValueError("the receipt is another command's")
