"""What a write of the base means to an open command: PROTOCOL.md §5, confirmed and overridden."""

from collections.abc import Callable

import pytest

from neasmart_gateway.desk.records import Cause
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.commands import Timing
from tests.desk.gateway import (
    MODE,
    SETPOINT,
    STATE,
    TEMPERATURE,
    ZONE_STATE,
    Gateway,
    degrees,
    global_mode,
    global_state,
    setpoint,
    zone_state,
)

OLD, NEW = degrees(19), degrees(21)


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written its zone: state normal, setpoint OLD."""
    gateway.writes(ZONE_STATE, 1, OLD, degrees(20))
    return gateway


# Before delivery


@pytest.mark.parametrize("word", [OLD, degrees(25), degrees(20.96), degrees(21.04), 0x8116, 0x7FFF, 0], ids=hex)
def test_before_delivery_another_value_does_not_count(told: Gateway, word: int) -> None:
    """The base broadcasts its old value: nothing is stored, nothing overridden, our word is still the answer."""
    command = told.submit(setpoint(21))
    told.writes(SETPOINT, word)
    assert told.state(command) == "accepted"
    assert told.reported(SETPOINT) == OLD
    assert told.reads(SETPOINT) == [NEW]


@pytest.mark.parametrize("celsius", [20.98, 21.0, 21.02])
def test_before_delivery_the_same_value_confirms(told: Gateway, celsius: float) -> None:
    """Within 0.02 K the base has come to the same value by itself."""
    command = told.submit(setpoint(21))
    told.writes(SETPOINT, degrees(celsius))
    assert told.state(command) == "confirmed"
    assert told.reported(SETPOINT) == degrees(celsius)


@pytest.mark.parametrize("word", [1, 2, 3, 5, 6])
def test_before_delivery_another_state_does_not_count(gateway: Gateway, word: int) -> None:
    """Also the results of a program are other values while the base has not read the program."""
    command = gateway.submit(zone_state("time_program"))
    gateway.writes(ZONE_STATE, word)
    assert gateway.state(command) == "accepted"
    assert gateway.reported(ZONE_STATE) is None


def test_before_delivery_the_same_state_confirms(gateway: Gateway) -> None:
    """The same state confirms, whatever stands in its high byte."""
    command = gateway.submit(zone_state("party"))
    gateway.writes(ZONE_STATE, 0x0105)
    assert gateway.state(command) == "confirmed"


# Many registers in one write


def test_write_of_many_registers_skips_only_the_pending_one(told: Gateway) -> None:
    """Of a write over 100–102 while 101 is pending, 100 and 102 are stored and 101 is not."""
    command = told.submit(setpoint(21))
    told.writes(ZONE_STATE, 2, degrees(25), degrees(20.5))
    assert [told.reported(a) for a in (ZONE_STATE, SETPOINT, TEMPERATURE)] == [2, OLD, degrees(20.5)]
    assert told.state(command) == "accepted"
    assert told.reads(ZONE_STATE, 3) == [2, NEW, degrees(20.5)]


def test_write_of_many_registers_settles_each(told: Gateway) -> None:
    """One write may confirm one register of a command and override the other."""
    command = told.submit_and_deliver(zone_state("standby"), setpoint(21))
    told.wait(10.0)
    told.writes(SETPOINT, degrees(16))  # the one move that belongs to the state command
    told.writes(ZONE_STATE, 3, degrees(25), degrees(20))
    states = [write["state"] for write in told.receipt(command)["writes"]]
    assert states == ["confirmed", "overridden"]


def test_skipped_registers_are_not_reported_as_changed(told: Gateway) -> None:
    """What does not count has not changed."""
    told.submit(setpoint(21))
    before = list(told.changes(SETPOINT))
    told.writes(ZONE_STATE, 2, degrees(25), degrees(20.5))
    assert told.changes(SETPOINT) == before
    assert told.changes(TEMPERATURE)[-1].word == degrees(20.5)


def test_a_write_that_does_not_count_still_shows_that_the_bus_lives(told: Gateway) -> None:
    """The base is fresh even if all it wrote was an old value."""
    told.submit(setpoint(21))
    told.wait(1.0)
    told.writes(SETPOINT, OLD)
    assert told.memory.header.last_bus_write == told.now


# After delivery


@pytest.mark.parametrize("celsius", [20.7, 20.78, 20.9, 21.0, 21.2, 21.3])
def test_echo_within_the_tolerance_confirms(told: Gateway, celsius: float) -> None:
    """The base counts in tenths of °F: within 0.3 K its value is ours; the receipt tells which it is."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(celsius))
    assert told.state(command) == "confirmed"
    assert told.write_of(command, SETPOINT)["effective"] == pytest.approx(celsius)
    assert told.reads(SETPOINT) == [degrees(celsius)]
    assert told.pending(SETPOINT) is None


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


