"""What the base is answered when it reads: docs/protocol.md §5 (a), (b), (c)."""

from collections.abc import Callable

import pytest

from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES
from neasmart_gateway.domain.zones import ZoneRef
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

MakeGateway = Callable[[Rules], Gateway]

ILLEGAL_SETPOINTS = [0x0000, 0x8116, 0x7FFF, degrees(4.99), degrees(35.02), degrees(-5), degrees(300), 0xFFFF]
ILLEGAL_STATES = [0, 7, 10, 0x0100, 0x0103, 0x8001, 0xFFFF]
ILLEGAL_MODES = [0, 6, 10, 0x0101, 0xFFFF]


def test_pending_word_is_answered_before_the_reported_one(gateway: Gateway) -> None:
    """(a) comes before (b): while a command is open, its word is what the base reads."""
    gateway.writes(SETPOINT, degrees(19))
    gateway.submit(setpoint(21.5))
    assert gateway.reads(SETPOINT) == [degrees(21.5)]


def test_pending_word_is_answered_again_after_delivery(gateway: Gateway) -> None:
    """A delivered command is still open: the base may read it as often as it likes."""
    gateway.submit(setpoint(21.5))
    assert [gateway.reads(SETPOINT) for _ in range(3)] == [[degrees(21.5)]] * 3


@pytest.mark.parametrize("unit", [240, 241])
def test_every_kind_of_command_is_answered(gateway: Gateway, unit: int) -> None:
    """Mode, state, zone state and zone setpoint all become answers, for whichever unit asks."""
    gateway.submit(global_mode("cooling"), global_state("party"), zone_state("standby"), setpoint(18))
    assert gateway.reads(MODE, 2, unit=unit) == [3, 5]
    assert gateway.reads(ZONE_STATE, 2, unit=unit) == [3, degrees(18)]


def test_reported_word_is_answered_while_no_command_is_open(gateway: Gateway) -> None:
    """(b): what the base wrote since this daemon started is what it reads."""
    gateway.writes(ZONE_STATE, 2, degrees(19))
    gateway.writes(MODE, 4, 6)
    assert gateway.reads(ZONE_STATE, 2) == [2, degrees(19)]
    assert gateway.reads(MODE, 2) == [4, 6]


@pytest.mark.parametrize("address", sorted(COMMAND_ADDRESSES)[:8] + sorted(COMMAND_ADDRESSES)[-4:])
def test_command_register_never_written_reads_as_no_data(gateway: Gateway, address: int) -> None:
    """(c): a register of which nothing is known says "no data"."""
    assert gateway.reads(address) == [0]


@pytest.mark.parametrize("word", ILLEGAL_SETPOINTS, ids=hex)
def test_illegal_setpoint_is_never_sent_back(gateway: Gateway, word: int) -> None:
    """Standby, invalid data and whatever is out of range is stored, but the base reads "no data"."""
    gateway.writes(SETPOINT, word)
    assert gateway.reported(SETPOINT) == word
    assert gateway.reads(SETPOINT) == [0]


@pytest.mark.parametrize("address", [STATE, ZONE_STATE])
@pytest.mark.parametrize("word", ILLEGAL_STATES, ids=hex)
def test_illegal_state_is_never_sent_back(gateway: Gateway, address: int, word: int) -> None:
    """A state that does not exist, "mixed", or one with something in its high byte is answered with "no data"."""
    gateway.writes(address, word)
    assert gateway.reported(address) == word
    assert gateway.reads(address) == [0]


@pytest.mark.parametrize("word", ILLEGAL_MODES, ids=hex)
def test_illegal_mode_is_never_sent_back(gateway: Gateway, word: int) -> None:
    """A mode that does not exist is answered with "no data"."""
    gateway.writes(MODE, word)
    assert gateway.reads(MODE) == [0]


@pytest.mark.parametrize(
    ("address", "words"), [(MODE, range(1, 6)), (STATE, range(1, 7)), (ZONE_STATE, range(1, 7))], ids=str
)
def test_every_legal_mode_and_state_is_sent_back(gateway: Gateway, address: int, words: range) -> None:
    """The base reads each of its own modes and states as it wrote it."""
    for word in words:
        gateway.writes(address, word)
        assert gateway.reads(address) == [word]


@pytest.mark.parametrize("celsius", [5.0, 19.9, 35.0])
def test_both_ends_of_the_setpoint_range_are_legal(gateway: Gateway, celsius: float) -> None:
    """The range of setpoints includes its ends."""
    gateway.writes(SETPOINT, degrees(celsius))
    assert gateway.reads(SETPOINT) == [degrees(celsius)]


