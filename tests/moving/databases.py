"""Databases of older gateways, made by what made them: sqlitedict."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlitedict import SqliteDict

MATTEO, GIACOMO = 0, 1
"""The key under which an old gateway keeps wire address 0."""

HOUSE = {
    1: 2, 2: 1, 5: 1, 7: 0x01A4, 8: 0x0190, 10: 35, 11: 1, 12: 0x0CB2, 13: 0x0AF0, 23: 1, 31: 1,
    100: 1, 101: 0x0C1A, 102: 0x0C0D, 103: 9, 110: 45,
    200: 3, 201: 0x8116, 202: 0x7FFF, 210: 101,
    6000: 1, 6001: 0x0C1A, 6002: 0x07D0, 6010: 0x3237, 9000: 12,
}  # fmt: skip
"""Words by wire address: two zones of base 1, the last one of base 5, plant, commands, and what makes no sense."""

MEASURED = {5: 1, 7: 0x01A4, 8: 0x0190, 10: 35, 11: 1, 12: 0x0CB2, 13: 0x0AF0, 23: 1, 31: 1, 102: 0x0C0D, 110: 45,
            6002: 0x07D0, 6010: 0x3237}  # fmt: skip
"""What of it is a measurement with a value."""

_MORE = """
    INSERT INTO holding_registers
    WITH RECURSIVE more(key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM more WHERE key + 1 < ?)
    SELECT more.key, first.value FROM more, holding_registers AS first WHERE first.key = '0'
"""


def made(path: Path, first_key: int = MATTEO, words: Mapping[int, Any] = HOUSE, registers: int = 65536) -> Path:
    """A database as an old gateway begins it, 0 everywhere, with `words` written by wire address.

    All rows of 0 but the first are copies of what sqlitedict made of that, which would take seconds for all of them.
    """
    with old_table(path) as table:
        table[0] = 0
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(_MORE, (registers,))
    with old_table(path) as table:
        for address, word in words.items():
            table[address + first_key] = word
    return path


@contextmanager
def old_table(path: Path) -> Iterator[SqliteDict]:
    """The registers of an old gateway, written when it is closed."""
    with closing(SqliteDict(str(path), tablename="holding_registers", autocommit=False)) as table:
        yield table
        table.commit()


class Bomb:
    """Unpickled, it makes the file `trace`."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.trace}",)
