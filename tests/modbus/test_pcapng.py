"""Files in the pcapng format: what is written is read back, and what is none is refused."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.modbus import pcapng
from neasmart_gateway.modbus.pcapng import NotACapture, Packet

LINK_TYPE = 252

PACKETS = st.builds(
    Packet,
    at=st.integers(0, 4_000_000_000_000_000).map(lambda ticks: ticks / 1_000_000),
    interface=st.just(0),
    direction=st.sampled_from(["in", "out"]),
    comment=st.text(max_size=80),
    data=st.binary(max_size=300),
)


def file(*packets: Packet, link_type: int = LINK_TYPE) -> bytes:
    """A file with one interface and these packets."""
    head = pcapng.section("test") + pcapng.interface("bus", link_type)
    return head + b"".join(map(pcapng.packet, packets))


@given(packets=st.lists(PACKETS, max_size=5))
def test_what_is_written_is_read(packets: list[Packet]) -> None:
    """Bytes, comments and directions are the same; times are to the microsecond."""
    found = list(pcapng.packets(file(*packets), LINK_TYPE))
    assert [(p.direction, p.comment, p.data) for p in found] == [(p.direction, p.comment, p.data) for p in packets]
    assert all(abs(a.at - b.at) < 2e-6 for a, b in zip(found, packets, strict=True))


@given(packets=st.lists(PACKETS, min_size=1, max_size=3), cut=st.integers(1, 60))
def test_a_file_may_end_anywhere(packets: list[Packet], cut: int) -> None:
    """A capture that was interrupted in the middle of a packet holds those before it."""
    whole = file(*packets)
    found = list(pcapng.packets(whole[: max(len(file()), len(whole) - cut)], LINK_TYPE))
    assert [one.data for one in found] == [one.data for one in packets][: len(found)]
    assert len(found) < len(packets)


def test_blocks_are_whole_words() -> None:
    """Every block begins on a multiple of four and says its length at both ends."""
    block = pcapng.packet(Packet(1.0, 0, "in", "abc", b"\x01\x02\x03\x04\x05"))
    assert len(block) % 4 == 0
    assert block[4:8] == block[-4:] == struct.pack("<I", len(block))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not begin"),
        (b"not a capture at all", "does not begin"),
        (b"\xd4\xc3\xb2\xa1" + bytes(40), "does not begin"),
        (file(link_type=1), "link type is 1"),
        (file() + struct.pack("<III", 6, 5, 0), "claims 5 bytes"),
        (file() + struct.pack("<II", 6, 1 << 30) + bytes(8), "claims 1073741824 bytes"),
        (file() + struct.pack("<IIIIIIII", 6, 32, 0, 0, 0, 99, 99, 32), "longer than its block"),
        (file() + struct.pack("<III", 6, 12, 12), "too short"),
    ],
)
def test_another_file_is_refused(content: bytes, why: str) -> None:
    """With the reason."""
    with pytest.raises(NotACapture, match=why):
        list(pcapng.packets(content, LINK_TYPE))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(tail: bytes) -> None:
    """Whatever stands behind a good beginning is read or refused."""
    with contextlib.suppress(NotACapture):
        list(pcapng.packets(file() + tail, LINK_TYPE))
