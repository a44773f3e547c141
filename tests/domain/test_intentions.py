"""An intention makes sense, or is refused at birth."""

from dataclasses import FrozenInstanceError
from decimal import Decimal
from math import inf, nan, nextafter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.intentions import (
    SetGlobalMode,
    SetGlobalState,
    SetpointRange,
    SetZoneSetpoint,
    SetZoneState,
)
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import InvalidValue

REF = ZoneRef(2, 1)
NO_STATES: list[Any] = [0, 1, 4, 7, True, None, "normal", "1", 1.0, nan, [], OperatingState]
NO_NUMBERS: list[Any] = [nan, inf, -inf, True, False, None, "21", "", "NaN", Decimal(21), 21 + 0j, [21.0], b"21"]


@pytest.mark.parametrize("nonsense", NO_NUMBERS, ids=repr)
def test_a_setpoint_is_a_number(nonsense: Any) -> None:
    """NaN, infinities, bools, strings and other kinds are refused, and the field is named."""
    with pytest.raises(InvalidValue, match="must be a number") as refused:
        SetZoneSetpoint(REF, nonsense)
    assert refused.value.field == "setpoint"


HUGE = pytest.param(10**400, id="1e400"), pytest.param(-(10**400), id="-1e400")
"""JSON has integers that no float can hold."""


@pytest.mark.parametrize("celsius", [4.9, nextafter(5.0, 0), nextafter(35.0, 40), 35.1, 0, -1, 1e308, *HUGE])
def test_a_setpoint_outside_the_range_is_refused(celsius: float) -> None:
    """Below 5 or above 35 °C, by however little or much; the message names the range, the error the field."""
    with pytest.raises(InvalidValue, match="5 to 35") as refused:
        SetZoneSetpoint(REF, celsius)
    assert refused.value.field == "setpoint"


@pytest.mark.parametrize("celsius", [5, 5.0, 35, 35.0, 21, 19.9])
def test_both_ends_of_the_range_are_in_it(celsius: float) -> None:
    """Whole numbers and fractions alike."""
    assert SetZoneSetpoint(REF, celsius).celsius == celsius


def test_the_range_is_settable() -> None:
    """An operator's range replaces the default."""
    allowed = SetpointRange(16.0, 18.5)
    assert SetZoneSetpoint(REF, 18.5, allowed).celsius == 18.5
    for celsius in (15.9, 18.6, 21.0):
        with pytest.raises(InvalidValue, match=r"16 to 18\.5"):
            SetZoneSetpoint(REF, celsius, allowed)


def test_the_range_is_no_part_of_what_is_wanted() -> None:
    """The same wish under two ranges is the same wish."""
    assert SetZoneSetpoint(REF, 18.0, SetpointRange(10.0, 20.0)) == SetZoneSetpoint(REF, 18.0)


@given(st.floats(5.0, 35.0))
def test_a_setpoint_is_told_to_the_base_as_it_was_wanted(celsius: float) -> None:
    """The word at N+1 is the nearest that the codec has: at most 0.01 K off in this range."""
    wanted = SetZoneSetpoint(REF, celsius)
    told = dpt9.decode(wanted.word)
    assert told is not None
    assert abs(told - celsius) <= 0.01 + 1e-9
    assert (wanted.address, wanted.row.name) == (1301, "zone.setpoint")


@pytest.mark.parametrize("nonsense", [*NO_STATES, OperatingMode.AUTO], ids=repr)
def test_a_state_is_one_of_the_six(nonsense: Any) -> None:
    """A plain number or name in its place is refused, and so is a mode; the message lists the states."""
    for make in (SetGlobalState, lambda state: SetZoneState(REF, state)):
        with pytest.raises(InvalidValue, match="normal, reduced, standby, time_program, party, holiday") as refused:
            make(nonsense)
        assert refused.value.field == "state"


@pytest.mark.parametrize("nonsense", [*NO_STATES, OperatingState.NORMAL], ids=repr)
def test_a_mode_is_one_of_the_five(nonsense: Any) -> None:
    """A plain number or name in its place is refused, and so is a state; the message lists the modes."""
    with pytest.raises(InvalidValue, match="auto, heating, cooling, manual_heating, manual_cooling") as refused:
        SetGlobalMode(nonsense)
    assert refused.value.field == "mode"


@pytest.mark.parametrize("state", OperatingState)
def test_every_state_can_be_wanted(state: OperatingState) -> None:
    """Of a zone at N, of the plant at 2, as the number of docs/protocol.md §3."""
    of_zone, of_plant = SetZoneState(REF, state), SetGlobalState(state)
    assert (of_zone.address, of_zone.word, of_zone.row.name) == (1300, state.value, "zone.state")
    assert (of_plant.address, of_plant.word, of_plant.row.name) == (2, state.value, "operation.state")


@pytest.mark.parametrize("mode", OperatingMode)
def test_every_mode_can_be_wanted(mode: OperatingMode) -> None:
    """Of the plant, at register 1."""
    wanted = SetGlobalMode(mode)
    assert (wanted.address, wanted.word, wanted.row.name) == (1, mode.value, "operation.mode")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (SetZoneSetpoint(REF, 21.0), "celsius"),
        (SetZoneState(REF, OperatingState.NORMAL), "state"),
        (SetGlobalMode(OperatingMode.AUTO), "mode"),
        (SetGlobalState(OperatingState.NORMAL), "state"),
    ],
)
def test_an_intention_does_not_change(wanted: object, field: str) -> None:
    """What was checked at birth stays as it was."""
    with pytest.raises(FrozenInstanceError):
        setattr(wanted, field, 99)
