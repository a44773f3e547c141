"""A setpoint that moves after a state command belongs to it: docs/protocol.md §5, REHAU keeps a setpoint per state."""

from collections.abc import Callable

import pytest

from neasmart_gateway.desk.command import Command
from neasmart_gateway.desk.records import Cause
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.commands import Timing
from neasmart_gateway.domain.zones import ZoneRef
from tests.desk.gateway import SETPOINT, ZONE_STATE, Gateway, degrees, global_mode, global_state, setpoint, zone_state

OTHER = ZoneRef(5, 12)


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written two zones."""
    gateway.writes(ZONE_STATE, 1, degrees(21), degrees(20))
    gateway.writes(OTHER.state_address, 1, degrees(21), degrees(20))
    return gateway


def cause(gateway: Gateway, address: int = SETPOINT) -> tuple[Cause, str | None]:
    """Why a register changed last."""
    change = gateway.changes(address)[-1]
    return change.credit.cause, change.credit.command_id


def belongs_to(command: Command) -> tuple[Cause, str | None]:
    return Cause.STATE_COMMAND, command.id


@pytest.mark.parametrize("seconds", [0.0, 59.9])
def test_setpoint_that_moves_soon_belongs_to_the_state_command(told: Gateway, seconds: float) -> None:
    """Within 60 s the move is caused by the state command and names it."""
    command = told.submit_and_deliver(zone_state("reduced"))
    told.wait(seconds)
    told.writes(SETPOINT, degrees(18))
    assert cause(told) == belongs_to(command)


def test_setpoint_that_moves_later_is_the_bases(told: Gateway) -> None:
    """After 60 s the move has nothing to do with our command."""
    told.submit_and_deliver(zone_state("reduced"))
    told.wait(60.1)
    told.writes(SETPOINT, degrees(18))
    assert cause(told) == (Cause.BASE, None)


def test_only_the_first_move_belongs_to_it(told: Gateway) -> None:
    """The second move is somebody's own, however soon."""
    command = told.submit_and_deliver(zone_state("reduced"))
    told.writes(SETPOINT, degrees(18))
    assert cause(told) == belongs_to(command)
    told.writes(SETPOINT, degrees(23))
    assert cause(told) == (Cause.BASE, None)


def test_a_repeated_setpoint_is_no_move(told: Gateway) -> None:
    """The base that says the same setpoint again has not moved it: the move is still to come."""
    command = told.submit_and_deliver(zone_state("reduced"))
    told.writes(SETPOINT, degrees(21))
    told.writes(SETPOINT, degrees(18))
    assert cause(told) == belongs_to(command)


def test_an_undelivered_state_command_moves_nothing(told: Gateway) -> None:
    """What the base has not read cannot be the cause."""
    told.submit(zone_state("reduced"))
    told.writes(SETPOINT, degrees(18))
    assert cause(told) == (Cause.BASE, None)


def test_state_and_setpoint_in_one_write(told: Gateway) -> None:
    """The base may echo the state and move the setpoint in one write."""
    command = told.submit_and_deliver(zone_state("standby"))
    told.writes(ZONE_STATE, 3, 0x8116, degrees(20))
    assert told.state(command) == "confirmed"
    assert cause(told) == belongs_to(command)


def test_the_move_may_come_after_the_confirmation(told: Gateway) -> None:
    """That the state is confirmed does not end the time in which its setpoint may move."""
    command = told.submit_and_deliver(zone_state("reduced"))
    told.writes(ZONE_STATE, 2)
    told.wait(30.0)
    told.writes(SETPOINT, degrees(18))
    assert cause(told) == belongs_to(command)


def test_another_zones_setpoint_does_not_belong_to_it(told: Gateway) -> None:
    """A zone's state moves that zone's setpoint only."""
    told.submit_and_deliver(zone_state("reduced"))
    told.writes(OTHER.setpoint_address, degrees(18))
    assert cause(told, OTHER.setpoint_address) == (Cause.BASE, None)


def test_the_plants_state_moves_every_zone_once(told: Gateway) -> None:
    """A command for the whole plant may move each zone's setpoint."""
    command = told.submit_and_deliver(global_state("standby"))
    for address in (SETPOINT, OTHER.setpoint_address):
        told.writes(address, degrees(18))
        assert cause(told, address) == belongs_to(command)
        told.writes(address, degrees(19))
        assert cause(told, address) == (Cause.BASE, None)


def test_the_plants_mode_moves_setpoints_too(told: Gateway) -> None:
    """From heating to cooling the setpoints are others."""
    command = told.submit_and_deliver(global_mode("cooling"))
    told.writes(SETPOINT, degrees(25))
    assert cause(told) == belongs_to(command)


def test_setpoint_command_expects_no_companion(told: Gateway) -> None:
    """A setpoint command moves nothing but itself."""
    told.submit_and_deliver(setpoint(23))
    told.writes(SETPOINT, degrees(23))
    told.writes(SETPOINT, degrees(18))
    assert cause(told) == (Cause.BASE, None)


def test_the_states_setpoint_does_not_override_ours(told: Gateway) -> None:
    """With state and setpoint both asked for, the state's own setpoint comes first and leaves ours open, once."""
    command = told.submit_and_deliver(zone_state("reduced"), setpoint(23))
    told.writes(SETPOINT, degrees(18))
    assert told.write_of(command, SETPOINT)["state"] == "delivered"
    assert cause(told) == belongs_to(command)
    assert told.reads(SETPOINT) == [degrees(23)]
    told.writes(SETPOINT, degrees(17))
    assert told.write_of(command, SETPOINT)["state"] == "overridden"


def test_our_setpoint_can_still_be_confirmed_after_the_states(told: Gateway) -> None:
    """After its state's setpoint the base may write ours: confirmed."""
    command = told.submit_and_deliver(zone_state("reduced"), setpoint(23))
    told.writes(ZONE_STATE, 2, degrees(18), degrees(20))
    told.writes(SETPOINT, degrees(23))
    assert told.state(command) == "confirmed"


def test_the_window_is_settable(make_gateway: Callable[[Rules], Gateway]) -> None:
    """How long a setpoint may take to follow is a matter of the rules."""
    gateway = make_gateway(Rules(timing=Timing(companion_window=10.0)))
    gateway.writes(SETPOINT, degrees(21))
    gateway.submit_and_deliver(zone_state("reduced"))
    gateway.wait(10.1)
    gateway.writes(SETPOINT, degrees(18))
    assert cause(gateway) == (Cause.BASE, None)
