"""When a value is too old to be shown as a live one."""

from dataclasses import replace

import pytest

from neasmart_gateway.domain.plant import Unit, decode_unit
from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.zones import Zone, ZoneRef, decode_zone
from tests.domain.cells import CellMap

LIVE = Freshness(now=1000.0, stale_after=180.0, last_bus_write=990.0)
LIMIT = 820.0
"""The oldest time that still counts at `now`."""


def zone(temperature_at: float | None, state_at: float | None = None, *, restored: bool = False) -> Zone:
    """A zone whose temperature and state were written at these times."""
    written = {102: temperature_at, 100: state_at}
    held = {a: Cell(a, 1, written_at=at, restored=restored) for a, at in written.items() if at is not None}
    return decode_zone(ZoneRef(1, 1), CellMap(held))


def outside(at: float | None, *, restored: bool = False) -> Unit:
    """The outside temperature, written at this time."""
    held = {} if at is None else {7: Cell(7, 1, written_at=at, restored=restored)}
    return decode_unit("outside", 1, CellMap(held))


@pytest.mark.parametrize(
    ("last", "silent"), [(None, True), (LIMIT - 0.001, True), (LIMIT, False), (1000.0, False), (1000.5, False)]
)
def test_the_bus_is_silent_after_the_limit(last: float | None, silent: bool) -> None:
    """The bus is silent when the base has written nothing for longer than the limit, or never."""
    assert replace(LIVE, last_bus_write=last).bus_silent is silent


@pytest.mark.parametrize("limit", [1.0, 3600.0])
def test_the_limit_is_settable(limit: float) -> None:
    """Silence is measured by the setting."""
    freshness = Freshness(now=1000.0, stale_after=limit, last_bus_write=900.0)
    assert freshness.bus_silent is (limit < 100.0)


def test_a_daemon_that_is_away_does_not_make_the_bus_silent() -> None:
    """Global staleness speaks of the base alone (the Stale header)."""
    assert not replace(LIVE, daemon_alive=False).bus_silent


@pytest.mark.parametrize(("at", "stale"), [(LIMIT - 0.001, True), (LIMIT, False), (1000.0, False)])
def test_a_zone_ages_with_its_temperature(at: float, stale: bool) -> None:
    """A temperature older than the limit makes the zone stale, whatever else is written to it."""
    assert LIVE.zone_is_stale(zone(at, state_at=1000.0)) is stale


def test_state_does_not_age_beside_a_live_temperature() -> None:
    """Setpoint and state may be hours old: the base repeats only what moves."""
    assert not LIVE.zone_is_stale(zone(999.0, state_at=1.0))


@pytest.mark.parametrize(("at", "stale"), [(LIMIT - 0.001, True), (LIMIT, False)])
def test_a_zone_without_temperature_ages_with_its_newest_write(at: float, stale: bool) -> None:
    """Until a temperature is heard the newest write decides."""
    assert LIVE.zone_is_stale(zone(None, state_at=at)) is stale


def test_unheard_or_remembered_zones_are_stale() -> None:
    """What the base has not said since the start is not live."""
    assert LIVE.zone_is_stale(zone(None))
    assert LIVE.zone_is_stale(zone(999.0, restored=True))


@pytest.mark.parametrize(
    "nobody_listens",
    [
        replace(LIVE, last_bus_write=None),
        replace(LIVE, last_bus_write=1.0),
        replace(LIVE, daemon_alive=False),
    ],
)
def test_silence_makes_everything_stale(nobody_listens: Freshness) -> None:
    """A silent bus, or no daemon to hear it: nothing is known to be live, however young."""
    assert nobody_listens.zone_is_stale(zone(1000.0))
    assert nobody_listens.unit_is_stale(outside(1000.0))


def test_the_plant_does_not_age_alone() -> None:
    """The base repeats these at its own pace: while it speaks they are live."""
    assert not LIVE.unit_is_stale(outside(1.0))


def test_unheard_or_remembered_things_are_stale() -> None:
    """What the base has not said since the start is not live."""
    assert LIVE.unit_is_stale(outside(None))
    assert LIVE.unit_is_stale(outside(999.0, restored=True))
