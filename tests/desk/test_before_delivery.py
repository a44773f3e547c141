"""The base writes to a register whose command it has not read yet: docs/protocol.md §5."""

import pytest

from tests.desk.gateway import SETPOINT, TEMPERATURE, ZONE_STATE, Gateway, degrees, setpoint, zone_state

OLD, NEW = degrees(19), degrees(21)


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written its zone: state normal, setpoint OLD."""
    gateway.writes(ZONE_STATE, 1, OLD, degrees(20))
    return gateway


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
