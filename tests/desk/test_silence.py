"""Words from before a silence of the bus are not served: docs/protocol.md §5 (b) and §6.1."""

from collections.abc import Callable

from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.records import BusFellSilent, BusSpeaks
from neasmart_gateway.desk.rules import Rules
from tests.desk.gateway import (
    BASE,
    MODE,
    SETPOINT,
    START,
    STRANGER,
    TEMPERATURE,
    ZONE_STATE,
    Gateway,
    degrees,
    setpoint,
)

A_ZONE = (2, degrees(19), degrees(20))
NO_DATA = [0, 0, degrees(20)]
"""What such a zone reads as after a silence: the measurement stays, the words that could be commands do not."""


def test_short_silence_changes_nothing(gateway: Gateway) -> None:
    """Up to the stale limit the base reads its own words."""
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(180.0)
    assert gateway.reads(ZONE_STATE, 3) == list(A_ZONE)


def test_after_a_long_silence_the_base_reads_no_data(gateway: Gateway) -> None:
    """Words from before a silence longer than the stale limit are yesterday's and are not replayed."""
    gateway.writes(MODE, 2)
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(180.1)
    assert gateway.reads(ZONE_STATE, 3) == NO_DATA
    assert gateway.reads(MODE) == [0]


def test_silences_do_not_add_up(gateway: Gateway) -> None:
    """Any frame of the base breaks the silence: a quiet base that polls keeps its words for ever."""
    gateway.writes(ZONE_STATE, *A_ZONE)
    for _ in range(10):
        gateway.wait(170.0)
        gateway.reads(MODE)
    assert gateway.reads(ZONE_STATE, 3) == list(A_ZONE)


def test_words_do_not_come_back_without_being_written(gateway: Gateway) -> None:
    """The polls after a silence do not make old words live again."""
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(1000.0)
    for _ in range(3):
        assert gateway.reads(ZONE_STATE, 3) == NO_DATA
        gateway.wait(1.0)


def test_a_word_written_after_the_silence_is_served(gateway: Gateway) -> None:
    """Only the register that the base has written since is answered with its word."""
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(1000.0)
    gateway.writes(SETPOINT, degrees(22))
    assert gateway.reads(ZONE_STATE, 3) == [0, degrees(22), degrees(20)]


def test_a_word_need_not_change_to_be_written(gateway: Gateway) -> None:
    """The base that repeats the same word after a silence has written it."""
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(1000.0)
    gateway.writes(ZONE_STATE, *A_ZONE)
    assert gateway.reads(ZONE_STATE, 3) == list(A_ZONE)


def test_open_command_outlives_a_silence(make_gateway: Callable[[Rules], Gateway]) -> None:
    """A silence withdraws the base's words, not our user's."""
    gateway = make_gateway(Rules(stale_after=10.0))
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(1.0)
    gateway.submit(setpoint(21.5))
    gateway.wait(20.0)
    assert gateway.reads(ZONE_STATE, 3) == [0, degrees(21.5), degrees(20)]


def test_stale_limit_is_settable(make_gateway: Callable[[Rules], Gateway]) -> None:
    """How long a silence must be follows MODBUS_STALE_AFTER_SECONDS."""
    gateway = make_gateway(Rules(stale_after=1.0))
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(1.1)
    assert gateway.reads(ZONE_STATE, 3) == NO_DATA


def test_a_debugging_client_does_not_keep_old_words_alive(gateway: Gateway) -> None:
    """Somebody who only reads does not break the base's silence."""
    gateway.writes(ZONE_STATE, *A_ZONE)
    for _ in range(20):
        gateway.wait(10.0)
        gateway.reads(MODE, peer=STRANGER)
    assert gateway.reads(ZONE_STATE, 3) == NO_DATA


def test_nobody_reads_words_from_before_a_silence(gateway: Gateway) -> None:
    """The rule holds for whoever asks, not only for the peer that used to be the base."""
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(1000.0)
    assert gateway.reads(ZONE_STATE, 3, peer=STRANGER) == NO_DATA


def test_the_read_itself_knows_of_the_silence(gateway: Gateway) -> None:
    """As with expiry, the age is checked in the read, whoever has or has not been heard before it."""
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(180.1)
    assert gateway.desk.read(BASE, ZONE_STATE, 3, gateway.now).words == NO_DATA


def test_base_back_under_another_address_reads_no_data(gateway: Gateway) -> None:
    """An adapter that got a new IP address in the outage polls before it writes, and is not told yesterday's words."""
    back = Peer(BASE.listener, "192.0.2.11")
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(1000.0)
    assert gateway.reads(ZONE_STATE, 3, peer=back) == NO_DATA
    gateway.writes(TEMPERATURE, degrees(20), peer=back)
    assert gateway.reads(ZONE_STATE, 3, peer=back) == NO_DATA


def test_base_back_under_another_address_is_served_what_it_writes(gateway: Gateway) -> None:
    """What it writes first after the outage is written since, and is served."""
    back = Peer(BASE.listener, "192.0.2.11")
    gateway.writes(ZONE_STATE, *A_ZONE)
    gateway.wait(1000.0)
    gateway.writes(ZONE_STATE, *A_ZONE, peer=back)
    gateway.wait(1.0)
    assert gateway.reads(ZONE_STATE, 3, peer=back) == list(A_ZONE)


def test_bus_speaks_is_reported_once(gateway: Gateway) -> None:
    """The first frame is reported with who sent it, the following ones are not."""
    gateway.reads(MODE)
    gateway.reads(MODE)
    assert gateway.records == [BusSpeaks("bus 192.0.2.10")]


def test_fallen_silent_is_reported_once_and_the_return_too(gateway: Gateway) -> None:
    """A tick after the stale limit reports the silence, the next frame reports its end."""
    gateway.reads(MODE)
    gateway.wait(180.0)
    gateway.desk.tick(gateway.now)
    gateway.wait(1.0)
    gateway.desk.tick(gateway.now)
    gateway.desk.tick(gateway.now)
    gateway.reads(MODE)
    assert gateway.records == [BusSpeaks("bus 192.0.2.10"), BusFellSilent(181.0), BusSpeaks("bus 192.0.2.10")]


def test_a_bus_that_never_spoke_has_not_fallen_silent(gateway: Gateway) -> None:
    """Silence is a change: before the first frame there is none to report."""
    gateway.wait(1000.0)
    gateway.desk.tick(gateway.now)
    assert gateway.records == []


def test_header_tells_the_last_frame_and_the_last_write_apart(gateway: Gateway) -> None:
    """A poll shows that the bus is alive; only a write makes values fresh."""
    header = gateway.memory.header
    assert (header.last_frame, header.last_bus_write) == (None, None)
    gateway.reads(MODE)
    assert (header.last_frame, header.last_bus_write) == (START, None)
    gateway.wait(5.0)
    gateway.writes(TEMPERATURE, degrees(20))
    gateway.wait(5.0)
    gateway.reads(MODE)
    assert (header.last_frame, header.last_bus_write) == (START + 10, START + 5)
