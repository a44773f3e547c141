"""Frames of unknown length: their place says where they begin, their checksum and what follows say where they end."""

import pytest

from neasmart_gateway.modbus.chain import Chain, may_be_proprietary
from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import Verdict
from tests.modbus.line import (
    BROADCAST,
    FOREIGN,
    FOREIGN_ANSWER,
    GAP,
    OTHER_READ,
    OURS,
    PAUSE,
    PROPRIETARY,
    READ,
    Part,
    frame,
    hit,
    listen,
    to_us,
    told,
)

CARRIER = sealed(b"\x63\x65\x01\x02" + READ + b"\x03\x04\x05")
ODD = sealed(b"\x63\x03\x07" + READ + b"\x01")
"""A standard function with a length that it does not have."""
CARRIERS = {
    "function 65": CARRIER,
    "odd length": ODD,
    "an exception of 13 bytes": sealed(b"\x63\x83" + READ + b"\x01"),
    "to all": sealed(b"\x00\x41" + READ),
    "a look-alike and nothing else": sealed(b"\x63\x65" + READ),
    "the longest": sealed(b"\x63\x65" + READ + bytes(range(1, 245))),
    "an event log": frame(17, "2b 0e 01 83 00 00 01 00 03 616263"),
}


@pytest.mark.parametrize("data", CARRIERS.values(), ids=CARRIERS)
@pytest.mark.parametrize("before", [[], [PAUSE], [READ], [FOREIGN], [FOREIGN, FOREIGN_ANSWER]], ids=repr)
@pytest.mark.parametrize("behind", [[], [PAUSE], [OTHER_READ], [BROADCAST], [FOREIGN]], ids=repr)
def test_its_place_and_its_end_are_known(data: bytes, before: list[Part], behind: list[Part]) -> None:
    """Behind a pause or a frame, and before one: what it carries is its own."""
    found = listen(*before, data, *behind)
    assert (Verdict.PROPRIETARY, data) in told(found)
    assert [heard.data for heard in found] == [part for part in (*before, data, *behind) if part]


@pytest.mark.parametrize("data", CARRIERS.values(), ids=CARRIERS)
def test_byte_by_byte(data: bytes) -> None:
    """However it is chopped."""
    pieces = [bytes((byte,)) for byte in data + OTHER_READ]
    assert told(listen(*pieces)) == [(Verdict.PROPRIETARY, data), (Verdict.REQUEST, OTHER_READ)]


@pytest.mark.parametrize("row", [1, 2, 3])
@pytest.mark.parametrize("behind", [[PAUSE, OTHER_READ], [OTHER_READ]], ids=["pause", "glued"])
def test_some_in_a_row(row: int, behind: list[Part]) -> None:
    """Up to three are followed without a pause between them."""
    assert to_us(listen(*[CARRIER] * row, *behind)) == [OTHER_READ]
    assert to_us(listen(CARRIER, ODD, CARRIER, *behind)) == [OTHER_READ]


def test_more_in_a_row_are_not_followed() -> None:
    """What is held has a bound: a fourth one in a row ends the following; what stands behind them is heard."""
    assert to_us(listen(*[CARRIER] * 4, OTHER_READ)) == [*[READ] * 4, OTHER_READ]
    assert to_us(listen(*[CARRIER, PAUSE] * 4, OTHER_READ)) == [OTHER_READ]


@pytest.mark.parametrize("noise", [b"\x9e", READ[:5], hit(OTHER_READ)], ids=["a byte", "half a frame", "a hit frame"])
def test_its_place_is_lost_behind_noise(noise: bytes) -> None:
    """Nothing tells where it begins: what it carries is a frame as far as anybody can see."""
    assert to_us(listen(noise, CARRIER)) == [READ]
    assert to_us(listen(noise, PAUSE, CARRIER)) == []


@pytest.mark.parametrize("noise", [b"\x9e", READ[:5], hit(OTHER_READ)], ids=["a byte", "half a frame", "a hit frame"])
def test_its_end_is_lost_before_noise(noise: bytes) -> None:
    """A right checksum alone is not enough: among two hundred lengths one comes out right too often."""
    assert to_us(listen(CARRIER, noise)) == [READ]
    assert to_us(listen(CARRIER, PAUSE, noise)) == []


@pytest.mark.parametrize("zeros", [1, 2, 3])
def test_zeros_behind_it(zeros: int) -> None:
    """They leave the checksum right, so they belong to it; too many are noise."""
    assert told(listen(PROPRIETARY + bytes(zeros) + READ)) == [
        (Verdict.PROPRIETARY, PROPRIETARY + bytes(zeros)),
        (Verdict.REQUEST, READ),
    ]


