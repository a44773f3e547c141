"""When a command counts as delivered, and when nobody has read it in time: docs/protocol.md §5."""

from collections.abc import Callable

import pytest

from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.commands import Timing
from neasmart_gateway.domain.zones import ZoneRef
from tests.desk.gateway import (
    BASE,
    PERSON,
    SETPOINT,
    STATE,
    STRANGER,
    TEMPERATURE,
    ZONE_STATE,
    Gateway,
    degrees,
    setpoint,
    zone_state,
)


@pytest.fixture
def known(gateway: Gateway) -> Gateway:
    """A gateway that knows its base: BASE has written a measurement."""
    gateway.writes(TEMPERATURE, degrees(20))
    return gateway


def test_new_command_is_accepted(known: Gateway) -> None:
    """Before the base has read anything the command is accepted, and its word pending in the image."""
    command = known.submit(setpoint(21.5))
    assert known.state(command) == "accepted"
    assert known.pending(SETPOINT) == degrees(21.5)
    assert known.desk.pending == 1


@pytest.mark.parametrize("unit", [240, 241])
def test_answer_to_the_base_delivers(known: Gateway, unit: int) -> None:
    """An answer that reached the transport delivers the command; the receipt names the unit that was asked."""
    command = known.submit(setpoint(21.5))
    known.reads(SETPOINT, unit=unit)
    assert known.state(command) == "delivered"
    assert known.write_of(command, SETPOINT)["delivered_unit"] == unit


def test_answer_that_never_left_does_not_deliver(known: Gateway) -> None:
    """Reading alone is not delivery: the answer must have been handed to the transport."""
    command = known.submit(setpoint(21.5))
    assert known.reads_in_vain(SETPOINT) == [degrees(21.5)]
    assert known.state(command) == "accepted"


def test_read_of_other_registers_does_not_deliver(known: Gateway) -> None:
    """Only an answer that carries the word delivers it."""
    command = known.submit(setpoint(21.5))
    known.reads(ZONE_STATE)
    known.reads(TEMPERATURE, 100)
    assert known.state(command) == "accepted"


def test_one_answer_delivers_all_that_it_carries(known: Gateway) -> None:
    """A read over a zone delivers state and setpoint, a read of one register only that one."""
    command = known.submit(zone_state("reduced"), setpoint(18))
    known.reads(SETPOINT)
    assert [write["state"] for write in known.receipt(command)["writes"]] == ["accepted", "delivered"]
    known.reads(ZONE_STATE, 3)
    assert [write["state"] for write in known.receipt(command)["writes"]] == ["delivered", "delivered"]


def test_a_debugging_client_does_not_deliver(known: Gateway) -> None:
    """A peer at another address that never wrote a measurement sees the word, but it is not the base."""
    command = known.submit(setpoint(21.5))
    assert known.reads(SETPOINT, peer=STRANGER) == [degrees(21.5)]
    assert known.state(command) == "accepted"


def test_the_same_address_on_another_listener_is_another_peer(known: Gateway) -> None:
    """A peer is a listener and an address: whoever comes in elsewhere is not the base."""
    command = known.submit(setpoint(21.5))
    known.reads(SETPOINT, peer=Peer("another listener", BASE.host))
    assert known.state(command) == "accepted"


def test_a_reconnected_base_is_the_same_peer(known: Gateway) -> None:
    """A new connection of the same address (a peer has no TCP port) delivers."""
    command = known.submit(setpoint(21.5))
    known.reads(SETPOINT, peer=Peer(BASE.listener, BASE.host))
    assert known.state(command) == "delivered"


def test_anybody_delivers_while_no_base_is_known(gateway: Gateway) -> None:
    """Until somebody writes measurements, whoever reads may be the base."""
    command = gateway.submit(setpoint(21.5))
    gateway.reads(SETPOINT, peer=STRANGER)
    assert gateway.state(command) == "delivered"


