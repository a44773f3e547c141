"""Heating or cooling: by the global mode, else by the water, else as before."""

import pytest

from neasmart_gateway.domain.condensation import Circuit, Known, Risk, Verdict
from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.modes import OperatingMode
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.mqtt.season import Season, range_in, season_of

HEAT, COOL = Season.HEAT, Season.COOL


def water(celsius: float | None, cooling: bool | None, room: float | None = 20.0) -> tuple[Verdict, float | None]:
    circuit = Circuit(1, celsius, cooling)
    return Verdict(ZoneRef(1, 1), Known(10.0), Known(5.0), Risk.NONE, circuit), room


@pytest.mark.parametrize(
    ("mode", "flows", "before", "season"),
    [
        (OperatingMode.HEATING, [water(15.0, cooling=True)], COOL, HEAT),
        (OperatingMode.MANUAL_HEATING, [], COOL, HEAT),
        (OperatingMode.COOLING, [water(35.0, cooling=False)], HEAT, COOL),
        (OperatingMode.MANUAL_COOLING, [], None, COOL),
        (OperatingMode.AUTO, [], None, HEAT),
        (OperatingMode.AUTO, [], COOL, COOL),
        (None, [], COOL, COOL),
        (OperatingMode.AUTO, [water(17.0, cooling=True)], HEAT, COOL),
        (OperatingMode.AUTO, [water(28.0, cooling=False)], COOL, HEAT),
        (OperatingMode.AUTO, [water(21.0, cooling=False)], COOL, COOL),
        (OperatingMode.AUTO, [water(None, cooling=False)], COOL, COOL),
        (OperatingMode.AUTO, [water(28.0, cooling=None, room=None)], COOL, COOL),
    ],
)  # fmt: skip
def test_the_season(
    mode: OperatingMode | None, flows: list[tuple[Verdict, float | None]], before: Season | None, season: Season
) -> None:
    assert season_of(mode, flows, before) is season


@pytest.mark.parametrize(
    ("season", "allowed", "offered"),
    [
        (HEAT, SetpointRange(), (5.0, 31.0)),
        (COOL, SetpointRange(), (15.0, 35.0)),
        (HEAT, SetpointRange(16.0, 24.0), (16.0, 24.0)),
        (COOL, SetpointRange(10.0, 24.0), (15.0, 24.0)),
        (HEAT, SetpointRange(32.0, 35.0), (32.0, 35.0)),
    ],
)
def test_the_range(season: Season, allowed: SetpointRange, offered: tuple[float, float]) -> None:
    """Narrower per season, within the settings, and never empty."""
    found = range_in(season, allowed)
    assert (found.minimum, found.maximum) == offered
