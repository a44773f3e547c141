"""The condensation guard: dew points held against published ones, and what is made of rooms and water."""

from math import exp, log

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neasmart_gateway.domain.condensation import (
    COOLING_BELOW,
    NEAR,
    VALID_CELSIUS,
    Flow,
    Known,
    Risk,
    Room,
    Why,
    dew_point,
    dew_point_of,
    judge,
    risk_of,
)
from neasmart_gateway.domain.readings import Reading, Reason
from neasmart_gateway.domain.zones import ZoneRef

HAIR = 1e-9
"""K that floating point may be off by."""
CELSIUS = st.floats(*VALID_CELSIUS)
PERCENT = st.floats(1.0, 100.0)
COLD = Flow(1, pump=True, celsius=18.0)
NONE: Reading[int] = Reading(reason=Reason.NONE)


def room(
    celsius: float | None = 25.0, percent: int | None = 60, group: int | None = 1, zone: int = 1, live: bool = True
) -> Room:
    """A room with live values; None is a value that was never written."""
    silent = Reason.NEVER_WRITTEN
    temperature: Reading[float] = Reading(reason=silent) if celsius is None else Reading(celsius)
    humidity: Reading[int] = Reading(reason=silent) if percent is None else Reading(percent)
    return Room(ZoneRef(1, zone), temperature, humidity, group, live=live)


def saturation(celsius: float) -> float:
    """The pressure of saturated vapour over water in Pa, by Hyland and Wexler 1983 (ASHRAE), for 0 to 200 °C."""
    kelvin = celsius + 273.15
    polynomial = 1.3914993 + kelvin * (-4.8640239e-2 + kelvin * (4.1764768e-5 - kelvin * 1.4452093e-8))
    return exp(-5.8002206e3 / kelvin + polynomial + 6.5459673 * log(kelvin))


@pytest.mark.parametrize(
    ("celsius", "percent", "published"),
    [(20, 70, 14.4), (10, 90, 8.4), (22, 70, 16.3), (22, 45, 9.5), (20, 50, 9.3), (25, 60, 16.7)],
)
def test_dew_points_are_those_of_the_tables(celsius: float, percent: float, published: float) -> None:
    """Within 0.1 K of usual values; the first four are of maleco.de/taupunkt-tabelle and trocknungberlin.de."""
    assert dew_point(celsius, percent) == pytest.approx(published, abs=0.1)


@given(st.floats(0.2, 60.0), PERCENT)
def test_another_formula_agrees(celsius: float, percent: float) -> None:
    """At the dew point, within 0.1 K, saturated vapour has the pressure that the room's has; above 0 °C."""
    point = dew_point(celsius, percent)
    assume(point >= 0.1)
    pressure = saturation(celsius) * percent / 100.0
    assert saturation(point - 0.1) <= pressure <= saturation(point + 0.1)


@given(CELSIUS, PERCENT)
def test_air_is_never_below_its_dew_point(celsius: float, percent: float) -> None:
    """However dry or damp it is."""
    assert dew_point(celsius, percent) <= celsius


@given(CELSIUS)
def test_saturated_air_is_at_its_dew_point(celsius: float) -> None:
    """100 % means nothing more fits in."""
    assert dew_point(celsius, 100.0) == pytest.approx(celsius, abs=HAIR)


@given(CELSIUS, PERCENT, PERCENT)
def test_damper_air_has_a_higher_dew_point(celsius: float, one: float, other: float) -> None:
    """At the same temperature."""
    assert dew_point(celsius, min(one, other)) <= dew_point(celsius, max(one, other)) + HAIR


@given(CELSIUS, CELSIUS, PERCENT)
def test_warmer_air_has_a_higher_dew_point(one: float, other: float, percent: float) -> None:
    """At the same relative humidity it holds more water."""
    assert dew_point(min(one, other), percent) <= dew_point(max(one, other), percent) + HAIR


@pytest.mark.parametrize(("celsius", "percent"), [(-45.1, 50.0), (60.1, 50.0), (20.0, 0.0), (20.0, 100.1)])
def test_no_dew_point_outside_the_formula(celsius: float, percent: float) -> None:
    """It is refused, not extrapolated."""
    with pytest.raises(ValueError, match="no dew point"):
        dew_point(celsius, percent)


@pytest.mark.parametrize(
    ("air", "why"),
    [
        (room(live=False), Why.STALE),
        (room(celsius=None), Why.NO_TEMPERATURE),
        (room(celsius=61.0), Why.NO_TEMPERATURE),
        (room(celsius=-46.0), Why.NO_TEMPERATURE),
        (room(percent=None), Why.NO_HUMIDITY),
        (Room(ZoneRef(1, 1), Reading(20.0), NONE), Why.NO_HUMIDITY_SENSOR),
        (Room(ZoneRef(1, 1), Reading(20.0), Reading(50), humidity_live=False), Why.STALE),
    ],
)
def test_no_dew_point_without_live_values(air: Room, why: Why) -> None:
    """An old or missing value gives none, and a reason."""
    assert dew_point_of(air) == Known(why=why)


@pytest.mark.parametrize(
    ("margin", "risk"),
    [
        (Known(-1.0), Risk.POSSIBLE),
        (Known(0.0), Risk.POSSIBLE),
        (Known(0.01), Risk.NEAR),
        (Known(NEAR - 0.01), Risk.NEAR),
        (Known(NEAR), Risk.NONE),
        (Known(why=Why.NOT_COOLING), Risk.NONE),
        *((Known(why=why), Risk.UNKNOWN) for why in Why if why is not Why.NOT_COOLING),
    ],
)
def test_what_a_margin_means(margin: Known, risk: Risk) -> None:
    """Possible at 0 K, near below 2 K; what is not known is never called harmless."""
    assert risk_of(margin) is risk


