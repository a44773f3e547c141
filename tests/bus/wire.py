"""Modbus TCP from the other side of the wire, written from the specification and sharing no code with the gateway."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

DEADLINE = 10.0
"""Seconds after which something that should have happened never will; not a measure of speed."""


class Frame(NamedTuple):
    """One frame: transaction id, unit, PDU."""

    transaction: int
    unit: int
    pdu: bytes

    def encode(self, protocol: int = 0, length: int | None = None) -> bytes:
        """The frame as bytes, with a wrong protocol id or length if that is asked for."""
        size = len(self.pdu) + 1 if length is None else length
        return struct.pack(">HHHB", self.transaction, protocol, size, self.unit) + self.pdu


def cut(stream: bytes) -> list[Frame]:
    """Cut what a slave has sent into frames; every byte must belong to a well-formed one."""
    frames: list[Frame] = []
    while stream:
        assert len(stream) >= 8, f"not a frame: {stream.hex(' ')}"
        transaction, protocol, length, unit = struct.unpack_from(">HHHB", stream)
        assert protocol == 0, f"protocol id {protocol}: {stream.hex(' ')}"
        assert 2 <= length <= 254, f"length {length}: {stream.hex(' ')}"
        assert len(stream) >= 6 + length, f"unfinished: {stream.hex(' ')}"
        frames.append(Frame(transaction, unit, stream[7 : 6 + length]))
        stream = stream[6 + length :]
    return frames


# Requests


def read(start: int, count: int = 1) -> bytes:
    """Function 3."""
    return struct.pack(">BHH", 3, start, count)


def write_one(address: int, word: int) -> bytes:
    """Function 6."""
    return struct.pack(">BHH", 6, address, word)


def write_many(start: int, *words: int) -> bytes:
    """Function 16."""
    return struct.pack(f">BHHB{len(words)}H", 16, start, len(words), 2 * len(words), *words)


def mask_write(address: int, and_mask: int, or_mask: int) -> bytes:
    """Function 22."""
    return struct.pack(">BHHH", 22, address, and_mask, or_mask)


def read_write(start: int, count: int, write_start: int, *words: int) -> bytes:
    """Function 23: writes first, then reads."""
    return struct.pack(f">BHHHHB{len(words)}H", 23, start, count, write_start, len(words), 2 * len(words), *words)


# Answers


def holding(*words: int) -> bytes:
    """The answer of function 3."""
    return struct.pack(f">BB{len(words)}H", 3, 2 * len(words), *words)


class Client:
    """One connection to a slave."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> Frame:
        """The next answer; fails at the deadline, and at any byte that is not part of a frame."""
        async with asyncio.timeout(DEADLINE):
            header = await self._reader.readexactly(7)
            rest = await self._reader.readexactly(struct.unpack(">H", header[4:6])[0] - 1)
        (frame,) = cut(header + rest)
        return frame

    async def ask(self, pdu: bytes, unit: int = 240, transaction: int = 0x1234) -> bytes:
        """The PDU that answers a request; transaction and unit must be those of the request."""
        await self.send(Frame(transaction, unit, pdu).encode())
        answer = await self.answer()
        assert answer[:2] == (transaction, unit)
        return answer.pdu

    async def rest(self) -> bytes:
        """Say that no more requests come, and return all that is received until the slave closes too."""
        self.writer.write_eof()
        return await self.until_closed()

    async def until_closed(self) -> bytes:
        """All that is received until the slave closes the connection."""
        async with asyncio.timeout(DEADLINE):
            return await self._reader.read()

    async def silent_so_far(self) -> bool:
        """Whether nothing has been sent to us but the answer to one more good request."""
        await self.send(Frame(0xFFFE, 240, read(65535)).encode())
        return await self.answer() == Frame(0xFFFE, 240, holding(0))


@asynccontextmanager
async def connection(port: int, source: str = "127.0.0.1") -> AsyncIterator[Client]:
    """A connection from an address of loopback; 127.0.0.2 is another peer than 127.0.0.1."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


async def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is true that the network brings about."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.0005)
    assert condition(), what
