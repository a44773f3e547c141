"""Whatever arrives, and in whatever pieces: nothing is lost or invented, and little is held."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from neasmart_gateway.modbus.crc import crc16, sealed
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import DROPPED, Heard, Verdict
from tests.modbus.line import GAP, OURS

MAX_HELD = 4 * 256
"""Three frames of unknown length in a row, and one behind them, each of at most 256 bytes."""
MAX_DROPPED = 256

Lump = tuple[bytes, bool]
"""Bytes that arrive without a pause between them, and whether a pause stands before them."""

units = st.sampled_from((0, 17, 99, 240, 241, 255)) | st.integers(0, 255)
functions = st.sampled_from((1, 3, 6, 16, 22, 23, 0x18, 0x2B, 0x65, 0x83)) | st.integers(0, 255)
frames = st.builds(lambda unit, function, body: sealed(bytes((unit, function)) + body), units, functions,
                   st.binary(max_size=12) | st.binary(min_size=240, max_size=252))  # fmt: skip
requests = st.builds(lambda unit, function, rest: sealed(bytes((unit, function)) + rest), units,
                     st.sampled_from((3, 6)), st.binary(min_size=4, max_size=4))  # fmt: skip
answers = st.builds(lambda unit, data: sealed(bytes((unit, 3, 2 * len(data))) + data + data), units,
                    st.binary(max_size=20) | requests)  # fmt: skip
carriers = st.builds(lambda head, inner: sealed(bytes((99, 0x65)) + head + inner), st.binary(max_size=6), requests)
halves = st.builds(lambda data, cut: data[: cut % len(data)], frames | requests | answers, st.integers(1, 255))
claims = st.sampled_from((b"\x11\x10\x00\x64\x00\x7b\xf6", b"\x11\x03\xfa", b"\xf0\x17\0\0\0\1\0\0\0\x79\xf2"))
zeros = st.builds(bytes, st.integers(1, 300))
pieces = st.one_of(st.binary(max_size=20), frames, requests, answers, carriers, halves, claims, zeros)
lines = st.lists(st.tuples(pieces, st.booleans()), max_size=12)


def played(line: list[Lump], cuts: list[int], framer: RtuFramer, *, ends: bool = True) -> Iterator[Heard]:
    """Yield what is heard of a line whose lumps are cut at these places."""
    now = 1.0
    for data, paused in line:
        now += 2 * GAP if paused else 0.0
        places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
        for start, end in pairwise(places):
            yield from framer.feed(data[start:end], now)
    if ends:
        yield from framer.advance(now + GAP)


def bounded(framer: RtuFramer) -> bool:
    """Whether what it holds stays within the bounds that it promises."""
    held = len(framer._buffer)
    notes = len(framer._arrivals) <= held + MAX_DROPPED + 1 and len(framer._chains) <= held
    return held <= MAX_HELD and len(framer._dropped) < MAX_DROPPED and notes


@settings(max_examples=400)
@given(lines)
def test_everything_is_told_once_and_in_order(line: list[Lump]) -> None:
    """Joined together it is the stream, and every place fits."""
    found = list(played(line, [], RtuFramer(OURS, GAP)))
    assert b"".join(heard.data for heard in found) == b"".join(data for data, _ in line)
    place = 0
    for heard in found:
        place += len(heard.data)
        assert heard.end == place


@settings(max_examples=400)
@given(lines, st.lists(st.integers(0, 2000), max_size=20), st.booleans())
@example([(sealed(b"\x63\x65\x01"), False), (b"\0" * 8, False)], [6], False)
def test_pieces_do_not_matter(line: list[Lump], cuts: list[int], silent: bool) -> None:
    """The same bytes with the same pauses are the same frames: in one piece, cut anywhere, byte by byte."""
    whole = list(played(line, [], RtuFramer(OURS, GAP, silent=silent)))
    assert list(played(line, cuts, RtuFramer(OURS, GAP, silent=silent))) == whole
    assert list(played(line, list(range(600)), RtuFramer(OURS, GAP, silent=silent))) == whole


@settings(max_examples=400)
@given(lines)
def test_a_verdict_keeps_its_word(line: list[Lump]) -> None:
    """What is taken is under our units or to all; every frame has a right checksum and a length that frames have."""
    for heard in played(line, [], RtuFramer(OURS, GAP)):
        if heard.verdict in (Verdict.REQUEST, Verdict.BROADCAST):
            assert heard.unit in ({0} if heard.verdict is Verdict.BROADCAST else OURS)
        if heard.verdict not in DROPPED:
            assert crc16(heard.data) == 0
            assert 4 <= len(heard.data) <= 256


@settings(max_examples=300)
@given(lines, st.integers(1, 40))
def test_little_is_held(line: list[Lump], size: int) -> None:
    """At most four frames' bytes and what was dropped since it was last told, whatever comes and without any pause."""
    framer = RtuFramer(OURS, GAP)
    stream = b"".join(data for data, _ in line)
    for start in range(0, len(stream), size):
        framer.feed(stream[start : start + size], 1.0 + start * GAP / 10000)
        assert bounded(framer)
    framer.advance(1.0 + len(stream) * GAP / 10000 + GAP)
    assert (len(framer._buffer), len(framer._dropped), len(framer._chains)) == (0, 0, 0)


@given(lines, requests.filter(lambda data: data[0] in OURS))
def test_a_pause_frees_the_line(line: list[Lump], good: bytes) -> None:
    """Whatever came before it, a request to us between two pauses is heard."""
    found = list(played([*line, (good, True)], [], RtuFramer(OURS, GAP)))
    assert (found[-1].verdict, found[-1].data) == (Verdict.REQUEST, good)
