"""Whether the house heats or cools: what a zone can be switched to, and between which temperatures."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from neasmart_gateway.domain.condensation import Verdict
from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.modes import OperatingMode

WARM = 3.0
"""K that running water must be above the room for us to call that heating; in between the season stays as it was."""


class Season(StrEnum):
    """Named as Home Assistant names the mode of a thermostat."""

    HEAT = "heat"
    COOL = "cool"


_BY_MODE = {
    OperatingMode.HEATING: Season.HEAT, OperatingMode.MANUAL_HEATING: Season.HEAT,
    OperatingMode.COOLING: Season.COOL, OperatingMode.MANUAL_COOLING: Season.COOL,
}  # fmt: skip
_RANGES = {Season.HEAT: SetpointRange(5.0, 31.0), Season.COOL: SetpointRange(15.0, 35.0)}


def season_of(
    mode: OperatingMode | None, water: Iterable[tuple[Verdict, float | None]], before: Season | None
) -> Season:
    """Return the season by the global mode; while that is auto or unknown, by the water, else as it was before.

    `water` gives each zone's circuit with the room's live temperature (°C).
    """
    if mode in _BY_MODE:
        return _BY_MODE[mode]
    told = list(water)
    if any(verdict.circuit.cooling for verdict, _ in told):
        return Season.COOL
    if any(_is_warm(verdict.circuit.celsius, celsius) for verdict, celsius in told):
        return Season.HEAT
    return before or Season.HEAT


def range_in(season: Season, allowed: SetpointRange) -> SetpointRange:
    """Return the setpoints to offer in a season; all that the settings allow where the two have nothing in common."""
    usual = _RANGES[season]
    low, high = max(usual.minimum, allowed.minimum), min(usual.maximum, allowed.maximum)
    return SetpointRange(low, high) if low < high else allowed


def _is_warm(water: float | None, room: float | None) -> bool:
    return water is not None and room is not None and water >= room + WARM
