"""A journal that forgets at the end of the process: the fallback, and the tests' double."""

from __future__ import annotations

from collections.abc import Sequence

from neasmart_gateway.store.journal import Remembered


class MemoryJournal:
    """Keeps registers in a dictionary; never fails."""

    def __init__(self) -> None:
        self._kept: dict[int, Remembered] = {}

    def load(self) -> list[Remembered]:
        return [self._kept[address] for address in sorted(self._kept)]

    def save(self, batch: Sequence[Remembered]) -> None:
        self._kept.update({register.address: register for register in batch})

    def close(self) -> None:
        """Nothing to let go of."""
