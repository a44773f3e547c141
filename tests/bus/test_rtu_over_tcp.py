"""RTU frames inside a TCP stream, Modbus TCP, or either of the two: what a network adapter may send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from neasmart_gateway.bus.options import Line, Talk
from neasmart_gateway.bus.records import ConnectionClosed, ConnectionRefused
from neasmart_gateway.desk.peers import Peer
from tests.bus.bench import Bench, running
from tests.bus.stillness import rtu
from tests.bus.wire import DEADLINE, Frame, eventually, holding, read, write_one

PATIENT = Line(max_answer_age=DEADLINE)
"""A busy machine is no reason to fail: the answer's age has tests of its own."""


class Wire:
    """One connection, and whatever comes back on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def gets(self, wanted: bytes) -> bool:
        async with asyncio.timeout(DEADLINE):
            return await self._reader.readexactly(len(wanted)) == wanted

    async def ended(self) -> bool:
        async with asyncio.timeout(DEADLINE):
            return await self._reader.read() == b""


@asynccontextmanager
async def connected(bench: Bench) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


def mbap(unit: int, pdu: bytes) -> bytes:
    return Frame(7, unit, pdu).encode()


@pytest.mark.parametrize("unit", [240, 241])
@pytest.mark.parametrize("talk", ["rtu-over-tcp", "tcp-auto"])
async def test_rtu_in_a_stream(tmp_path: Path, talk: Talk, unit: int) -> None:
    """Chopped anywhere, with noise before it: answered as on a line."""
    async with running(tmp_path, talk=talk, line=PATIENT) as bench, connected(bench) as wire:
        ask, answer = rtu(unit, read(102)), rtu(unit, holding(0))
        for cut in range(1, len(ask)):
            await wire.send(ask[:cut])
            await eventually(lambda seen=bench.traffic.bytes_in: bench.traffic.bytes_in >= seen, "it arrives")
            await wire.send(ask[cut:])
            assert await wire.gets(answer)
        await wire.send(b"\x00" + rtu(unit, write_one(102, 7)))
        assert await wire.gets(rtu(unit, write_one(102, 7)))
        assert bench.reported(102) == 7


async def test_noise_does_not_end_an_rtu_connection(tmp_path: Path) -> None:
    """Modbus TCP on it neither; it is counted, and only frames are answered."""
    async with running(tmp_path, talk="rtu-over-tcp", line=PATIENT) as bench, connected(bench) as wire:
        await wire.send(bytes(range(256)) * 8 + mbap(240, read(102)))
        await eventually(lambda: bench.traffic.dropped_bytes == 2048 + 12, "the noise is dropped")
        await wire.send(rtu(17, read(102)) + rtu(240, read(102)))
        assert await wire.gets(rtu(240, holding(0)))
        assert bench.traffic.foreign == 1


async def test_rtu_on_a_modbus_tcp_port_is_noticed(tmp_path: Path) -> None:
    """The stream is broken, as any that is not Modbus TCP; the counter tells the doctor why."""
    async with running(tmp_path) as bench, connected(bench) as wire:
        await wire.send(rtu(240, read(102)))
        assert await wire.ended()
        assert (bench.traffic.broken_streams, bench.traffic.rtu_seen) == (1, 1)


@pytest.mark.parametrize("unit", [240, 241])
async def test_auto_finds_modbus_tcp(tmp_path: Path, unit: int) -> None:
    """By its first frame for us, chopped or not; all that came before is served too."""
    async with running(tmp_path, talk="tcp-auto", line=PATIENT) as bench, connected(bench) as wire:
        ask = mbap(17, read(1)) + mbap(unit, read(102))
        for byte in ask:
            await wire.send(bytes((byte,)))
        assert await wire.gets(mbap(unit, holding(0)))
        await wire.send(mbap(unit, read(102)) * 3)
        assert await wire.gets(mbap(unit, holding(0)) * 3)
        assert (bench.traffic.foreign, bench.traffic.requests) == (1, 4)


async def test_auto_finds_modbus_tcp_by_a_broadcast(tmp_path: Path) -> None:
    async with running(tmp_path, talk="tcp-auto", line=PATIENT) as bench, connected(bench) as wire:
        await wire.send(mbap(0, write_one(102, 7)) + mbap(240, read(102)))
        assert await wire.gets(mbap(240, holding(7)))
        assert bench.reported(102) == 7


@pytest.mark.parametrize("ending", ["rtu", "mbap"])
async def test_what_looks_like_both(tmp_path: Path, ending: str) -> None:
    """F0 03 00 00 00 06 begins a read of six registers in RTU, and a header of Modbus TCP: what follows decides."""
    start = bytes.fromhex("f003 0000 0006")
    whole = {"rtu": rtu(240, read(0, 6)), "mbap": Frame(0xF003, 240, read(102)).encode()}[ending]
    assert whole.startswith(start)
    answer = {"rtu": rtu(240, holding(*[0] * 6)), "mbap": Frame(0xF003, 240, holding(0)).encode()}[ending]
    async with running(tmp_path, talk="tcp-auto", line=PATIENT) as bench, connected(bench) as wire:
        await wire.send(start)
        await eventually(lambda: bench.traffic.bytes_in == len(start), "the beginning has arrived")
        assert bench.traffic.requests == 0
        await wire.send(whole[len(start) :])
        assert await wire.gets(answer)


async def test_auto_finds_rtu_behind_noise(tmp_path: Path) -> None:
    """A header that claims 246 bytes before the first poll: the pause shows the poll, without any further byte."""
    async with running(tmp_path, talk="tcp-auto", line=PATIENT) as bench, connected(bench) as wire:
        await wire.send(bytes.fromhex("11100000007bf6") + rtu(240, read(102)))
        assert await wire.gets(rtu(240, holding(0)))


async def test_auto_knows_modbus_tcp_for_others(tmp_path: Path) -> None:
    """An adapter that passes on what it hears, long before the base asks us: it is not taken for RTU."""
    async with running(tmp_path, talk="tcp-auto", line=PATIENT) as bench, connected(bench) as wire:
        await wire.send(mbap(17, read(1)) * 200 + mbap(240, read(102)))
        assert await wire.gets(mbap(240, holding(0)))
        assert bench.traffic.foreign_units == {17: 200}


async def test_units_of_modbus_tcp_are_counted_as_such(tmp_path: Path) -> None:
    """By the unit, not by what the frame begins with."""
    async with running(tmp_path) as bench, connected(bench) as wire:
        await wire.send(
            b"".join(Frame(number, 17, read(1)).encode() for number in (0x1107, 0x1207)) + mbap(241, read(1))
        )
        assert await wire.gets(mbap(241, holding(0)))
        assert (bench.traffic.foreign_units, set(bench.traffic.last_poll)) == ({17: 2}, {241})


async def test_a_flood_does_not_starve_the_base(tmp_path: Path) -> None:
    """One connection sends noise without end; the base beside it is answered each time."""
    async with running(tmp_path, talk="rtu-over-tcp", line=PATIENT) as bench, connected(bench) as base:
        _, flood = await asyncio.open_connection("127.0.0.1", bench.port)
        flood.write(b"\xff\x03\xf6" * 400_000)
        for _ in range(5):
            await base.send(rtu(240, read(102)))
            assert await base.gets(rtu(240, holding(0)))
        assert bench.traffic.bytes_in < 1_200_000
        flood.transport.abort()


async def test_auto_takes_endless_noise_for_a_line(tmp_path: Path) -> None:
    """It never holds more than it must, and finds the first frame behind."""
    async with running(tmp_path, talk="tcp-auto", line=PATIENT) as bench, connected(bench) as wire:
        await wire.send(b"\xff" * 5000)
        await eventually(lambda: bench.traffic.dropped_bytes >= 4096, "the noise is dropped")
        await wire.send(rtu(240, read(102)))
        assert await wire.gets(rtu(240, holding(0)))


async def test_only_allowed_networks_may_connect(tmp_path: Path) -> None:
    """SERVER_ALLOWED_CLIENTS: others are closed without a byte, and that is reported."""
    async with running(tmp_path, allowed=("127.0.0.2/31", "::1/128")) as bench:
        async with bench.client("127.0.0.3") as allowed:
            await allowed.ask(read(102))
        async with bench.client("127.0.0.1") as stranger:
            assert await stranger.until_closed() == b""
        reason = "its address is in none of the allowed networks"
        assert ConnectionRefused(Peer("bus", "127.0.0.1"), reason) in bench.records
        assert bench.traffic.last_stranger == "127.0.0.1"


@pytest.mark.parametrize("talk", ["tcp", "rtu-over-tcp", "tcp-auto"])
async def test_listen_only_sends_nothing(tmp_path: Path, talk: Talk) -> None:
    """Whatever is asked; it is heard all the same."""
    async with running(tmp_path, talk=talk, line=PATIENT, listen_only=True) as bench, connected(bench) as wire:
        frame = mbap if talk == "tcp" else rtu
        await wire.send(frame(240, read(102)) + frame(241, write_one(102, 7)))
        await eventually(lambda: bench.reported(102) == 7, "it was heard")
    await eventually(lambda: any(isinstance(one, ConnectionClosed) for one in bench.records), "it has ended")
    assert (bench.traffic.bytes_out, bench.traffic.requests) == (0, 2)
