"""What a journal must be able to do; sqlite.py and memory.py are the two that can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Remembered:
    """A measurement register as the journal keeps it: wire address, word, Unix time at which it took this value."""

    address: int
    word: int
    written_at: float


class Journal(Protocol):
    """Keeps the last word of each measurement register. Every method raises StoreError when the medium fails.

    Used from one thread at a time.
    """

    def load(self) -> list[Remembered]:
        """Return all that is kept, in address order."""
        ...

    def save(self, batch: Sequence[Remembered]) -> None:
        """Keep all of the batch or, on StoreError, nothing of it; a newer word replaces an older one."""
        ...

    def close(self) -> None:
        """Let go of the medium; a later call opens it again."""
        ...
