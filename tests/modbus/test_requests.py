"""Requests are taken apart as the specification has them, and refused where a length or a count cannot be."""

import struct

import pytest

from neasmart_gateway.modbus.requests import Masks, Request, acknowledgement, answer, parse

READ, WRITE_ONE = bytes.fromhex("03 0064 0003"), bytes.fromhex("06 0065 0C1A")
WRITE_MANY, MASK = bytes.fromhex("10 0064 0002 04 0001 0C1A"), bytes.fromhex("16 0004 00F2 0025")
BOTH = bytes.fromhex("17 0064 0003 00C8 0002 04 AAAA BBBB")


def many(count: int, size: int, words: int) -> bytes:
    return struct.pack(">BHHB", 16, 100, count, size) + bytes(2 * words)


def both(to_read: int, count: int, size: int, words: int) -> bytes:
    return struct.pack(">BHHHHB", 23, 100, to_read, 200, count, size) + bytes(2 * words)


@pytest.mark.parametrize(
    ("pdu", "request_", "end"),
    [
        (READ, Request(100, 3), 103),
        (WRITE_ONE, Request(write_at=101, words=(0x0C1A,)), 102),
        (WRITE_MANY, Request(write_at=100, words=(1, 0x0C1A)), 102),
        (MASK, Request(write_at=4, masks=Masks(0xF2, 0x25)), 5),
        (BOTH, Request(100, 3, 200, (0xAAAA, 0xBBBB)), 202),
        (bytes.fromhex("03 FFFF 007D"), Request(65535, 125), 65535 + 125),
    ],
)
def test_what_is_asked_for(pdu: bytes, request_: Request, end: int) -> None:
    """Addresses beyond the last register are told as they are: the caller refuses them."""
    assert parse(pdu) == request_
    assert request_.end == end


@pytest.mark.parametrize("pdu", [READ, WRITE_ONE, WRITE_MANY, MASK, BOTH], ids=lambda pdu: f"function {pdu[0]}")
def test_a_wrong_length_is_none_of_them(pdu: bytes) -> None:
    """One byte less or more, and every beginning of it."""
    assert [parse(pdu[:length]) for length in range(1, len(pdu))] == [None] * (len(pdu) - 1)
    assert parse(pdu + b"\x00") is None


@pytest.mark.parametrize(
    "pdu",
    [
        bytes.fromhex("03 0064 0000"), bytes.fromhex("03 0064 007E"), bytes.fromhex("03 0064 FFFF"),
        many(0, 0, 0), many(2, 2, 1), many(1, 4, 2), many(124, 248, 124),
        both(0, 1, 2, 1), both(126, 1, 2, 1), both(1, 0, 0, 0), both(1, 2, 2, 1), both(1, 122, 244, 122),
    ],
)  # fmt: skip
def test_a_count_that_cannot_be(pdu: bytes) -> None:
    """None, too many, or another one than the bytes that follow."""
    assert parse(pdu) is None


def test_answers() -> None:
    """A read gets its words, a write its own beginning, a masked write all of itself."""
    assert answer(3, [1, 0x0C1A]) == bytes.fromhex("03 04 0001 0C1A")
    assert [acknowledgement(pdu) for pdu in (WRITE_ONE, WRITE_MANY, MASK)] == [WRITE_ONE, WRITE_MANY[:5], MASK]


def test_masks() -> None:
    """The specification's own example (section 6.16)."""
    assert Masks(0xF2, 0x25).of(0x12) == 0x17
