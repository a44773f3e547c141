"""Databases of older gateways, made by what made them: sqlitedict."""

import os
from collections.abc import Mapping
from contextlib import closing
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


def made(path: Path, first_key: int = MATTEO, words: Mapping[int, Any] = HOUSE, registers: int = 65536) -> Path:
    """A database as an old gateway begins it, 0 everywhere, with `words` written by wire address."""
    with closing(SqliteDict(str(path), tablename="holding_registers", autocommit=False)) as table:
        table.update(dict.fromkeys(range(registers), 0))
        for address, word in words.items():
            table[address + first_key] = word
        table.commit()
    return path


class Bomb:
    """Unpickled, it makes the file `trace`."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.trace}",)