def test_a_margin_is_flow_minus_dew_point() -> None:
    """18 °C of water against 16.7 °C of dew point."""
    house = judge([room()], [COLD])
    (zone,) = house.zones
    assert zone.margin.value == pytest.approx(18.0 - dew_point(25.0, 60))
    assert (zone.risk, zone.circuit.group, zone.circuit.celsius) == (Risk.NEAR, 1, 18.0)
    assert (house.cooling, house.lowest_margin, house.risk) == (True, zone.margin, Risk.NEAR)


@pytest.mark.parametrize(
    ("rooms", "flows", "cooling", "why"),
    [
        ([room()], [Flow(1, pump=False, celsius=10.0)], False, Why.NOT_COOLING),
        ([room()], [Flow(1, pump=False, celsius=None)], False, Why.NOT_COOLING),
        ([room()], [Flow(1, pump=True, celsius=35.0)], False, Why.NOT_COOLING),
        ([room()], [Flow(1, pump=True, celsius=25.0 - COOLING_BELOW + 0.01)], False, Why.NOT_COOLING),
        ([room()], [Flow(1, pump=True, celsius=25.0 - COOLING_BELOW)], True, None),
        ([room(), room(celsius=18.5, zone=2)], [COLD], False, Why.NOT_COOLING),
        ([room(), room(celsius=18.5, group=2, zone=2)], [COLD, Flow(2, pump=False, celsius=9.0)], True, None),
        ([room()], [Flow(1, pump=True, celsius=None)], None, Why.FLOW_UNKNOWN),
        ([room()], [Flow(1, pump=None, celsius=10.0)], None, Why.FLOW_UNKNOWN),
        ([room()], [Flow(2, pump=True, celsius=10.0)], True, Why.FLOW_UNKNOWN),
        ([room()], [Flow(1, pump=False, celsius=9.0), Flow(2, pump=True, celsius=12.0)], True, Why.NOT_COOLING),
        (
            [room(group=None)],
            [Flow(1, pump=True, celsius=30.0), Flow(2, pump=None, celsius=9.0)],
            None,
            Why.FLOW_UNKNOWN,
        ),
        ([room()], [], None, Why.FLOW_UNKNOWN),
        ([room(live=False)], [COLD], None, Why.STALE),
        ([room(celsius=None)], [COLD], None, Why.NO_TEMPERATURE),
        ([room(percent=None)], [COLD], True, Why.NO_HUMIDITY),
        ([room(percent=None)], [Flow(1, pump=False, celsius=10.0)], False, Why.NOT_COOLING),
    ],
)
def test_cooling_is_running_water_below_the_coldest_room(
    rooms: list[Room], flows: list[Flow], cooling: bool | None, why: Why | None
) -> None:
    """By pump and temperatures, 1 K or more; there is a margin only then."""
    house = judge(rooms, flows)
    assert (house.cooling, house.zones[0].margin.why) == (cooling, why)


def test_a_stale_room_does_not_say_that_nothing_cools() -> None:
    """A cold value from yesterday is not the coldest room, and a silent room is not free of risk."""
    fresh, old = judge([room(), room(celsius=10.0, zone=2, live=False)], [COLD]).zones
    assert (fresh.circuit.cooling, fresh.risk) == (True, Risk.NEAR)
    assert (old.margin, old.risk) == (Known(why=Why.STALE), Risk.UNKNOWN)


def test_rooms_without_a_group_are_held_against_the_coldest_water() -> None:
    """The lowest flow that runs; the dampest of them has the lowest margin."""
    rooms = [room(group=None), room(percent=70, group=None, zone=2)]
    flows = [Flow(1, pump=True, celsius=20.0), Flow(2, pump=True, celsius=19.0), Flow(3, pump=False, celsius=5.0)]
    house = judge(rooms, flows)
    assert {zone.circuit.group for zone in house.zones} == {2}
    assert house.lowest_margin.value == pytest.approx(19.0 - dew_point(25.0, 70))
    assert house.risk is Risk.POSSIBLE


@pytest.mark.parametrize(("celsius", "risk"), [(20.0, Risk.UNKNOWN), (18.0, Risk.NEAR), (16.0, Risk.POSSIBLE)])
def test_unknown_water_can_only_make_it_worse(celsius: float, risk: Risk) -> None:
    """A group that runs at an unknown temperature may be the coldest; only a small margin is told."""
    flows = [Flow(1, pump=True, celsius=celsius), Flow(2, pump=True, celsius=None)]
    house = judge([room(group=None)], flows)
    known = Known(why=Why.FLOW_UNKNOWN) if risk is Risk.UNKNOWN else Known(celsius - dew_point(25.0, 60))
    assert (house.cooling, house.lowest_margin, house.risk) == (True, known, risk)


def test_the_house_tells_the_worst_it_knows() -> None:
    """A known risk comes before an unknown one, an unknown one before none."""
    idle = Flow(2, pump=False, celsius=20.0)
    unknown, harmless = room(percent=None, zone=2), room(group=2, zone=3)
    assert judge([room(), unknown, harmless], [COLD, idle]).risk is Risk.NEAR
    house = judge([unknown, harmless], [COLD, idle])
    assert (house.risk, house.lowest_margin) == (Risk.UNKNOWN, Known(why=Why.NO_HUMIDITY))
    assert judge([harmless], [idle]).risk is Risk.NONE


def test_nothing_is_said_of_an_empty_house() -> None:
    """Without zones nothing is known."""
    house = judge([], [COLD])
    assert (house.cooling, house.lowest_margin, house.risk) == (None, Known(why=Why.STALE), Risk.UNKNOWN)