def test_writing_commands_does_not_make_a_base(gateway: Gateway) -> None:
    """Only measurements show a base: a person's tool that writes a setpoint is none."""
    gateway.writes(SETPOINT, degrees(19), peer=STRANGER)
    gateway.writes(TEMPERATURE, degrees(20), peer=BASE)
    command = gateway.submit(setpoint(21.5))
    gateway.reads(SETPOINT, peer=STRANGER)
    assert gateway.state(command) == "accepted"


def test_writing_a_whole_zone_makes_a_base(gateway: Gateway) -> None:
    """A write that holds a measurement among commands shows a base."""
    gateway.writes(ZONE_STATE, 1, degrees(19), degrees(20), peer=STRANGER)
    command = gateway.submit(setpoint(21.5))
    gateway.reads(SETPOINT, peer=BASE)
    assert gateway.state(command) == "accepted"
    gateway.reads(SETPOINT, peer=STRANGER)
    assert gateway.state(command) == "delivered"


def test_unread_command_expires(known: Gateway) -> None:
    """A command that nobody read for 30 s is expired, and its word is gone from the image."""
    command = known.submit(setpoint(21.5))
    known.wait(30.0)
    known.desk.tick(known.now)
    assert known.state(command) == "expired"
    assert known.pending(SETPOINT) is None
    assert known.desk.pending == 0


def test_the_read_itself_finds_the_command_expired(known: Gateway) -> None:
    """Without any tick, a read at 30 s closes the command."""
    command = known.submit(setpoint(21.5))
    known.wait(30.0)
    assert known.reads(SETPOINT) == [0]
    assert known.state(command) == "expired"


def test_tick_before_the_time_closes_nothing(known: Gateway) -> None:
    """Up to its last moment a command stays as it is."""
    command = known.submit(setpoint(21.5))
    known.wait(29.9)
    known.desk.tick(known.now)
    assert known.state(command) == "accepted"


def test_a_debugging_client_does_not_keep_a_command_alive(known: Gateway) -> None:
    """Being read by somebody else does not count: the command expires."""
    command = known.submit(setpoint(21.5))
    for _ in range(30):
        known.reads(SETPOINT, peer=STRANGER)
        known.wait(1.0)
    known.desk.tick(known.now)
    assert known.state(command) == "expired"


def test_delivered_command_does_not_expire(known: Gateway) -> None:
    """Once read, the command waits for the base's word, not for another read."""
    command = known.submit_and_deliver(setpoint(21.5))
    known.wait(30.0)
    known.desk.tick(known.now)
    assert known.state(command) == "delivered"


def test_silence_after_delivery_is_unconfirmed(known: Gateway) -> None:
    """60 s after delivery without a write the command is unconfirmed, and (b) applies again."""
    known.writes(SETPOINT, degrees(19))
    command = known.submit_and_deliver(setpoint(21.5))
    known.wait(59.9)
    assert known.reads(SETPOINT) == [degrees(21.5)]
    known.wait(0.1)
    assert known.reads(SETPOINT) == [degrees(19)]
    assert known.state(command) == "unconfirmed"
    assert known.pending(SETPOINT) is None


def test_unconfirmed_command_leaves_no_data_where_nothing_was_reported(known: Gateway) -> None:
    """A withdrawn word is not replaced by one that the base never wrote: (c) applies."""
    known.submit_and_deliver(zone_state("party"))
    known.wait(60.0)
    assert known.reads(ZONE_STATE) == [0]


def test_confirmation_time_counts_from_the_first_delivery(known: Gateway) -> None:
    """Reading it again and again does not prolong a command's life."""
    command = known.submit_and_deliver(setpoint(21.5))
    for _ in range(6):
        known.wait(10.0)
        known.reads(SETPOINT)
    assert known.state(command) == "unconfirmed"


def test_times_are_settable(make_gateway: Callable[[Rules], Gateway]) -> None:
    """COMMAND_TIMEOUT and CONFIRM_TIMEOUT decide, not the defaults."""
    gateway = make_gateway(Rules(timing=Timing(command_timeout=2.0, confirm_timeout=3.0)))
    unread, read = gateway.submit(setpoint(20)), gateway.submit_and_deliver(setpoint(21, ZoneRef(1, 2)))
    gateway.wait(2.0)
    gateway.desk.tick(gateway.now)
    assert (gateway.state(unread), gateway.state(read)) == ("expired", "delivered")
    gateway.wait(1.0)
    gateway.desk.tick(gateway.now)
    assert gateway.state(read) == "unconfirmed"


