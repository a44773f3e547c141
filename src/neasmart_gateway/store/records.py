"""What the store reports to whoever logs and counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoreFlushed:
    """A batch was written in one transaction."""

    registers: int
    rows: int


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """The journal cannot be used; the gateway goes on in memory and tries again."""

    reason: str
    waiting: int


@dataclass(frozen=True, slots=True)
class StoreReturned:
    """The journal can be used again, and holds everything that had waited."""

    away_seconds: float
    registers: int
    rows: int
    dropped: int


@dataclass(frozen=True, slots=True)
class StoreSetAside:
    """A database file was beyond use: it was moved away, and a new one takes its place."""

    moved_to: Path
    reason: str
    look_at_it: str


StoreRecord = StoreFlushed | StoreFailed | StoreReturned | StoreSetAside
