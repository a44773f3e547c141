"""Answers out of bytes, as a master reads them."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.mbap import TcpFrame
from neasmart_gateway.simulator.framing import Framing, MbapFraming, RtuFraming
from neasmart_gateway.simulator.requests import BadAnswer, Read, Write
from neasmart_gateway.simulator.wire import LinkLost

READ = Read(240, range(100, 102))
PDU = bytes.fromhex("03 04 0001 0834")
ANSWER = sealed(b"\xf0" + PDU)
REFUSAL = bytes.fromhex("83 04")


def asked() -> RtuFraming:
    """A framing that has asked."""
    framing = RtuFraming()
    framing.encode(READ)
    return framing


def all_of(framing: Framing, pieces: Iterable[bytes]) -> list[bytes | None]:
    """Every answer in some bytes; None for what is none."""
    found: list[bytes | None] = []
    for piece in pieces:
        framing.feed(piece)
        while True:
            try:
                pdu = framing.next()
            except BadAnswer:
                found.append(None)
                continue
            if pdu is None:
                break
            found.append(pdu)
    return found


def test_requests_on_a_line() -> None:
    """Unit, PDU and checksum; what libmodbus sends for the same question."""
    assert RtuFraming().encode(READ) == bytes.fromhex("f0 03 0064 0002 90f5")
    assert RtuFraming().encode(Write(101, (2100,)))[:6] == bytes.fromhex("00 06 0065 0834")


def test_how_long_it_takes() -> None:
    """A read's own bytes and its answer's; a broadcast's alone would be no answer at all."""
    assert RtuFraming().expected(READ) == len(RtuFraming().encode(READ)) + len(ANSWER)
    assert MbapFraming().expected(READ) == 0


@pytest.mark.parametrize("pdu", [PDU, REFUSAL])
def test_an_answer_however_it_comes(pdu: bytes) -> None:
    """Whole or byte by byte; an answer that refuses is one too."""
    answer = sealed(b"\xf0" + pdu)
    assert all_of(asked(), [answer]) == [pdu]
    assert all_of(asked(), [answer[n : n + 1] for n in range(len(answer))]) == [pdu]


@pytest.mark.parametrize(
    "other",
    [
        sealed(b"\x11" + PDU),
        sealed(b"\xf0" + bytes.fromhex("04 04 0001 0834")),
        ANSWER[:-1] + b"\x00",
        ANSWER[:-1],
        bytes.fromhex("f0 03 ff"),
    ],
    ids=["unit", "function", "checksum", "truncated", "odd count"],
)
def test_what_is_no_answer(other: bytes) -> None:
    """It is passed over, and what comes behind it is still found; without an answer it can be dropped."""
    framing = asked()
    assert all_of(framing, [other]) == []
    assert framing.drop()
    assert not framing.drop()
    assert all_of(asked(), [other, ANSWER]) == [None, PDU]


def test_a_flood_is_not_kept() -> None:
    """However much nonsense comes, the answer behind it is found."""
    framing = asked()
    assert all_of(framing, [b"\xf0\x03" * 1000] * 20) == []
    assert all_of(framing, [ANSWER]) == [None, PDU]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_no_bytes_make_it_raise(pieces: list[bytes]) -> None:
    """Whatever a line brings is at worst no answer."""
    framing = asked()
    all_of(framing, pieces)
    framing.drop()
    assert all_of(framing, [ANSWER]) == [PDU]


def test_modbus_tcp_knows_its_transaction() -> None:
    """An answer to an older question, or of another unit, is none; nothing is ever dropped."""
    framing = MbapFraming()
    old, new = (TcpFrame(number, 240, PDU).encode() for number in (1, 2))
    framing.encode(READ)
    framing.encode(READ)
    assert all_of(framing, [old, TcpFrame(2, 241, PDU).encode(), new[:3]]) == [None, None]
    assert not framing.drop()
    assert all_of(framing, [new[3:]]) == [PDU]


def test_what_is_no_modbus_tcp_ends_the_link() -> None:
    """The place in the stream is lost."""
    with pytest.raises(LinkLost, match="protocol id"):
        MbapFraming().feed(b"HTTP/1.1 400")
