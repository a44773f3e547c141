"""What the store reports to whoever logs and counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreFlushed:
    """A batch of changed registers was written in one transaction."""

    registers: int


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """The journal cannot be used; the gateway goes on in memory and tries again."""

    reason: str
    waiting: int


@dataclass(frozen=True, slots=True)
class StoreReturned:
    """The journal can be used again, and holds everything that had waited."""

    registers: int


StoreRecord = StoreFlushed | StoreFailed | StoreReturned
