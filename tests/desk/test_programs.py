"""Programs resolve, and "no override" is never a person's change: docs/protocol.md §3 and §5."""

import pytest

from tests.desk.gateway import (
    MODE,
    SETPOINT,
    STATE,
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
