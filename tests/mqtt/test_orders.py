"""A message becomes an intention, or is refused with a reason."""

import pytest

from neasmart_gateway.domain.intentions import (
    Intention,
    SetGlobalMode,
    SetGlobalState,
    SetpointRange,
    SetZoneSetpoint,
    SetZoneState,
)
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import InvalidValue, NotFound
from neasmart_gateway.mqtt.orders import intention_of, shown
from neasmart_gateway.mqtt.season import Season
from neasmart_gateway.mqtt.topics import Order, Place

REF = ZoneRef(1, 1)
ALLOWED = SetpointRange(5.0, 30.0)


def read(place: Place, what: str, payload: bytes, season: Season = Season.HEAT) -> Intention:
    return intention_of(Order(place, what), payload, season, ALLOWED)


@pytest.mark.parametrize(
    ("place", "what", "payload", "wanted"),
    [
        (REF, "setpoint", b"21.5", SetZoneSetpoint(REF, 21.5)),
        (REF, "setpoint", b"5", SetZoneSetpoint(REF, 5.0)),
        (REF, "setpoint", b"21.11111111111111", SetZoneSetpoint(REF, 21.11)),
        (REF, "setpoint", b"30.000000000000004", SetZoneSetpoint(REF, 30.0)),
        (REF, "setpoint", b"4.999999999999999", SetZoneSetpoint(REF, 5.0)),
        (REF, "mode", b"off", SetZoneState(REF, OperatingState.STANDBY)),
        (REF, "mode", b"auto", SetZoneState(REF, OperatingState.TIME_PROGRAM)),
        (REF, "mode", b"heat", SetZoneState(REF, OperatingState.NORMAL)),
        (REF, "preset", b"time_program", SetZoneState(REF, OperatingState.TIME_PROGRAM)),
        (REF, "preset", b"holiday", SetZoneState(REF, OperatingState.HOLIDAY)),
        (1, "mode", b"manual_cooling", SetGlobalMode(OperatingMode.MANUAL_COOLING)),
        (1, "state", b"party", SetGlobalState(OperatingState.PARTY)),
    ],
)
def test_what_can_be_ordered(place: Place, what: str, payload: bytes, wanted: Intention) -> None:
    assert read(place, what, payload) == wanted


@pytest.mark.parametrize("what", ["setpoint", "mode", "preset"])
@pytest.mark.parametrize("payload", [b"off", b"auto", b"heat", b"normal", b"holiday", b"20", b"cool"])
def test_a_zone_never_changes_the_house(what: str, payload: bytes) -> None:
    """Whatever is sent to it: its orders are for its own two registers."""
    try:
        intention = read(REF, what, payload)
    except InvalidValue:
        return
    assert intention.address in (100, 101)


@pytest.mark.parametrize(
    ("what", "payload"),
    [
        ("setpoint", b""), ("setpoint", b"warm"), ("setpoint", b"nan"), ("setpoint", b"inf"), ("setpoint", b"1e1"),
        ("setpoint", b"4.9"), ("setpoint", b"30.01"), ("setpoint", b"21,5"), ("setpoint", b" 21"),
        ("setpoint", b"0x14"),
        ("setpoint", "\u0662\u0661".encode()), ("setpoint", b"\xff\xfe"), ("setpoint", b"2" * 65),
        ("setpoint", b"21\n"), ("setpoint", b"21."), ("setpoint", b"21." + b"1" * 62),
        ("mode", b"cool"), ("mode", b"heat_cool"), ("mode", b"OFF"), ("mode", b"heating"), ("mode", b"None"),
        ("preset", b"none"), ("preset", b"eco"), ("preset", b"Time program"), ("preset", b"\x00"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(what: str, payload: bytes) -> None:
    with pytest.raises(InvalidValue) as caught:
        read(REF, what, payload)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


def test_the_other_season() -> None:
    """What can be switched to follows the season."""
    assert read(REF, "mode", b"cool", Season.COOL) == SetZoneState(REF, OperatingState.NORMAL)
    with pytest.raises(InvalidValue, match="off, auto, cool"):
        read(REF, "mode", b"heat", Season.COOL)


@pytest.mark.parametrize(("place", "what"), [(REF, "state"), (1, "setpoint"), (1, "preset"), (2, "mode"), (2, "state")])
def test_what_nobody_can_order(place: Place, what: str) -> None:
    """Above all not the house through a base that is not its master."""
    with pytest.raises(NotFound):
        read(place, what, b"normal")


def test_what_people_are_shown() -> None:
    """Nothing that a terminal would act upon, and not much of it."""
    assert shown(b"\x1b[31m\xff\n") == "\N{REPLACEMENT CHARACTER}[31m" + 2 * "\N{REPLACEMENT CHARACTER}"
    assert len(shown(b"x" * 1000)) == 64
