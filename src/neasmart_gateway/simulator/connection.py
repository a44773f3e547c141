"""One Modbus TCP connection as a master has it: one question at a time, and statements that nobody answers."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from neasmart_gateway.modbus.mbap import BrokenStream, MbapFramer, TcpFrame
from neasmart_gateway.simulator.requests import BadAnswer, Read, Refused, Request, Write
from neasmart_gateway.simulator.statistics import Statistics

ANSWER_TIMEOUT = 1.0
"""Real seconds; a gateway is not faster because the house's time is."""

_CLOSE_TIMEOUT = 1.0
_CHUNK = 4096
_TRANSACTIONS = 0x10000


class LinkLost(Exception):
    """The connection is gone, or what arrives on it is no Modbus TCP any more."""


class Connection:
    """Asks and tells over one socket, and counts what happens; an answer that is wrong is counted, never raised."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, statistics: Statistics, timeout: float
    ) -> None:
        self._reader, self._writer = reader, writer
        self._count, self._timeout = statistics, timeout
        self._framer = MbapFramer()
        self._frames: deque[TcpFrame] = deque()
        self._transaction = 0

    async def tell(self, write: Write) -> None:
        """Send a broadcast; does not wait for an answer, because there must not be one. Raises LinkLost."""
        await self._send(write)
        self._count.broadcasts += 1

    async def ask(self, read: Read) -> tuple[int, ...] | None:
        """Send a read; return the words, None when no good answer came in time. Raises LinkLost."""
        await self._send(read)
        self._count.polls += 1
        try:
            async with asyncio.timeout(self._timeout):
                words = read.words(await self._answer(read.unit))
        except TimeoutError:
            self._count.timeouts += 1
        except Refused:
            self._count.exceptions += 1
        except BadAnswer:
            self._count.bad_answers += 1
        else:
            self._count.answers += 1
            return words
        return None

    async def close(self) -> None:
        """Say good-bye; a peer that does not take it is cut off."""
        self._writer.close()
        with suppress(OSError):  # the connection may be long gone, and a TimeoutError is an OSError too
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _send(self, request: Request) -> None:
        self._transaction = (self._transaction + 1) % _TRANSACTIONS
        try:
            self._writer.write(TcpFrame(self._transaction, request.unit, request.pdu).encode())
            await self._writer.drain()
        except OSError as error:
            raise LinkLost(str(error)) from error

    async def _answer(self, unit: int) -> bytes:
        """Return the PDU that answers the last question; what answers something else is counted and dropped."""
        while True:
            while not self._frames:
                await self._receive()
            frame = self._frames.popleft()
            if frame.transaction == self._transaction and frame.unit == unit:
                return frame.pdu
            self._count.bad_answers += 1

    async def _receive(self) -> None:
        try:
            data = await self._reader.read(_CHUNK)
            self._frames.extend(self._framer.feed(data))
        except BrokenStream as error:
            self._count.bad_answers += 1
            raise LinkLost(str(error)) from error
        except OSError as error:
            raise LinkLost(str(error)) from error
        if not data:
            raise LinkLost("the gateway closed the connection")
