"""Which words may be met in a crash test: each command has a setpoint of its own, so a word tells its command."""

import itertools
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.zones import ZoneRef

COMMAND_TIMEOUT = 1
CONFIRM_TIMEOUT = 1
ECHO_TOLERANCE = 0.3
SETTINGS = {
    "NEASMART_MODBUS_COMMAND_TIMEOUT_SECONDS": str(COMMAND_TIMEOUT),
    "NEASMART_MODBUS_CONFIRM_TIMEOUT_SECONDS": str(CONFIRM_TIMEOUT),
    "NEASMART_COMMANDS_PER_REGISTER_AND_HOUR": "1000000",
    "NEASMART_API_COMMAND_LIMIT_PER_MINUTE": "1000000",
    "NEASMART_API_RATE_LIMIT_PER_MINUTE": "1000000",
}

ZONES = tuple(ZoneRef(base, zone) for base in range(1, 6) for zone in range(1, 13))
SELDOM = frozenset(ref for ref in ZONES if ref.base == 5 or ref.zone == 12)
"""Zones that the base reads too seldom: most of their commands must expire."""

GRID = tuple(hundredths / 100 for hundredths in range(504, 3500, 8))
"""Setpoints that are commanded; what the base writes by itself, or in place of them, always lies between."""
ASIDE = (-0.20, -0.12, -0.04, 0.04, 0.12, 0.20)
"""How far an echo may be off: within the tolerance, and never on the grid."""

_BURST = 24
_HOT = 5


@dataclass
class OwnWords:
    """What the base writes by itself, or a little aside of a command: each word once for each register.

    A word that it had written before would pass for the old value, which does not count for a while.
    """

    chance: random.Random
    _used: set[tuple[int, int]] = field(default_factory=set)

    def far_from(self, address: int, celsius: float) -> int:
        """A word that is no echo of this setpoint."""
        return self._first(address, [c + 0.04 for c in self.chance.sample(GRID, len(GRID)) if abs(c - celsius) > 1])

    def near(self, address: int, celsius: float) -> int:
        """An echo that is off, but not too far; the exact one when these are used up."""
        near = [celsius + off for off in self.chance.sample(ASIDE, len(ASIDE))]
        return self._first(address, [*near, celsius])

    def _first(self, address: int, setpoints: Sequence[float]) -> int:
        word = next(w for w in map(dpt9.encode, setpoints) if (address, w) not in self._used)
        self._used.add((address, word))
        return word


@dataclass
class Setpoints:
    """Hands out a zone and a setpoint that nobody has asked of it yet; a few zones are wanted by all at a time."""

    chance: random.Random
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._left = {ref: self.chance.sample(GRID, len(GRID)) for ref in ZONES}
        self._count = itertools.count()

    def take(self) -> tuple[ZoneRef, float]:
        with self._lock:
            first = next(self._count) // _BURST * _HOT
            hot: Sequence[ZoneRef] = [ZONES[(first + n * 7) % len(ZONES)] for n in range(_HOT)]
            ref = self.chance.choice([ref for ref in hot if self._left[ref]])
            return ref, self._left[ref].pop()
