"""What the base station has ever spoken of, how often it does, and what of it has gone silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.registers import BY_NAME, rows_of
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.manager.views import ZoneView
from neasmart_gateway.shm.image import ImageReader

GROUPS = ("mixed_group", "pump", "dehumidifier")
SINGLES = ("operation", "notifications", "outside")
_PATIENCE = 3.0
"""Of its own intervals a thing may miss before it counts as silent: some are written far more seldom than others."""
_TEMPERATURE = BY_NAME["zone.temperature"]


class Presence(StrEnum):
    """Whether something that the base has spoken of is still spoken of."""

    HEARD = "heard"
    SILENT = "silent"
    """Not written for too long, while the bus is alive."""
    REMEMBERED = "remembered"
    """Known from before a restart; the base has not had the time to repeat it."""
    UNKNOWN = "unknown"
    """Nobody can tell: the whole bus is silent, or the daemon away."""
    NEVER = "never"
    """Configured, and never written."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing: when it was heard last (Unix seconds), and how many seconds usually are between two times."""

    presence: Presence
    heard_at: float | None = None
    every_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ZoneSighting:
    """A zone; `configured` is whether the operator has named it."""

    view: ZoneView
    configured: bool
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Topology:
    """The house as it was learned: zones that are configured or were heard, and of each group the numbers heard.

    `singles` are the things that there is one of (operation, notifications, outside); those never heard are left out.
    """

    bus_alive: bool
    zones: Sequence[ZoneSighting]
    groups: Mapping[str, Mapping[int, Sighting]]
    singles: Mapping[str, Sighting]


class Survey:
    """Judges at one moment; `since` is when this gateway began to listen (monotonic seconds)."""

    def __init__(self, reader: ImageReader, freshness: Freshness, since: float) -> None:
        self._reader, self._freshness, self._since = reader, freshness, since

    def of(
        self, zones: Iterable[ZoneView], configured: Iterable[ZoneRef], intervals: Mapping[int, float], offset: float
    ) -> Topology:
        """Return what there is; `intervals` by register, `offset` turns monotonic seconds into Unix ones."""
        named = frozenset(configured)

        def judged(cells: Iterable[Cell]) -> Sighting:
            return self._sighting(list(cells), intervals, offset)

        def numbered(group: str) -> dict[int, Sighting]:
            found = {n + 1: judged(self._cells(group, n)) for n in range(rows_of(group)[0].count)}
            return {number: one for number, one in found.items() if one.heard_at is not None}

        singles = {group: judged(self._cells(group, 0)) for group in SINGLES}
        return Topology(
            bus_alive=not self._freshness.bus_silent and self._freshness.daemon_alive,
            zones=[ZoneSighting(v, v.zone.ref in named, judged(self._zone_cells(v.zone.ref))) for v in zones],
            groups={group: numbered(group) for group in GROUPS},
            singles={group: one for group, one in singles.items() if one.heard_at is not None},
        )

    def _sighting(self, cells: Sequence[Cell], intervals: Mapping[int, float], offset: float) -> Sighting:
        written = [(cell.written_at, cell) for cell in cells if cell.written_at is not None]
        if not written:
            return Sighting(Presence.NEVER)
        heard_at, newest = max(written, key=lambda one: one[0])
        every = min((intervals[cell.address] for _, cell in written if cell.address in intervals), default=None)
        return Sighting(self._presence(heard_at, newest.restored, every), heard_at + offset, every)

    def _presence(self, heard_at: float, restored: bool, every: float | None) -> Presence:
        freshness = self._freshness
        if freshness.bus_silent or not freshness.daemon_alive:
            return Presence.UNKNOWN
        patience = max(freshness.stale_after, _PATIENCE * (every or 0.0))
        if restored and freshness.now - self._since <= patience:
            return Presence.REMEMBERED
        return Presence.SILENT if freshness.now - heard_at > patience else Presence.HEARD

    def _cells(self, group: str, index: int) -> Iterator[Cell]:
        return (self._reader.cell(row.address(index)) for row in rows_of(group))

    def _zone_cells(self, ref: ZoneRef) -> list[Cell]:
        """Return the cells that a zone goes by: its temperature alone, or all while that was never heard."""
        block = self._reader.block(ref.state_address)
        temperature = block(_TEMPERATURE.address(ref.index))
        if temperature.written_at is not None:
            return [temperature]
        return [block(row.address(ref.index)) for row in rows_of("zone")]
