"""What a drill leaves of what a line brings: whole, in order, and never a word that was not said."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.bus.listeners import TcpListener
from neasmart_gateway.bus.options import Line, TcpOptions
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.faults.drills import Drills
from neasmart_gateway.faults.talks import MOST_HELD, FaultyStream, FaultyTalk
from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import DROPPED
from neasmart_gateway.modbus.mbap import BrokenStream, MbapFramer
from neasmart_gateway.shm.drills import DRILLS_SIZE, DrillBoard
from tests.bus.bench import Bench, assemble
from tests.bus.wire import Frame, eventually, holding, read, write_many
from tests.faults.house import House

GAP = 0.02
FRAMES = [Frame(1, 240, write_many(102, 4242)), Frame(2, 240, read(101)), Frame(3, 0, write_many(202, 17, 18))]
STREAM = b"".join(frame.encode() for frame in FRAMES)
RTU = sealed(bytes((240,)) + write_many(102, 4242))


class Inner:
    """The conversation behind, which notes what comes."""

    def __init__(self) -> None:
        self.fed: list[tuple[bytes, float]] = []
        self.closed = False

    def feed(self, data: bytes, at: float) -> None:
        self.fed.append((data, at))

    def close(self) -> None:
        self.closed = True

    @property
    def bytes(self) -> bytes:
        return b"".join(data for data, _ in self.fed)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
async def rtu(house: House, inner: Inner) -> FaultyTalk:
    return FaultyTalk(inner, house.registry, GAP)


@pytest.fixture
async def tcp(house: House, inner: Inner) -> FaultyStream:
    return FaultyStream(inner, house.registry, GAP)


async def test_without_a_drill_a_line_is_untouched(rtu: FaultyTalk, inner: Inner) -> None:
    rtu.feed(b"ab", 1.0)
    rtu.feed(b"c", 2.0)
    rtu.close()
    assert (inner.fed, inner.closed) == ([(b"ab", 1.0), (b"c", 2.0)], True)


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=6), broken=st.booleans())
def test_without_a_drill_a_stream_is_the_same_frames(cuts: list[int], broken: bool) -> None:
    """However it is cut into segments; and one that breaks, breaks."""
    stream = STREAM + (b"\0\0\7\7\0\6\1" if broken else b"")
    places = sorted({0, *cuts, len(stream)})

    async def fed() -> bytes:
        inner = Inner()
        talk = FaultyStream(inner, House().registry, GAP)
        for begin, end in pairwise(places):
            talk.feed(stream[begin:end], 1.0)
        return inner.bytes

    seen, broke = bytearray(), False
    try:
        for frame in MbapFramer().feed(asyncio.run(fed())):
            seen += frame.encode()
    except BrokenStream:
        broke = True
    assert (bytes(seen), broke) == (STREAM, broken)


async def test_what_never_was_modbus_tcp_arrives_as_it_came(tcp: FaultyStream, inner: Inner) -> None:
    """So that the conversation sees that it is RTU."""
    tcp.feed(RTU, 1.0)
    assert inner.bytes == RTU


@pytest.mark.parametrize("kind", [FaultKind.BUS_SILENCE, FaultKind.FRAME_LOSS])
async def test_nothing_is_heard(house: House, rtu: FaultyTalk, inner: Inner, kind: FaultKind) -> None:
    """As long as it lasts."""
    drill = house.on(kind)
    rtu.feed(RTU, 1.0)
    assert (inner.fed, drill.hits) == ([], 1)
    house.off()
    rtu.feed(RTU, 2.0)
    assert inner.fed == [(RTU, 2.0)]


async def test_frames_are_lost_whole_and_one_by_one(house: House, tcp: FaultyStream, inner: Inner) -> None:
    """A drill that begins or ends within a frame never glues a part of it to another."""
    house.on(FaultKind.FRAME_LOSS, probability=0.5)
    house.luck = [0.9, 0.1, 0.9]
    tcp.feed(STREAM[:5], 1.0)
    tcp.feed(STREAM[5:], 1.0)
    assert inner.bytes == FRAMES[0].encode() + FRAMES[2].encode()


async def test_silence_in_the_middle_of_a_frame(house: House, tcp: FaultyStream, inner: Inner) -> None:
    tcp.feed(STREAM[:10], 1.0)
    house.on(FaultKind.BUS_SILENCE)
    tcp.feed(STREAM[10:20], 1.0)
    house.off()
    tcp.feed(STREAM[20:], 1.0)
    assert inner.bytes == FRAMES[1].encode() + FRAMES[2].encode()


async def test_a_spoilt_frame_of_modbus_tcp_is_refused_by_its_header(
    house: House, tcp: FaultyStream, inner: Inner
) -> None:
    """There is no checksum that would show a spoilt word, so no word is ever spoilt."""
    house.on(FaultKind.FRAME_CORRUPTION)
    tcp.feed(FRAMES[0].encode(), 1.0)
    ((data, _),) = inner.fed
    assert data[4:] == FRAMES[0].encode()[4:]
    with pytest.raises(BrokenStream, match="protocol id"):
        list(MbapFramer().feed(data))


@given(place=st.floats(0, 1, exclude_max=True), cut=st.integers(1, len(RTU) - 1))
def test_a_spoilt_frame_of_rtu_is_refused_by_its_checksum(place: float, cut: int) -> None:
    """Whichever bit it is, and in whatever pieces the frame comes: only one bit of it is turned over."""

    async def fed() -> bytes:
        house, inner = House(), Inner()
        house.on(FaultKind.FRAME_CORRUPTION)
        house.luck = [0.0, place, 0.0, place]
        talk = FaultyTalk(inner, house.registry, GAP)
        talk.feed(RTU[:cut], 1.0)
        talk.feed(RTU[cut:], 1.01)
        return inner.bytes

    data = asyncio.run(fed())
    assert sum((ours ^ theirs).bit_count() for ours, theirs in zip(data, RTU, strict=True)) == 1
    framer = RtuFramer(frozenset({240}), GAP)
    heard = framer.feed(data, 1.0) + framer.advance(9.0)
    assert all(one.verdict in DROPPED for one in heard)


async def test_the_next_frame_is_spoilt_again(house: House, rtu: FaultyTalk, inner: Inner) -> None:
    """Behind a pause of the line there is another frame."""
    drill = house.on(FaultKind.FRAME_CORRUPTION)
    rtu.feed(RTU, 1.0)
    rtu.feed(RTU, 2.0)
    assert [data == RTU for data, _ in inner.fed] == [False, False]
    assert drill.hits == 2


async def test_what_is_held_back_comes_late_in_order_and_with_its_time(
    house: House, rtu: FaultyTalk, inner: Inner
) -> None:
    """What comes behind it is held back with it, also when the drill has ended meanwhile."""
    house.on(FaultKind.BUS_DELAY, delay_ms=1)
    rtu.feed(b"a", 1.0)
    house.off()
    rtu.feed(b"b", 2.0)
    assert inner.fed == []
    await eventually(lambda: len(inner.fed) == 2, "both have come")
    assert inner.fed == [(b"a", 1.0), (b"b", 2.0)]
    rtu.feed(b"c", 3.0)
    assert inner.fed[-1] == (b"c", 3.0)


async def test_it_is_held_back_until_nothing_comes_behind_it(house: House, rtu: FaultyTalk) -> None:
    """Each piece begins the delay anew."""
    house.on(FaultKind.BUS_DELAY, delay_ms=5000)
    rtu.feed(b"a", 1.0)
    first = rtu._timer
    rtu.feed(b"b", 2.0)
    assert first is not None
    assert (first.cancelled(), rtu._timer is first) == (True, False)
    rtu.close()


async def test_no_more_than_so_much_is_held_back(house: House, rtu: FaultyTalk, inner: Inner) -> None:
    house.on(FaultKind.BUS_DELAY, delay_ms=5000)
    rtu.feed(bytes(MOST_HELD), 1.0)
    assert inner.fed == []
    rtu.feed(b"x", 1.0)
    assert len(inner.bytes) == MOST_HELD + 1


async def test_what_is_held_back_is_lost_when_the_cable_is_pulled(house: House, rtu: FaultyTalk, inner: Inner) -> None:
    house.on(FaultKind.BUS_DELAY, delay_ms=1)
    rtu.feed(b"a", 1.0)
    house.on(FaultKind.BUS_SILENCE)
    await eventually(lambda: not rtu._held, "it was let go")
    assert inner.fed == []


async def test_nothing_comes_behind_the_end(house: House, rtu: FaultyTalk, inner: Inner) -> None:
    """A connection that has ended brings nothing that was held back."""
    house.on(FaultKind.BUS_DELAY, delay_ms=1)
    rtu.feed(b"a", 1.0)
    rtu.close()
    assert rtu._timer is not None
    assert (rtu._timer.cancelled(), inner.fed) == (True, [])


# Behind a real listener


async def with_drills(folder: Path, house: House, line: Line, work: Callable[[Bench], Awaitable[None]]) -> None:
    """A bench for RTU over TCP whose conversations have drills before them."""
    bench = assemble(folder, talk="rtu-over-tcp", line=line)
    slave = Slave(bench.desk, frozenset({240}), listen_only=False, clock=lambda: bench.now, report=bench.records.append)
    drills = Drills(house.registry, DrillBoard(memoryview(bytearray(DRILLS_SIZE))), lambda: None, lambda: 0)
    options = TcpOptions("bus", "127.0.0.1", 0, 4, 600.0, "rtu-over-tcp", (), line)
    bench.listener = TcpListener(options, slave, bench.frames, bench.records.append, drills.conversation)
    await bench.listener.open()
    try:
        await work(bench)
    finally:
        await bench.listener.close()


@pytest.mark.parametrize(("age", "sent"), [(30.0, True), (0.03, False)], ids=["in time", "too late"])
async def test_a_late_answer_is_given_in_its_turn_or_not_at_all(
    tmp_path: Path, house: House, age: float, sent: bool
) -> None:
    """A drill makes answers late, and one that is too late for the line is withheld, as at any other time."""

    async def work(bench: Bench) -> None:
        drill = house.on(FaultKind.BUS_DELAY, delay_ms=60)
        async with bench.client() as client:
            await client.send(sealed(bytes((240,)) + read(65535)))
            if sent:
                expected = sealed(bytes((240,)) + holding(0))
                assert await client._reader.readexactly(len(expected)) == expected
            else:
                await eventually(lambda: bench.traffic.withheld_late == 1, "it was withheld")
                assert (bench.traffic.answers, bench.traffic.bytes_out) == (0, 0)
            assert drill.hits == 1

    await with_drills(tmp_path, house, Line(max_answer_age=age), work)


async def test_others_who_speak_meanwhile_are_seen(tmp_path: Path, house: House) -> None:
    """What came behind a request while it was held back keeps its answer from being given."""

    async def work(bench: Bench) -> None:
        house.on(FaultKind.BUS_DELAY, delay_ms=5000)
        async with bench.client() as client:
            await client.send(sealed(bytes((240,)) + read(65535)))
            await eventually(lambda: bench.traffic.bytes_in == 8, "the request has come")
            assert bench.traffic.requests == 0, "it is held back"
            await client.send(sealed(bytes((17,)) + read(1)) * (MOST_HELD // 8))  # with which it is let go
            await eventually(lambda: bench.traffic.withheld_followed == 1, "it was withheld")
            assert bench.traffic.answers == 0

    await with_drills(tmp_path, house, Line(max_answer_age=30.0), work)