def test_an_answer_that_outlives_its_command(known: Gateway) -> None:
    """Read in time, handed over when it had expired: it stays expired, and says that it may have been read."""
    command = known.submit(setpoint(21.5))
    known.wait(29.9)
    read_at, answer = known.now, known.desk.read(BASE, SETPOINT, 1, known.now)
    known.wait(0.1)
    known.desk.tick(known.now)
    known.desk.delivered(answer.pending, 241, BASE, read_at)
    receipt = known.receipt(command)
    assert (receipt["state"], receipt["note"]) == ("expired", "the base may have read it just before it ended")
    assert (receipt["writes"][0]["delivered_unit"], known.told(command)) == (241, ["accepted", "expired", "expired"])


def test_an_answer_that_never_left_is_not_told(known: Gateway) -> None:
    """What was not handed over before the end was not read, and a later answer carries another command's word."""
    older = known.submit(setpoint(21.5))
    known.reads_in_vain(SETPOINT)
    known.wait(1.0)
    newer = known.submit(setpoint(22))
    known.wait(1.0)
    known.reads(SETPOINT)
    read_at, again = known.now, known.desk.read(BASE, SETPOINT, 1, known.now)
    known.writes(SETPOINT, degrees(22))
    known.desk.delivered(again.pending, 240, BASE, read_at)
    assert (known.receipt(older)["note"], known.write_of(older, SETPOINT)["delivered_at"]) == (None, None)
    assert (known.state(newer), known.receipt(newer)["note"]) == ("confirmed", None)


def test_an_answer_with_the_older_word_does_not_deliver_the_newer(known: Gateway) -> None:
    """A newer command that came between read and hand-over still waits for the base, which may take the older one."""
    older, newer = known.submit(setpoint(21.5)), known.desk.prepare([setpoint(22)], PERSON, known.now)
    known.wait(0.05)
    read_at, answer = known.now, known.desk.read(BASE, SETPOINT, 1, known.now)
    known.wait(0.05)
    known.desk.admit(newer, known.now)
    known.desk.delivered(answer.pending, 240, BASE, read_at)
    assert (known.state(older), known.state(newer)) == ("superseded", "accepted")
    assert known.receipt(older)["note"] == "the base may have read it just before it ended"


def test_the_echo_of_a_word_that_was_read_after_all_is_old_to_its_successor(known: Gateway) -> None:
    """As with a command that was superseded after its delivery: within 5 s it was on its way."""
    older, newer = known.submit(setpoint(21.5)), known.desk.prepare([setpoint(24)], PERSON, known.now)
    read_at, answer = known.now, known.desk.read(BASE, SETPOINT, 1, known.now)
    known.wait(0.05)
    known.desk.admit(newer, known.now)
    known.desk.delivered(answer.pending, 240, BASE, read_at)
    known.reads(SETPOINT)
    known.wait(1.0)
    known.writes(SETPOINT, degrees(21.5))
    assert (known.state(older), known.state(newer)) == ("superseded", "delivered")
    known.writes(SETPOINT, degrees(24))
    assert known.state(newer) == "confirmed"


def test_final_states_are_final(known: Gateway) -> None:
    """What the base reads or writes later does not touch a closed command."""
    command = known.submit_and_deliver(setpoint(21.5))
    known.wait(60.0)
    known.reads(SETPOINT)
    receipt = known.receipt(command)
    known.writes(SETPOINT, degrees(21.5))
    known.reads(SETPOINT)
    assert known.receipt(command) == receipt


def test_only_our_registers_are_delivered(known: Gateway) -> None:
    """The global state and a zone's state are different registers with the same kind of word."""
    command = known.submit(zone_state("party"))
    known.reads(STATE)
    assert known.state(command) == "accepted"
