"""The base station's own arithmetic: setpoints are whole tenths of a degree Fahrenheit (docs/protocol.md §4)."""

from __future__ import annotations


def to_tenths(celsius: float) -> int:
    """Return the nearest tenth of a °F for a temperature in °C."""
    return round(celsius * 18 + 320)


def to_celsius(tenths: int) -> float:
    """Return the °C of a number of tenths of a °F."""
    return (tenths - 320) / 18