@pytest.mark.parametrize("word", [0x8116, 0x7FFF], ids=hex)
def test_word_without_a_value_overrides_and_is_not_served(told: Gateway, word: int) -> None:
    """A zone sent to standby by somebody else overrides our setpoint; the base then reads "no data"."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, word)
    assert told.state(command) == "overridden"
    assert told.reads(SETPOINT) == [0]


@pytest.mark.parametrize("echo", [2, 0x0102, 0xFF02], ids=hex)
def test_state_is_confirmed_by_its_low_byte(told: Gateway, echo: int) -> None:
    """A zone's state is the low byte of its register (manual p. 19)."""
    command = told.submit_and_deliver(zone_state("reduced"))
    told.writes(ZONE_STATE, echo)
    assert told.state(command) == "confirmed"


@pytest.mark.parametrize("other", [3, 4, 5, 6, 7, 10])
def test_other_state_overrides(told: Gateway, other: int) -> None:
    """Any other state of the base overrides ours."""
    command = told.submit_and_deliver(zone_state("reduced"))
    told.writes(ZONE_STATE, other)
    assert told.state(command) == "overridden"


# The old value, crossing


@pytest.mark.parametrize("seconds", [0.0, 4.9])
def test_old_value_on_its_way_does_not_count(told: Gateway, seconds: float) -> None:
    """For 5 s after the delivery the exact pre-command word changes nothing, and our word stays the answer."""
    command = told.submit_and_deliver(setpoint(21))
    told.wait(seconds)
    told.writes(SETPOINT, OLD)
    assert told.state(command) == "delivered"
    assert told.reads(SETPOINT) == [NEW]


def test_old_value_overrides_after_five_seconds(told: Gateway) -> None:
    """After the grace the pre-command word overrides like any other."""
    command = told.submit_and_deliver(setpoint(21))
    told.wait(5.1)
    told.writes(SETPOINT, OLD)
    assert told.state(command) == "overridden"


def test_grace_counts_from_the_first_delivery(told: Gateway) -> None:
    """A second read does not renew the grace."""
    command = told.submit_and_deliver(setpoint(21))
    told.wait(4.0)
    told.reads(SETPOINT)
    told.wait(4.0)
    told.writes(SETPOINT, OLD)
    assert told.state(command) == "overridden"


def test_only_the_exact_old_word_has_grace(told: Gateway) -> None:
    """A neighbour of the old value is a decision, also within the grace."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(19.02))
    assert told.state(command) == "overridden"


@pytest.mark.parametrize(("seconds", "state"), [(4.0, "delivered"), (6.0, "overridden")])
def test_exact_old_word_never_confirms(gateway: Gateway, seconds: float, state: str) -> None:
    """Even within the tolerance of ours, the pre-command word is not an echo."""
    gateway.writes(SETPOINT, degrees(20.9))
    command = gateway.submit_and_deliver(setpoint(21))
    gateway.wait(seconds)
    gateway.writes(SETPOINT, degrees(20.9))
    assert gateway.state(command) == state


def test_exact_old_word_does_not_confirm_before_delivery(gateway: Gateway) -> None:
    """A hundredth away from ours and yet the old value: it does not count."""
    gateway.writes(SETPOINT, degrees(20.02))
    command = gateway.submit(setpoint(20.0))
    gateway.writes(SETPOINT, degrees(20.02))
    assert gateway.state(command) == "accepted"


@pytest.mark.parametrize("deliver", [False, True])
def test_present_state_with_a_high_byte_is_the_present_value(gateway: Gateway, deliver: bool) -> None:
    """A state is its low byte: another word for the same state is not an old value, but an echo."""
    gateway.writes(ZONE_STATE, 0x0102)
    command = gateway.submit_and_deliver(zone_state("reduced")) if deliver else gateway.submit(zone_state("reduced"))
    gateway.writes(ZONE_STATE, 0x0102)
    assert gateway.state(command) == "confirmed"


def test_command_for_the_present_value_is_confirmed_by_it(told: Gateway) -> None:
    """Asked for what is already there, the base's next word of it confirms."""
    command = told.submit_and_deliver(setpoint(19))
    told.writes(SETPOINT, OLD)
    assert told.state(command) == "confirmed"