@pytest.mark.parametrize(("celsius", "legal"), [(15.9, False), (16.0, True), (24.0, True), (24.1, False)])
def test_setpoint_range_is_settable(make_gateway: MakeGateway, celsius: float, legal: bool) -> None:
    """What may be sent back follows MODBUS_SETPOINT_MIN and _MAX."""
    gateway = make_gateway(Rules(allowed=SetpointRange(16, 24)))
    gateway.writes(SETPOINT, degrees(celsius))
    assert gateway.reads(SETPOINT) == [degrees(celsius) if legal else 0]


def test_no_data_word_of_states_and_modes_is_settable(make_gateway: MakeGateway) -> None:
    """MODBUS_NO_DATA_STATE holds for mode and states; a setpoint without data is always 0."""
    gateway = make_gateway(Rules(no_data_state=10))
    assert gateway.reads(MODE, 2) == [10, 10]
    assert gateway.reads(ZONE_STATE, 3) == [10, 0, 0]


def test_no_data_word_also_stands_for_an_illegal_one(make_gateway: MakeGateway) -> None:
    """An illegal state is answered with the same no-data word as an unknown one, even if the base wrote 0."""
    gateway = make_gateway(Rules(no_data_state=10))
    gateway.writes(ZONE_STATE, 0, 0x7FFF)
    assert gateway.reads(ZONE_STATE, 2) == [10, 0]


def test_measurements_are_served_as_they_are(gateway: Gateway) -> None:
    """A measurement register is answered with its word, whatever that means, and with 0 if never written."""
    gateway.writes(TEMPERATURE, 0x7FFF)
    gateway.writes(110, 0xFFFF)
    assert gateway.reads(TEMPERATURE, 9) == [0x7FFF, 0, 0, 0, 0, 0, 0, 0, 0xFFFF]


@pytest.mark.parametrize("address", [0, 4, 9, 99, 103, 6100, 65535])
def test_unknown_addresses_are_stored_and_served(gateway: Gateway, address: int) -> None:
    """An address in no table keeps what the base writes."""
    gateway.writes(address, 0xBEEF)
    assert gateway.reads(address) == [0xBEEF]


def test_reading_makes_nothing_heard_of(gateway: Gateway) -> None:
    """Only a write makes a register known; a read never does."""
    gateway.reads(0, 125)
    assert [gateway.reported(address) for address in (MODE, ZONE_STATE, SETPOINT, TEMPERATURE)] == [None] * 4


def test_expired_word_is_not_served_even_unasked_for_till_then(gateway: Gateway) -> None:
    """Expiry is checked in the read itself: 30.0 s after the command the reported word is back."""
    gateway.writes(SETPOINT, degrees(19))
    gateway.submit(setpoint(21.5))
    gateway.wait(30.0)
    assert gateway.reads(SETPOINT) == [degrees(19)]


def test_word_is_served_up_to_its_last_moment(gateway: Gateway) -> None:
    """A command that is 29.9 s old is still an answer."""
    gateway.submit(setpoint(21.5))
    gateway.wait(29.9)
    assert gateway.reads(SETPOINT) == [degrees(21.5)]


@pytest.mark.parametrize("start", [98, 100, 150, 199, 200, 201])
def test_read_over_many_zones_finds_every_register(gateway: Gateway, start: int) -> None:
    """A read that begins anywhere and runs through several zones answers each address with its own word."""
    for address in range(90, 330):
        if address not in COMMAND_ADDRESSES:
            gateway.writes(address, address)
    words = gateway.reads(start, 125)
    expected = [0 if address in COMMAND_ADDRESSES else address for address in range(start, start + 125)]
    assert words == expected


@pytest.mark.parametrize("start", [101, 150, 199, 200])
def test_open_command_on_a_zones_first_register_leaves_its_neighbours_right(gateway: Gateway, start: int) -> None:
    """A read that runs into a zone whose state has an open word goes on with that zone's registers."""
    gateway.writes(ZONE_STATE, 1, degrees(18), degrees(17))
    gateway.writes(200, 1, degrees(23), degrees(24))
    gateway.submit(zone_state("reduced", ZoneRef(1, 2)))
    words = gateway.reads(start, 60 + 200 - start)
    assert words[200 - start : 203 - start] == [2, degrees(23), degrees(24)]


def test_last_address_can_be_read(gateway: Gateway) -> None:
    """The address space ends at 65535, and that register is served too."""
    gateway.writes(65530, 1, 2, 3, 4, 5, 6)
    assert gateway.reads(65530, 6) == [1, 2, 3, 4, 5, 6]


def test_masked_write_sees_the_reported_word(gateway: Gateway) -> None:
    """The word that a masked write starts from is the base's own, 0 when there is none, never a pending one."""
    assert gateway.desk.reported(SETPOINT) == 0
    gateway.writes(SETPOINT, degrees(19))
    gateway.submit(setpoint(21.5))
    assert gateway.desk.reported(SETPOINT) == degrees(19)
