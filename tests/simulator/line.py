"""The other end of an RTU line for the tests: a slave over the project's own framer, on TCP or on a serial device."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import repeat
from pathlib import Path

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import Heard, Verdict
from neasmart_gateway.modbus.mbap import TcpFrame
from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.endpoints import Address, Endpoint, Line
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.manners import POLITE, Manners
from neasmart_gateway.simulator.master import Master, Patience
from neasmart_gateway.simulator.mischief import Mischief
from neasmart_gateway.simulator.schedule import UNITS
from tests.simulator.gateway import PATIENCE, Gateway, understood

QUICK = Line(baudrate=1_000_000)

Answer = Callable[[Heard, bytes], bytes]
"""Makes the bytes that answer a request, of what was heard and the PDU that would be right."""


def honest(heard: Heard, pdu: bytes) -> bytes:
    """Answer as a gateway should."""
    return sealed(bytes((heard.unit,)) + pdu)


class RtuSlave:
    """Understands an RTU line and answers it; `answer` may be exchanged for something worse."""

    def __init__(self, answer: Answer = honest, gap: float = 0.1) -> None:
        self.gateway = Gateway()
        self.answer = answer
        self.raw = bytearray()
        self.heard: list[Heard] = []
        self.connections = 0
        self.endpoint = Endpoint("127.0.0.1", 0, QUICK)
        self._gap = gap
        self._writers: set[asyncio.StreamWriter] = set()
        self._news = asyncio.Condition()

    def count(self, *verdicts: Verdict) -> int:
        """Return how often something was heard."""
        return sum(heard.verdict in verdicts for heard in self.heard)

    @property
    def polled(self) -> int:
        """How many requests to the gateway's units were understood."""
        return self.count(Verdict.REQUEST)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[RtuSlave]:
        """Listen on TCP while the context is open, on the same port when it is opened again."""
        server = await asyncio.start_server(self._accept, self.endpoint.host, self.endpoint.port)
        self.endpoint = Endpoint(self.endpoint.host, server.sockets[0].getsockname()[1], QUICK)
        try:
            yield self
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds; it is looked at whenever something was heard."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: bool(condition()))

    @asynccontextmanager
    async def on_device(self, path: Path) -> AsyncIterator[RtuSlave]:
        """Listen on one end of a serial pair while the context is open."""
        device = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(device)
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        loop.add_reader(device, lambda: _pass_on(device, reader))
        task = asyncio.create_task(self._serve(reader, lambda data: os.write(device, data)))
        try:
            yield self
        finally:
            loop.remove_reader(device)
            await ended(task)
            os.close(device)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._serve(reader, writer.write)
        except ConnectionError:
            pass  # the tests break connections on purpose
        finally:
            self._writers.discard(writer)
            writer.close()
            await self._tell()

    async def _serve(self, reader: asyncio.StreamReader, write: Callable[[bytes], object]) -> None:
        framer = RtuFramer(frozenset(UNITS), self._gap)
        clock = asyncio.get_running_loop().time
        self.connections += 1
        await self._tell()
        while True:
            try:
                async with asyncio.timeout_at(framer.deadline):
                    data = await reader.read(4096)
            except TimeoutError:
                found = framer.advance(clock())
            else:
                if not data:
                    return
                self.raw += data
                found = framer.feed(data, clock())
            for heard in found:
                answer = self._take(heard)
                if answer:
                    framer.sent(answer, clock())
                    write(answer)
            await self._tell()

    def _take(self, heard: Heard) -> bytes:
        self.heard.append(heard)
        if heard.verdict not in (Verdict.REQUEST, Verdict.BROADCAST):
            return b""
        words = self.gateway.take(understood(TcpFrame(0, heard.unit, heard.pdu)))
        if heard.verdict is Verdict.BROADCAST:
            return b""
        return self.answer(heard, bytes((3, 2 * len(words))) + struct.pack(f">{len(words)}H", *words))

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


def _pass_on(device: int, reader: asyncio.StreamReader) -> None:
    """Read what a device has; a pair that is gone reads as its end."""
    try:
        data = os.read(device, 4096)
    except OSError:
        data = b""
    if data:
        reader.feed_data(data)
    else:
        asyncio.get_running_loop().remove_reader(device)
        reader.feed_eof()


@asynccontextmanager
async def speaking(
    address: Address,
    manners: Manners = POLITE,
    *,
    seed: int = 1,
    speed: float = 100.0,
    timeout: float = 5.0,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[Master]:
    """A base of two zones that speaks on a line while the context is open, and must not have failed at its end."""
    station = BaseStation(House([ZoneRef(1, 1), ZoneRef(1, 2)], seed=1))
    master = Master(
        address,
        station,
        speed=speed,
        patience=Patience(timeout, lambda: repeat(0.001)),
        clock=clock,
        mischief=Mischief(manners, seed),
    )
    task = asyncio.create_task(master.run())
    try:
        yield master
        assert not task.done()
    finally:
        await ended(task)


async def eventually(condition: Callable[[], object]) -> None:
    """Let others run until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.002)


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task; a fault of its own is raised."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@contextmanager
def serial_pair(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Two ends of a serial line, which vanish with the context."""
    ends = (folder / "base", folder / "gateway")
    links = [f"pty,raw,echo=0,link={end}" for end in ends]
    with subprocess.Popen(["socat", *links], stderr=subprocess.DEVNULL) as socat:
        try:
            while not all(end.exists() for end in ends):
                assert socat.poll() is None, "socat has ended"
            yield ends
        finally:
            socat.kill()
            socat.wait()
            for end in ends:
                end.unlink(missing_ok=True)  # a socat that is killed leaves its links behind