def test_grace_is_settable(make_gateway: Callable[[Rules], Gateway]) -> None:
    """How long the old value may cross is a matter of the rules."""
    gateway = make_gateway(Rules(timing=Timing(crossing_grace=1.0)))
    gateway.writes(SETPOINT, OLD)
    command = gateway.submit_and_deliver(setpoint(21))
    gateway.wait(1.1)
    gateway.writes(SETPOINT, OLD)
    assert gateway.state(command) == "overridden"


# Programs, and "no override"


@pytest.mark.parametrize(("echo", "effective"), [(1, "normal"), (2, "reduced"), (4, "time_program")])
def test_time_program_resolves(gateway: Gateway, echo: int, effective: str) -> None:
    """State 4 echoed as 1 or 2 is a confirmation, with the state that the program has chosen."""
    gateway.writes(ZONE_STATE, 3)
    command = gateway.submit_and_deliver(zone_state("time_program"))
    gateway.writes(ZONE_STATE, echo)
    assert gateway.state(command) == "confirmed"
    assert gateway.write_of(command, ZONE_STATE)["effective"] == effective


@pytest.mark.parametrize(("echo", "effective"), [(1, "auto"), (2, "heating"), (3, "cooling")])
def test_automatic_mode_resolves(gateway: Gateway, echo: int, effective: str) -> None:
    """Mode 1 echoed as 2 or 3 is a confirmation, with the mode in force."""
    gateway.writes(MODE, 5)
    command = gateway.submit_and_deliver(global_mode("auto"))
    gateway.writes(MODE, echo)
    assert gateway.state(command) == "confirmed"
    assert gateway.write_of(command, MODE)["effective"] == effective


def test_global_time_program_resolves(gateway: Gateway) -> None:
    """The plant's state resolves as a zone's does."""
    command = gateway.submit_and_deliver(global_state("time_program"))
    gateway.writes(STATE, 2)
    assert gateway.state(command) == "confirmed"


@pytest.mark.parametrize(("asked", "echo"), [("time_program", 3), ("time_program", 5), ("normal", 2), ("reduced", 4)])
def test_states_that_are_no_program_do_not_resolve(gateway: Gateway, asked: str, echo: int) -> None:
    """Only a program has results, and only 1 and 2 are among them."""
    command = gateway.submit_and_deliver(zone_state(asked))
    gateway.writes(ZONE_STATE, echo)
    assert gateway.state(command) == "overridden"


@pytest.mark.parametrize(("asked", "echo"), [("auto", 4), ("auto", 5), ("heating", 3), ("manual_heating", 1)])
def test_modes_that_are_not_automatic_do_not_resolve(gateway: Gateway, asked: str, echo: int) -> None:
    """Mode 4 has the number of a program, but is none."""
    command = gateway.submit_and_deliver(global_mode(asked))
    gateway.writes(MODE, echo)
    assert gateway.state(command) == "overridden"


@pytest.mark.parametrize("word", [0x0000, 0x0100], ids=hex)
@pytest.mark.parametrize("deliver", [False, True])
def test_no_override_is_never_a_persons_change(told: Gateway, word: int, deliver: bool) -> None:
    """State 0 means "mixed": it neither confirms nor overrides, before delivery or long after it."""
    command = told.submit_and_deliver(zone_state("reduced")) if deliver else told.submit(zone_state("reduced"))
    told.wait(20.0)
    told.writes(ZONE_STATE, word)
    assert told.state(command) == ("delivered" if deliver else "accepted")
    assert told.reads(ZONE_STATE) == [2]


def test_zero_as_a_setpoint_is_a_temperature(told: Gateway) -> None:
    """Only modes and states know "no override": 0 °C after delivery overrides."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, 0)
    assert told.state(command) == "overridden"


# Why a register changed


def test_echo_is_reported_as_ours(told: Gateway) -> None:
    """A change that echoes a command carries its cause and its id."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, NEW)
    change = told.changes(SETPOINT)[-1]
    assert (change.before, change.word, change.cause, change.command_id) == (OLD, NEW, Cause.COMMAND, command.id)


def test_override_is_reported_as_the_bases(told: Gateway) -> None:
    """A change against our command is the base's own."""
    told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(25))
    change = told.changes(SETPOINT)[-1]
    assert (change.cause, change.command_id) == (Cause.BASE, None)


def test_change_is_reported_once_with_its_time(told: Gateway) -> None:
    """A word that the base repeats is not a change."""
    told.wait(7.0)
    for _ in range(3):
        told.writes(TEMPERATURE, degrees(22))
    (_, change) = told.changes(TEMPERATURE)
    assert (change.before, change.word, change.at) == (degrees(20), degrees(22), told.now)
