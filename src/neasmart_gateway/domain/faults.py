"""Faults that can be made on purpose, for drills: their kinds, and what one may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neasmart_gateway.errors import InvalidValue

SHORTEST, LONGEST = 1.0, 600.0
"""Seconds that a drill may take."""
LONGEST_DELAY_MS = 5000
MOST_MEBIBYTES = 512


class FaultKind(StrEnum):
    """What can be made to go wrong."""

    BUS_SILENCE = "bus_silence"
    """Nothing is heard, as if the cable were pulled."""
    BUS_DELAY = "bus_delay"
    """What is heard is answered later."""
    FRAME_LOSS = "frame_loss"
    """What is heard is lost on its way to us."""
    FRAME_CORRUPTION = "frame_corruption"
    """What is heard is damaged on its way to us."""
    DATABASE_FAILURE = "database_failure"
    """The database cannot be used."""
    SLOW_DISK = "slow_disk"
    """The database takes its time."""
    DAEMON_CRASH = "daemon_crash"
    """The daemon is killed, once."""
    MEMORY_PRESSURE = "memory_pressure"
    """The daemon takes memory."""


DELAYED = frozenset({FaultKind.BUS_DELAY, FaultKind.SLOW_DISK})
_USUAL_DELAY_MS, _USUAL_MEBIBYTES = 50, 64


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault for `duration` seconds, met at each occasion with `probability` (0 to 1).

    `delay_ms` is for those that take time, `mebibytes` for the one that takes memory; both are None for all others.
    """

    kind: FaultKind
    duration: float
    probability: float = 1.0
    delay_ms: int | None = None
    mebibytes: int | None = None

    def __post_init__(self) -> None:
        _within("duration", self.duration, SHORTEST, LONGEST)
        _within("probability", self.probability, 0.0, 1.0)
        _belongs("delay_ms", self.delay_ms, self.kind, DELAYED, LONGEST_DELAY_MS)
        _belongs("mebibytes", self.mebibytes, self.kind, frozenset({FaultKind.MEMORY_PRESSURE}), MOST_MEBIBYTES)

    @property
    def delay(self) -> float:
        """Seconds that it takes at each occasion."""
        return (_USUAL_DELAY_MS if self.delay_ms is None else self.delay_ms) / 1000

    @property
    def size(self) -> int:
        """Mebibytes that it takes in all."""
        return _USUAL_MEBIBYTES if self.mebibytes is None else self.mebibytes


def _within(field: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise InvalidValue(f"{field} {value:g} is not between {least:g} and {most:g}", field=field)


def _belongs(field: str, value: int | None, kind: FaultKind, kinds: frozenset[FaultKind], most: int) -> None:
    if value is None:
        return
    if kind not in kinds:
        raise InvalidValue(f"{field} is only for {' and '.join(sorted(kinds))}, not for {kind}", field=field)
    _within(field, value, 1, most)
