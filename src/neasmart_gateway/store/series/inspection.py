"""Looks whether every row of the history of measurements can be unpacked: SQLite knows nothing of what is in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from neasmart_gateway.store.series.codec import BadBlock, unpack, unpack_hours, unpack_samples

TABLES = {
    "history_tail": ("seq", "samples"),
    "history_blocks": ("seq", "series", "first", "last", "count", "upto", "points"),
    "history_hours": ("seq", "series", "first", "last", "hours"),
}
"""Columns by table; the first is the number of the row, the last what is packed."""
_MOST_FAULTS = 20


def look_at(table: str, row: tuple[Any, ...]) -> None:
    """Raise BadBlock when a row of a table, with its columns in order, holds nothing that can be unpacked."""
    packed = row[-1]
    if not isinstance(packed, bytes):
        raise BadBlock("it holds no bytes")
    if table == "history_tail":
        unpack_samples(packed)
    elif table == "history_blocks":
        unpack(row[1], packed)
    else:
        unpack_hours(row[1], packed)


def faults(connection: sqlite3.Connection) -> list[str]:
    """Return a line for each row that cannot be unpacked, twenty at most."""
    return [fault for table in TABLES for fault in _faults(connection, table)][:_MOST_FAULTS]


def _faults(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone():
        return  # the database of an older gateway
    for row in connection.execute(f"SELECT {','.join(TABLES[table])} FROM {table}"):  # noqa: S608 - names of ours
        try:
            look_at(table, row)
        except BadBlock as error:
            yield f"row {row[0]} of {table} cannot be read: {error}"
