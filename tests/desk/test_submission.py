"""A command is taken as a whole or not at all, and its receipt's slot is its own while it is open."""

from collections.abc import Callable

import pytest

from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.modes import OperatingState
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict, GatewayError, InvalidValue
from neasmart_gateway.shm.receipts import SLOTS
from tests.desk.gateway import (
    PERSON,
    SETPOINT,
    ZONE_STATE,
    Gateway,
    degrees,
    global_state,
    setpoint,
    taken,
    zone_state,
)

MOST = 122
"""Registers that a command can name: mode, state and two for each of sixty zones."""


def test_both_are_applied(gateway: Gateway) -> None:
    """State and setpoint of one request are pending together, under one id."""
    command = gateway.submit(zone_state("reduced"), setpoint(18))
    assert (gateway.pending(ZONE_STATE), gateway.pending(SETPOINT)) == (2, degrees(18))
    assert gateway.desk.pending == 2
    assert len(gateway.receipt(command)["writes"]) == 2


def test_none_is_applied_when_none_is_asked_for(gateway: Gateway) -> None:
    """A command without a value is refused."""
    with gateway.nothing_changes(), pytest.raises(InvalidValue):
        gateway.submit()


def test_none_is_applied_when_one_register_is_named_twice(gateway: Gateway) -> None:
    """Two values for one register contradict each other: the whole command is refused."""
    with gateway.nothing_changes(), pytest.raises(InvalidValue):
        gateway.submit(zone_state("reduced"), setpoint(18), setpoint(19))


def test_refused_command_supersedes_nothing(gateway: Gateway) -> None:
    """What is refused leaves an open command as it is."""
    command = gateway.submit(setpoint(18))
    with gateway.nothing_changes(), pytest.raises(InvalidValue):
        gateway.submit(setpoint(19), setpoint(20))
    assert gateway.state(command) == "accepted"


def test_command_too_large_for_its_receipt_is_applied_whole_or_refused_whole(gateway: Gateway) -> None:
    """However many registers a caller names, no word is pending without a receipt that tells of it."""
    everything = [zone_state("party", ref) for ref in ZoneRef.every()]
    try:
        command = gateway.submit(*everything)
    except GatewayError:
        assert gateway.desk.pending == 0
        assert gateway.pending(ZONE_STATE) is None
    else:
        assert len(gateway.receipt(command)["writes"]) == len(everything) == gateway.desk.pending


def test_commands_can_be_switched_off(make_gateway: Callable[[Rules], Gateway]) -> None:
    """With COMMANDS_ENABLED=false every command is refused with the reason, and nothing is pending."""
    gateway = make_gateway(Rules(refusal="commands are switched off"))
    with gateway.nothing_changes(), pytest.raises(Conflict, match="commands are switched off"):
        gateway.submit(setpoint(18))


def test_the_bus_is_served_while_commands_are_switched_off(make_gateway: Callable[[Rules], Gateway]) -> None:
    """Refusing commands changes nothing for the base."""
    gateway = make_gateway(Rules(refusal="commands are switched off"))
    gateway.writes(SETPOINT, degrees(19))
    assert gateway.reads(SETPOINT) == [degrees(19)]


def test_ids_are_never_the_same(gateway: Gateway) -> None:
    """Each command has an id of its own."""
    assert len({gateway.submit(setpoint(20)).id for _ in range(300)}) == 300


def test_slot_of_an_open_command_is_never_reused(gateway: Gateway) -> None:
    """While 600 commands supersede each other elsewhere, the receipt of an open one stays in its slot."""
    delivered = gateway.submit_and_deliver(setpoint(21.5))
    accepted = gateway.submit(zone_state("party", ZoneRef(3, 3)))
    for n in range(600):
        passing = gateway.submit(global_state(list(OperatingState)[n % 6].label))
        assert passing.slot not in (delivered.slot, accepted.slot)
        assert 0 <= passing.slot < SLOTS
    assert gateway.state(delivered) == "delivered"
    assert gateway.state(accepted) == "accepted"
    gateway.writes(SETPOINT, degrees(21.5))
    assert gateway.state(delivered) == "confirmed"


def test_slot_of_a_half_open_command_is_not_reused_either(gateway: Gateway) -> None:
    """A command is open while one of its registers is."""
    command = gateway.submit_and_deliver(zone_state("party"), setpoint(21))
    gateway.writes(ZONE_STATE, 5)
    for _ in range(600):
        gateway.submit(global_state("normal"))
    assert gateway.state(command) == "delivered"


def test_every_register_can_be_open_at_once(gateway: Gateway) -> None:
    """Commands for all command registers live side by side, each with its own receipt."""
    commands = [gateway.submit(setpoint(20, ref)) for ref in ZoneRef.every()]
    commands += [gateway.submit(zone_state("party", ref)) for ref in ZoneRef.every()]
    assert gateway.desk.pending == MOST - 2 == len({command.slot for command in commands})
    assert {gateway.state(command) for command in commands} == {"accepted"}


def test_the_words_are_pending_when_submit_returns(gateway: Gateway) -> None:
    """The very next read of the base may already carry the command."""
    taken(gateway.desk, [setpoint(21)], PERSON, gateway.now)
    assert gateway.reads_in_vain(SETPOINT) == [degrees(21)]
