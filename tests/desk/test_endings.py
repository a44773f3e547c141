"""How a user's word is taken back: superseded, cancelled, released. docs/protocol.md §5."""

import pytest

from neasmart_gateway.domain.zones import ZoneRef
from tests.desk.gateway import (
    PERSON,
    SETPOINT,
    TEMPERATURE,
    ZONE,
    ZONE_STATE,
    Gateway,
    degrees,
    setpoint,
    zone_state,
)

NEIGHBOUR = ZoneRef(1, 2)


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written its zone."""
    gateway.writes(ZONE_STATE, 1, degrees(19), degrees(20))
    return gateway


# Superseded


@pytest.mark.parametrize("delivered", [False, True])
def test_newer_command_supersedes_the_older(told: Gateway, delivered: bool) -> None:
    """On one register the newest command counts, whether or not the base has read the older one."""
    older = told.submit_and_deliver(setpoint(21)) if delivered else told.submit(setpoint(21))
    newer = told.submit(setpoint(22))
    assert (told.state(older), told.state(newer)) == ("superseded", "accepted")
    assert told.reads(SETPOINT) == [degrees(22)]
    assert told.desk.pending == 1


def test_superseding_leaves_the_other_register_of_a_command_open(told: Gateway) -> None:
    """Of a command for state and setpoint, only the register that the newer one names is superseded."""
    older = told.submit(zone_state("reduced"), setpoint(21))
    told.submit(setpoint(22))
    assert [write["state"] for write in told.receipt(older)["writes"]] == ["accepted", "superseded"]
    assert told.state(older) == "accepted"
    assert told.reads(ZONE_STATE, 2) == [2, degrees(22)]


def test_the_superseding_command_begins_its_own_life(told: Gateway) -> None:
    """Its 30 s begin with its own acceptance, not with that of the command before it."""
    told.submit(setpoint(21))
    told.wait(20.0)
    newer = told.submit(setpoint(22))
    told.wait(20.0)
    assert told.reads(SETPOINT) == [degrees(22)]
    assert told.state(newer) == "delivered"


def test_an_expired_command_is_not_superseded(told: Gateway) -> None:
    """A command whose time was up when the next one came has expired, though nobody had noticed."""
    older = told.submit(setpoint(21))
    told.wait(30.0)
    told.submit(setpoint(22))
    assert told.state(older) == "expired"


def test_another_zone_is_another_register(told: Gateway) -> None:
    """Commands for different zones live side by side."""
    first, second = told.submit(setpoint(21)), told.submit(setpoint(22, NEIGHBOUR))
    assert (told.state(first), told.state(second)) == ("accepted", "accepted")


# Released


def test_release_cancels_what_the_base_has_not_read(told: Gateway) -> None:
    """An accepted command that our user withdraws is cancelled: it never took effect."""
    command = told.submit(zone_state("reduced"), setpoint(21))
    told.desk.release(ZONE, PERSON, told.now)
    assert told.state(command) == "cancelled"
    assert (told.pending(ZONE_STATE), told.pending(SETPOINT)) == (None, None)


def test_release_leaves_a_delivered_command_unconfirmed(told: Gateway) -> None:
    """The base has read it and may keep to it: unconfirmed."""
    command = told.submit_and_deliver(setpoint(21))
    told.desk.release(ZONE, PERSON, told.now)
    assert told.state(command) == "unconfirmed"
    assert told.pending(SETPOINT) is None


def test_release_treats_each_register_by_itself(told: Gateway) -> None:
    """Of a half-delivered command one register is unconfirmed, the other cancelled."""
    command = told.submit(zone_state("reduced"), setpoint(21))
    told.reads(SETPOINT)
    told.desk.release(ZONE, PERSON, told.now)
    assert [write["state"] for write in told.receipt(command)["writes"]] == ["cancelled", "unconfirmed"]
    assert told.state(command) == "unconfirmed"


@pytest.mark.parametrize("deliver", [False, True])
def test_released_zone_reads_as_no_data(told: Gateway, deliver: bool) -> None:
    """After a release the base is told neither our word nor its own: it shall publish its own."""
    _ = told.submit_and_deliver(setpoint(21)) if deliver else told.submit(setpoint(21))
    told.desk.release(ZONE, PERSON, told.now)
    assert told.reads(ZONE_STATE, 3) == [0, 0, degrees(20)]
    told.wait(100.0)
    assert told.reads(ZONE_STATE, 3) == [0, 0, degrees(20)]


def test_released_zone_is_live_again_once_the_base_writes(told: Gateway) -> None:
    """The base's next write of a register, even of the same word, ends "no data" for that register."""
    told.desk.release(ZONE, PERSON, told.now)
    told.writes(SETPOINT, degrees(19))
    assert told.reads(ZONE_STATE, 2) == [0, degrees(19)]


def test_release_needs_no_open_command(told: Gateway) -> None:
    """Also without an open command the zone reads as no data: our word may be in force from earlier."""
    told.desk.release(ZONE, PERSON, told.now)
    assert told.reads(ZONE_STATE, 2) == [0, 0]


def test_release_of_an_expired_command(told: Gateway) -> None:
    """A command whose time was up has expired, not been cancelled."""
    command = told.submit(setpoint(21))
    told.wait(30.0)
    told.desk.release(ZONE, PERSON, told.now)
    assert told.state(command) == "expired"


def test_release_leaves_other_zones_alone(told: Gateway) -> None:
    """A zone is released, not the house."""
    told.writes(NEIGHBOUR.state_address, 2, degrees(18))
    command = told.submit(setpoint(22, NEIGHBOUR))
    told.desk.release(ZONE, PERSON, told.now)
    assert told.state(command) == "accepted"
    assert told.reads(NEIGHBOUR.state_address, 2) == [2, degrees(22)]


def test_release_keeps_what_people_see(told: Gateway) -> None:
    """The reported words stay in the image; only the answer to the base changes."""
    told.desk.release(ZONE, PERSON, told.now)
    assert [told.reported(a) for a in (ZONE_STATE, SETPOINT, TEMPERATURE)] == [1, degrees(19), degrees(20)]


def test_command_after_a_release(told: Gateway) -> None:
    """A release is not a lock: the next command is answered as ever."""
    told.desk.release(ZONE, PERSON, told.now)
    told.submit(setpoint(22))
    assert told.reads(ZONE_STATE, 2) == [0, degrees(22)]
