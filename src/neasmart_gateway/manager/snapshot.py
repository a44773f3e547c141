"""Everything in one answer, and whether what was told before still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neasmart_gateway.manager.health import HealthReader, Summary
from neasmart_gateway.manager.views import UnitView, ZoneView
from neasmart_gateway.shm.memory import SharedMemory


@dataclass(frozen=True, slots=True)
class Edition:
    """What was there when something was read, and when the live zone among it was heard that is the oldest."""

    ingredients: tuple[object, ...]
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole house at one moment. `edition` is None when it was caught in the middle of a change: not to be kept."""

    zones: Sequence[ZoneView]
    operation: UnitView
    outside: UnitView
    notifications: UnitView
    mixed_groups: Sequence[UnitView]
    pumps: Sequence[UnitView]
    dehumidifiers: Sequence[UnitView]
    health: Summary
    edition: Edition | None


class Editions:
    """Tells cheaply whether anything has moved of what was read."""

    def __init__(self, memory: SharedMemory, health: HealthReader) -> None:
        self._memory = memory
        self._health = health

    def ingredients(self) -> tuple[object, ...]:
        """Return all that a snapshot follows from, but for zones that turn stale by the mere passing of time."""
        header = self._memory.header
        return (
            header.changes, header.writes, header.instance, header.wall_offset, self._memory.reader.torn,
            self._health.summary(),
        )  # fmt: skip

    def edition(self, before: tuple[object, ...], zones: Sequence[ZoneView]) -> Edition | None:
        """Return the edition of what was read since `before`; None when something has moved meanwhile."""
        heard = [view.zone.heard_at for view in zones if not view.stale and view.zone.heard_at is not None]
        return Edition(before, min(heard, default=None)) if self.ingredients() == before else None

    def still_holds(self, edition: Edition) -> bool:
        """Whether the same would be read now."""
        if self.ingredients() != edition.ingredients:
            return False
        freshness = self._health.freshness()
        return edition.oldest is None or freshness.now - edition.oldest <= freshness.stale_after
