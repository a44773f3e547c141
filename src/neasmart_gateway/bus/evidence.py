"""What the doctor looks at: facts of one moment, gathered by others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from neasmart_gateway.bus.intervals import Intervals
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.domain.zones import Cells, ZoneRef, decode_zone
from neasmart_gateway.modbus.frame import MIN_FRAME

PATIENCE = 30.0
"""Seconds of listening after which something missing is missing: a healthy base is never silent for more than about
10 s (docs/protocol.md §1), and three times that is no accident."""


@dataclass(frozen=True, slots=True)
class ListenerEvidence:
    """One way in: what it is, since when it has been open (monotonic seconds), and what it heard."""

    name: str
    kind: str
    where: str
    is_open: bool
    failure: str | None
    opened_at: float | None
    traffic: Traffic

    @property
    def called(self) -> str:
        return f"{self.name} ({self.where})"

    def open_for(self, now: float) -> float:
        """Return for how many seconds it has been open, 0 when it is not."""
        return now - self.opened_at if self.is_open and self.opened_at is not None else 0.0

    def silent_for(self, now: float) -> float:
        """Return for how many seconds it has been open without a byte."""
        return self._without(self.traffic.last_byte, now)

    def senseless_for(self, now: float) -> float:
        """Return for how many seconds it has been open without a valid frame of anybody's."""
        return self._without(self.traffic.last_valid, now)

    @property
    def heard_something(self) -> bool:
        """Whether there was ever enough for a frame; a byte or two come from plugging in."""
        return self.traffic.bytes_in >= MIN_FRAME

    def _without(self, last: float | None, now: float) -> float:
        opened_for = self.open_for(now)
        return opened_for if last is None else min(opened_for, now - last)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the bus does not know of itself.

    `rooms` are temperatures in °C that the base has reported, `bases` those that the operator has configured.
    `two_peers` names those who write measurements beside each other.
    """

    rooms: Mapping[ZoneRef, float] = field(default_factory=dict)
    bases: frozenset[int] = frozenset()
    two_peers: tuple[str, ...] = ()
    command_timeout: float = 30.0
    stale_after: float = 180.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything at one moment `now`, in monotonic seconds."""

    now: float
    listeners: tuple[ListenerEvidence, ...]
    intervals: Intervals
    units: frozenset[int]
    listen_only: bool
    surroundings: Surroundings = Surroundings()

    @property
    def requests(self) -> int:
        """Frames for our units on all listeners."""
        return sum(one.traffic.requests for one in self.listeners)

    @property
    def broadcasts(self) -> int:
        return sum(one.traffic.broadcasts for one in self.listeners)

    @property
    def speaks(self) -> bool:
        """Whether any listener has heard a valid frame lately."""
        return any(one.is_open and self.is_recent(one.traffic.last_valid) for one in self.listeners)

    @property
    def is_mature(self) -> bool:
        """Whether frames have come for long enough, and still come, to miss those that do not."""
        return any(
            one.traffic.valid_since is not None
            and self.now - one.traffic.valid_since > PATIENCE
            and self.is_recent(one.traffic.last_valid)
            for one in self.listeners
        )

    def is_recent(self, moment: float | None) -> bool:
        return moment is not None and self.now - moment <= PATIENCE


def rooms_in(block: Callable[[int], Cells]) -> dict[ZoneRef, float]:
    """Return the temperatures that the base has reported; those that are only remembered from before are left out.

    `block` gives the cells of the zone that an address belongs to.
    """
    zones = (decode_zone(ref, block(ref.state_address)) for ref in ZoneRef.every())
    return {
        zone.ref: zone.temperature.value for zone in zones if zone.temperature.value is not None and not zone.restored
    }
