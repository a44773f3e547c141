"""The other end for the tests: a gateway's registers in memory, and a Modbus TCP slave on a real socket over them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from neasmart_gateway.modbus.mbap import MbapFramer, TcpFrame
from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.options import Endpoint
from neasmart_gateway.simulator.requests import Read, Request, Write

WRITES = (6, 16)
PATIENCE = 20.0


class Gateway:
    """Keeps what the base wrote, and serves a user's word until the base writes that register."""

    def __init__(self) -> None:
        self.reported: dict[int, int] = {}
        self.pending: dict[int, int] = {}
        self.heard: list[Request] = []

    def take(self, request: Request) -> tuple[int, ...]:
        """Carry out one request; return the words that answer a read, nothing for a write."""
        self.heard.append(request)
        if isinstance(request, Read):
            return tuple(self.pending.get(a, self.reported.get(a, 0)) for a in request.run)
        for address, word in enumerate(request.words, request.start):
            self.reported[address] = word
            self.pending.pop(address, None)
        return ()

    def writes(self, address: int) -> list[int]:
        """Return every word that the base wrote to one register, in order."""
        return [
            write.words[address - write.start]
            for write in self.heard
            if isinstance(write, Write) and 0 <= address - write.start < len(write.words)
        ]

    def converse(self, station: BaseStation, seconds: float, step: float = 0.25) -> None:
        """Let the base speak to this gateway for some model time."""
        for _ in range(round(seconds / step)):
            self.listen(station)
            station.advance(step)
        self.listen(station)

    def listen(self, station: BaseStation) -> None:
        """Take in and answer all that the base has to say at this moment."""
        while (request := station.next_request()) is not None:
            words = self.take(request)
            if isinstance(request, Read):
                station.heard(request, words)


Answer = Callable[[TcpFrame, bytes], bytes]
"""Makes the bytes that answer a request, of its frame and the PDU that would be right."""


def honest(request: TcpFrame, pdu: bytes) -> bytes:
    """Answer as a gateway should."""
    return TcpFrame(request.transaction, request.unit, pdu).encode()


class Slave:
    """A Modbus TCP slave on loopback; `answer` may be exchanged for something worse."""

    def __init__(self, answer: Answer = honest) -> None:
        self.gateway = Gateway()
        self.answer = answer
        self.connections = 0
        self.frames: list[TcpFrame] = []
        self.endpoint = Endpoint("127.0.0.1", 0)
        self._writers: set[asyncio.StreamWriter] = set()
        self._news = asyncio.Condition()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Slave]:
        """Listen while the context is open, on the same port when it is opened again."""
        server = await asyncio.start_server(self._serve, self.endpoint.host, self.endpoint.port)
        self.endpoint = Endpoint(self.endpoint.host, server.sockets[0].getsockname()[1])
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
        """Wait until something holds; it is looked at whenever a frame or a connection comes or goes."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: bool(condition()))

    @property
    def is_left(self) -> bool:
        """Whether no connection is open."""
        return not self._writers

    @property
    def polled(self) -> int:
        """How many reads have come in."""
        return sum(frame.pdu[0] == 3 for frame in self.frames)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        await self._tell()
        framer = MbapFramer()
        try:
            while data := await reader.read(4096):
                for frame in framer.feed(data):
                    self._take(frame, writer)
                await self._tell()
        except ConnectionError:
            pass  # the tests break connections on purpose
        finally:
            self._writers.discard(writer)
            writer.close()
            await self._tell()

    def _take(self, frame: TcpFrame, writer: asyncio.StreamWriter) -> None:
        self.frames.append(frame)
        words = self.gateway.take(understood(frame))
        if frame.unit != 0:
            pdu = bytes((3, 2 * len(words))) + struct.pack(f">{len(words)}H", *words)
            writer.write(self.answer(frame, pdu))


def understood(frame: TcpFrame) -> Request:
    """Read a request back from its bytes, by the specification alone."""
    function, start = struct.unpack_from(">BH", frame.pdu)
    if function == 3:
        return Read(frame.unit, range(start, start + struct.unpack_from(">H", frame.pdu, 3)[0]))
    assert function in WRITES
    assert frame.unit == 0
    data = frame.pdu[3:] if function == 6 else frame.pdu[6:]
    if function == 16:
        assert struct.unpack_from(">HB", frame.pdu, 3) == (len(data) // 2, len(data))
    return Write(start, struct.unpack(f">{len(data) // 2}H", data))
