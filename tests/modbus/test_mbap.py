"""Modbus TCP frames come out of a byte stream as they went in, however the stream was cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.modbus.mbap import BrokenStream, MbapFramer, TcpFrame

LARGEST_FRAME = 260
READ = bytes.fromhex("0001 0000 0006 f0 03 0065 0001")
"""Transaction 1, unit 240: read one register at 101."""

frames = st.builds(
    TcpFrame,
    transaction=st.integers(0, 0xFFFF),
    unit=st.integers(0, 0xFF),
    pdu=st.binary(min_size=1, max_size=20) | st.binary(min_size=253, max_size=253),
)
broken_headers = st.one_of(
    st.tuples(st.integers(1, 0xFFFF), st.integers(0, 0xFFFF)),
    st.tuples(st.just(0), st.integers(0, 1) | st.integers(255, 0xFFFF)),
).map(lambda fields: b"\x00\x07" + fields[0].to_bytes(2) + fields[1].to_bytes(2) + b"\xf0")
"""Headers with a wrong protocol id, or with a length that no frame has."""


def chopped(data: st.DataObject, stream: bytes) -> list[bytes]:
    """A stream in segments of any sizes, empty ones included."""
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    return [stream[a:b] for a, b in pairwise([0, *cuts, len(stream)])]


def read_all(framer: MbapFramer, segment: bytes) -> tuple[list[TcpFrame], BrokenStream | None]:
    """The frames of a segment, and how it ended."""
    got: list[TcpFrame] = []
    try:
        for frame in framer.feed(segment):
            got.append(frame)
    except BrokenStream as error:
        return got, error
    return got, None


def test_a_request_byte_by_byte() -> None:
    """The frame comes with its last byte, and nothing is held after it."""
    framer = MbapFramer()
    for length, byte in enumerate(READ[:-1], 1):
        assert list(framer.feed(bytes((byte,)))) == []
        assert framer.pending == length
    assert list(framer.feed(READ[-1:])) == [TcpFrame(1, 240, b"\x03\x00\x65\x00\x01")]
    assert framer.pending == 0


def test_fifty_requests_in_one_segment() -> None:
    """None is lost, none is answered before its turn."""
    wanted = [TcpFrame(number, 240, READ[7:]) for number in range(50)]
    assert list(MbapFramer().feed(b"".join(frame.encode() for frame in wanted))) == wanted


def test_a_frame_as_bytes() -> None:
    """Transaction, protocol 0, the length from the unit on, unit, PDU: each two bytes big-endian but the unit."""
    assert TcpFrame(1, 240, READ[7:]).encode() == READ
    assert TcpFrame(0xABCD, 0, bytes(253)).encode()[:7] == bytes.fromhex("abcd 0000 00fe 00")


@given(st.data(), st.lists(frames, max_size=8))
def test_any_chopping_yields_the_same_frames(data: st.DataObject, wanted: list[TcpFrame]) -> None:
    """Frames do not depend on segments; less than one frame is ever held."""
    framer = MbapFramer()
    got = []
    for segment in chopped(data, b"".join(frame.encode() for frame in wanted)):
        got += framer.feed(segment)
        assert framer.pending < LARGEST_FRAME
    assert got == wanted
    assert framer.pending == 0


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("0007 0001 0006 f0", "protocol id 1 "),
        ("0007 ffff 0006 f0", "protocol id 65535"),
        ("0007 0000 0000 f0", "length 0"),
        ("0007 0000 0001 f0", "length 1 "),
        ("0007 0000 00ff f0", "length 255"),
        ("0007 0000 ffff f0", "length 65535"),
    ],
)
def test_a_header_that_is_not_modbus_breaks_the_stream(header: str, complaint: str) -> None:
    """The place in the stream is lost: the complaint says by what."""
    with pytest.raises(BrokenStream, match=complaint):
        list(MbapFramer().feed(bytes.fromhex(header)))


@pytest.mark.parametrize("size", [1, 253])
def test_the_shortest_and_the_longest_frame_are_good(size: int) -> None:
    """A PDU has 1 to 253 bytes."""
    frame = TcpFrame(7, 241, bytes(size))
    assert list(MbapFramer().feed(frame.encode())) == [frame]


@given(st.data(), st.lists(frames, max_size=4), broken_headers, st.binary(max_size=300))
def test_good_frames_before_a_broken_header_are_not_lost(
    data: st.DataObject, wanted: list[TcpFrame], header: bytes, rest: bytes
) -> None:
    """In whatever segments they come, all frames before the break are yielded, then the stream is broken."""
    framer = MbapFramer()
    got: list[TcpFrame] = []
    error: BrokenStream | None = None
    for segment in chopped(data, b"".join(frame.encode() for frame in wanted) + header + rest):
        more, error = read_all(framer, segment)
        got += more
        if error is not None:
            break
    assert got == wanted
    assert error is not None


@given(broken_headers, st.lists(st.binary(max_size=600) | frames.map(TcpFrame.encode), max_size=5))
def test_a_broken_stream_stays_broken(header: bytes, segments: list[bytes]) -> None:
    """Nothing behind the break is taken for a frame, and nothing is piled up."""
    framer = MbapFramer()
    assert read_all(framer, header + READ * 50)[1] is not None
    assert framer.pending < LARGEST_FRAME
    for segment in segments:
        assert read_all(framer, segment)[0] == []
        assert framer.pending < LARGEST_FRAME


@given(st.lists(st.binary(max_size=400), max_size=6))
def test_random_bytes_do_no_harm(segments: list[bytes]) -> None:
    """Frames, or BrokenStream, and no other error; what is held stays below one frame."""
    framer = MbapFramer()
    for segment in segments:
        frames, _ = read_all(framer, segment)
        assert all(1 <= len(frame.pdu) <= 253 for frame in frames)
        assert framer.pending < LARGEST_FRAME


def test_a_reader_that_stops_halfway_loses_nothing() -> None:
    """Frames that were not asked for yet come with the next segment."""
    wanted = [TcpFrame(number, 240, READ[7:]) for number in range(4)]
    framer = MbapFramer()
    got = [next(framer.feed(b"".join(frame.encode() for frame in wanted[:3])))]
    got += framer.feed(wanted[3].encode())
    assert got == wanted


def test_a_segment_that_nobody_looks_at_yet_is_not_lost() -> None:
    """Bytes count from the moment they are fed, not from the moment their frames are asked for."""
    framer = MbapFramer()
    framer.feed(READ[:5])
    assert list(framer.feed(READ[5:])) == [TcpFrame(1, 240, READ[7:])]


def test_a_segment_may_come_while_another_is_being_answered() -> None:
    """Answering may take its time: a frame cut in two by the segments still comes, once."""
    framer = MbapFramer()
    first = iter(framer.feed(READ + READ[:5]))
    got = [next(first)]
    got += framer.feed(READ[5:])
    got += first
    assert got == [TcpFrame(1, 240, READ[7:])] * 2
    assert framer.pending == 0


def test_two_framers_share_nothing() -> None:
    """Each connection has a framer of its own."""
    one, other = MbapFramer(), MbapFramer()
    assert list(one.feed(READ[:8])) == []
    assert list(other.feed(READ)) == [TcpFrame(1, 240, READ[7:])]
    assert list(one.feed(READ[8:])) == [TcpFrame(1, 240, READ[7:])]
