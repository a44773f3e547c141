"""Operating modes and operating states, by number and by name."""

from __future__ import annotations

from enum import IntEnum


class _Named(IntEnum):
    """A register value with the name our own API gives it."""

    @property
    def label(self) -> str:
        return self.name.lower()

    @classmethod
    def labels(cls) -> list[str]:
        return [member.label for member in cls]


class OperatingMode(_Named):
    """Register 1, what the plant as a whole does (manual via rehau-nea-2-modbus-to-mqtt)."""

    AUTO = 1
    HEATING = 2
    COOLING = 3
    MANUAL_HEATING = 4
    MANUAL_COOLING = 5


class OperatingState(_Named):
    """Register 2 and each zone's own (manual p. 19)."""

    NORMAL = 1
    REDUCED = 2
    STANDBY = 3
    TIME_PROGRAM = 4
    PARTY = 5
    HOLIDAY = 6


PROGRAM_RESULTS: dict[_Named, frozenset[_Named]] = {
    OperatingState.TIME_PROGRAM: frozenset({OperatingState.NORMAL, OperatingState.REDUCED}),
    OperatingMode.AUTO: frozenset({OperatingMode.HEATING, OperatingMode.COOLING}),
}
"""What the base station may report instead of a program it was told to follow: programs resolve (field)."""
