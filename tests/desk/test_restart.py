"""No command survives a restart of the daemon: docs/protocol.md §5. The image does."""

import pytest

from neasmart_gateway.desk.records import CommandChanged
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES
from neasmart_gateway.domain.zones import ZoneRef
from tests.desk.gateway import (
    MODE,
    SETPOINT,
    STRANGER,
    TEMPERATURE,
    ZONE_STATE,
    Gateway,
    degrees,
    global_mode,
    setpoint,
    zone_state,
)

NOTE = "gateway restarted; the base may have read it"


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written its zone."""
    gateway.writes(ZONE_STATE, 1, degrees(19), degrees(20))
    return gateway


@pytest.mark.parametrize("delivered", [False, True])
def test_open_command_is_closed_as_expired(told: Gateway, delivered: bool) -> None:
    """Read or unread, a command of the dead daemon is expired, and its receipt says why."""
    command = told.submit_and_deliver(setpoint(21)) if delivered else told.submit(setpoint(21))
    told.wait(2.0)
    assert told.restart() == 1
    receipt = told.receipt(command)
    assert (receipt["state"], receipt["note"]) == ("expired", NOTE)
    assert receipt["finished_at"] == receipt["writes"][0]["finished_at"] == "2026-01-01T00:00:02.000Z"
    assert receipt["writes"][0]["state"] == "expired"


def test_closing_is_reported(told: Gateway) -> None:
    """Whoever keeps the history of commands hears of each one that was closed."""
    command = told.submit(setpoint(21))
    told.records.clear()
    told.restart()
    assert told.records == [CommandChanged(told.receipt(command))]


def test_no_pending_word_is_left_in_the_image(told: Gateway) -> None:
    """All our words are gone from a kept image, on every kind of register."""
    told.submit(zone_state("party"), setpoint(21))
    told.submit(global_mode("cooling"))
    told.submit(setpoint(22, ZoneRef(5, 12)))
    assert told.restart() == 3
    assert [a for a in COMMAND_ADDRESSES if told.pending(a) is not None] == []
    assert told.desk.pending == 0


def test_a_pending_word_without_a_receipt_is_taken_away_too(told: Gateway) -> None:
    """A daemon killed between two writes may leave a word whose receipt is unknown: it goes as well."""
    told.memory.writer.set_pending(SETPOINT, degrees(21), 77)
    assert told.restart() == 0
    assert told.pending(SETPOINT) is None


def test_the_image_is_kept(told: Gateway) -> None:
    """What the base reported stays readable for people, and measurements for the base."""
    told.submit(setpoint(21))
    told.restart()
    assert [told.reported(a) for a in (ZONE_STATE, SETPOINT, TEMPERATURE)] == [1, degrees(19), degrees(20)]
    assert told.reads(TEMPERATURE) == [degrees(20)]


def test_kept_words_are_no_answers(told: Gateway) -> None:
    """The base reads "no data" where it has not written since this daemon started."""
    told.submit_and_deliver(setpoint(21))
    told.restart()
    assert told.reads(ZONE_STATE, 2) == [0, 0]
    told.writes(SETPOINT, degrees(19))
    assert told.reads(ZONE_STATE, 2) == [0, degrees(19)]


def test_closed_commands_are_left_as_they_are(told: Gateway) -> None:
    """A command that had come to its end keeps it."""
    confirmed = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(21))
    receipt = told.receipt(confirmed)
    assert told.restart() == 0
    assert told.receipt(confirmed) == receipt


def test_half_closed_command_keeps_what_was_closed(told: Gateway) -> None:
    """Of a command with one confirmed register only the open one expires."""
    command = told.submit_and_deliver(zone_state("reduced"), setpoint(21))
    told.writes(ZONE_STATE, 2)
    told.restart()
    assert [write["state"] for write in told.receipt(command)["writes"]] == ["confirmed", "expired"]
    assert told.state(command) == "expired"


def test_an_echo_after_the_restart_confirms_nothing(told: Gateway) -> None:
    """The base's answer to a command of the dead daemon is its own word now."""
    command = told.submit_and_deliver(setpoint(21))
    told.restart()
    told.writes(SETPOINT, degrees(21))
    assert told.state(command) == "expired"
    assert told.reads(SETPOINT) == [degrees(21)]


def test_new_commands_get_new_ids(told: Gateway) -> None:
    """Numbers go on where the dead daemon stopped, so that no receipt is overwritten."""
    older = told.submit(setpoint(21))
    told.restart()
    newer = told.submit(setpoint(22))
    assert newer.slot != older.slot
    assert told.state(older) == "expired"
    assert told.reads(SETPOINT) == [degrees(22)]


def test_a_fresh_memory_has_nothing_to_close(gateway: Gateway) -> None:
    """The first start finds nothing."""
    assert gateway.desk.start(gateway.now) == 0
    assert gateway.records == []


def test_the_base_must_show_itself_again(told: Gateway) -> None:
    """Who the base is, is not remembered over a restart: until somebody writes, anybody may be it."""
    told.restart()
    command = told.submit(global_mode("heating"))
    told.reads(MODE, peer=STRANGER)
    assert told.state(command) == "delivered"
