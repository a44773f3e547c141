"""The base writes to a register whose command it has read: confirmed or overridden. docs/protocol.md §5."""

from collections.abc import Callable

import pytest

from neasmart_gateway.desk.records import Cause, CommandEchoed
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.commands import Timing
from tests.desk.gateway import SETPOINT, TEMPERATURE, ZONE_STATE, Gateway, degrees, setpoint, zone_state

OLD, NEW = degrees(19), degrees(21)


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written its zone: state normal, setpoint OLD."""
    gateway.writes(ZONE_STATE, 1, OLD, degrees(20))
    return gateway


@pytest.mark.parametrize("celsius", [20.7, 20.78, 20.9, 21.0, 21.2, 21.3])
def test_echo_within_the_tolerance_confirms(told: Gateway, celsius: float) -> None:
    """The base counts in tenths of °F: within 0.3 K its value is ours; the receipt tells which it is."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(celsius))
    assert told.state(command) == "confirmed"
    assert told.write_of(command, SETPOINT)["effective"] == pytest.approx(celsius)
    assert told.reads(SETPOINT) == [degrees(celsius)]
    assert told.pending(SETPOINT) is None


def test_how_soon_the_base_repeats_our_word(told: Gateway) -> None:
    """Measured from the answer with the word to the echo; one that comes before any answer tells nothing."""
    told.submit(setpoint(20))
    told.writes(SETPOINT, degrees(20))
    command = told.submit_and_deliver(setpoint(21))
    told.wait(3.5)
    told.writes(SETPOINT, degrees(21))
    (echo,) = [record for record in told.records if isinstance(record, CommandEchoed)]
    assert (echo.address, echo.seconds, echo.command_id) == (SETPOINT, pytest.approx(3.5), command.id)


@pytest.mark.parametrize("celsius", [20.68, 21.32, 5.0, 35.0])
def test_value_outside_the_tolerance_overrides(told: Gateway, celsius: float) -> None:
    """Another value is somebody's decision: it is stored and served, our word withdrawn."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(celsius))
    assert told.state(command) == "overridden"
    assert told.write_of(command, SETPOINT)["overridden_by"] == pytest.approx(celsius)
    assert told.reads(SETPOINT) == [degrees(celsius)]
    assert told.pending(SETPOINT) is None


def test_echo_tolerance_is_settable(make_gateway: Callable[[Rules], Gateway]) -> None:
    """MODBUS_ECHO_TOLERANCE decides what is an echo."""
    gateway = make_gateway(Rules(timing=Timing(echo_tolerance=0.1)))
    command = gateway.submit_and_deliver(setpoint(21))
    gateway.writes(SETPOINT, degrees(20.8))
    assert gateway.state(command) == "overridden"


def test_standby_overrides_and_is_not_served(told: Gateway) -> None:
    """A zone sent to standby by somebody else overrides our setpoint; the base then reads "no data"."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, 0x8116)
    assert told.state(command) == "overridden"
    assert told.reads(SETPOINT) == [0]


@pytest.mark.parametrize("echo", [2, 0x0102, 0xFF02], ids=hex)
def test_state_is_confirmed_by_its_low_byte(told: Gateway, echo: int) -> None:
    """A zone's state is the low byte of its register (manual p. 19)."""
    command = told.submit_and_deliver(zone_state("reduced"))
    told.writes(ZONE_STATE, echo)
    assert told.state(command) == "confirmed"


@pytest.mark.parametrize("other", [3, 4, 5, 6])
def test_other_state_overrides(told: Gateway, other: int) -> None:
    """Any other state of the base overrides ours."""
    command = told.submit_and_deliver(zone_state("reduced"))
    told.writes(ZONE_STATE, other)
    assert told.state(command) == "overridden"


def test_echo_is_reported_as_ours(told: Gateway) -> None:
    """A change that echoes a command carries its cause and its id."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, NEW)
    change = told.changes(SETPOINT)[-1]
    assert (change.before, change.word, change.credit.cause, change.credit.command_id) == (
        OLD,
        NEW,
        Cause.COMMAND,
        command.id,
    )


def test_override_is_reported_as_the_bases(told: Gateway) -> None:
    """A change against our command is the base's own, from what was asked for, and names the command."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(25))
    change = told.changes(SETPOINT)[-1]
    assert (change.before, change.word) == (degrees(21), degrees(25))
    assert (change.credit.cause, change.credit.command_id) == (Cause.BASE, command.id)


def test_change_is_reported_once_with_its_time(told: Gateway) -> None:
    """A word that the base repeats is not a change."""
    told.wait(7.0)
    for _ in range(3):
        told.writes(TEMPERATURE, degrees(22))
    (_, change) = told.changes(TEMPERATURE)
    assert (change.before, change.word, change.at) == (degrees(20), degrees(22), told.now)