def test_many_zeros_behind_it() -> None:
    """At most four right checksums are noted; what follows the zeros is heard all the same."""
    assert to_us(listen(PROPRIETARY + bytes(9) + READ)) == [READ]
    assert to_us(listen(CARRIER + bytes(3) + OTHER_READ)) == [OTHER_READ]
    assert to_us(listen(CARRIER + bytes(4) + OTHER_READ)) == [READ, OTHER_READ]


def test_a_shorter_right_checksum_with_nothing_behind_it_does_not_count() -> None:
    """It has come out right by accident in the middle of a frame; the frame goes on to where something follows."""
    inner = sealed(b"\x63\x65\x01\x02")
    outer = sealed(inner + b"\x9e\x7b" + READ + b"\x01")
    assert told(listen(outer)) == [(Verdict.PROPRIETARY, outer)]
    assert told(listen(outer, OTHER_READ)) == [(Verdict.PROPRIETARY, outer), (Verdict.REQUEST, OTHER_READ)]


def test_a_right_checksum_waits_for_what_follows() -> None:
    """Not before the pause, or the next frame, is its end known."""
    framer = RtuFramer(OURS, GAP)
    assert framer.feed(PROPRIETARY, 1.0) == []
    assert framer.feed(READ[:-1], 1.001) == []
    assert told(framer.feed(READ[-1:], 1.002)) == [(Verdict.PROPRIETARY, PROPRIETARY), (Verdict.REQUEST, READ)]
    assert framer.feed(PROPRIETARY, 1.003) == []
    assert told(framer.advance(1.003 + GAP)) == [(Verdict.PROPRIETARY, PROPRIETARY)]


@pytest.mark.parametrize("function", [0x09, 0x41, 0x65, 0x7F])
@pytest.mark.parametrize("body", [b"", b"\x01", bytes(range(40))], ids=len)
def test_an_unknown_function_to_us_is_a_request(function: int, body: bytes) -> None:
    """Whoever asks is refused with exception 01: it is heard at the pause, or before the next frame."""
    data = sealed(bytes((240, function)) + body)
    assert told(listen(data)) == [(Verdict.REQUEST, data)]
    assert told(listen(READ, data, OTHER_READ)) == [(Verdict.REQUEST, part) for part in (READ, data, OTHER_READ)]


@pytest.mark.parametrize("pdu", ["03 0064 0001 00", "06 0064", "80 01", "f0 01 02"])
def test_a_known_function_with_a_wrong_length_to_us_is_none(pdu: str) -> None:
    """Neither is a function that no request has: nothing says what it wants."""
    data = frame(240, pdu)
    assert told(listen(data)) == [(Verdict.PROPRIETARY, data)]


@pytest.mark.parametrize(
    ("unit", "function", "may"),
    [(0, 0x41, True), (0, 0x7F, True), (0, 0x80, False), (0, 0, False), (1, 0x80, True), (247, 0xFF, True),
     (247, 0, False), (248, 0x41, False), (255, 0x41, False), (240, 0x65, True)],
)  # fmt: skip
def test_how_one_may_begin(unit: int, function: int, may: bool) -> None:
    """With an address that Modbus gives away, and with a function; nobody refuses in the name of all."""
    assert may_be_proprietary(unit, function) is may
    data = sealed(bytes((unit, function, 1, 2, 3, 4)))
    assert (data in [heard.data for heard in listen(data + READ) if heard.verdict is not Verdict.NOISE]) is may


def test_a_chain_notes_where_its_checksum_is_right() -> None:
    """In whatever parts the bytes come; four lengths at the most, and not beyond the longest frame."""
    chain, buffer = Chain(), bytearray(b"\xff\xff")
    for byte in PROPRIETARY + bytes(9):
        buffer.append(byte)
        chain.extend(buffer, 2)
    assert chain.lengths == [len(PROPRIETARY) + n for n in range(4)]
    assert not chain.complete
    buffer += bytes(600)
    chain.extend(buffer, 2)
    assert chain.complete
    chain.extend(buffer, 2)
    assert chain.lengths == [len(PROPRIETARY) + n for n in range(4)]


def test_a_checksum_alone_is_no_frame() -> None:
    """Three bytes can have a right checksum, but no frame is that short."""
    chain = Chain()
    chain.extend(bytearray(sealed(b"\x63") + b"\x01\x02"), 0)
    assert chain.lengths == []
