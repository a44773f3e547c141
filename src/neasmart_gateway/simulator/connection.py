"""One connection as a master has it: one question at a time, and statements that nobody answers."""

from __future__ import annotations

import asyncio

from neasmart_gateway.simulator.framing import Framing
from neasmart_gateway.simulator.requests import BadAnswer, Read, Refused, Request, Write
from neasmart_gateway.simulator.statistics import Statistics
from neasmart_gateway.simulator.voice import Voice
from neasmart_gateway.simulator.wire import LinkLost

ANSWER_TIMEOUT = 1.0
"""Real seconds; a gateway is not faster because the house's time is."""


class Connection:
    """Asks and tells over one wire, and counts what happens; an answer that is wrong is counted, never raised."""

    def __init__(self, voice: Voice, framing: Framing, statistics: Statistics, timeout: float) -> None:
        self._voice, self._framing = voice, framing
        self._count, self._timeout = statistics, timeout

    async def tell(self, write: Write, *, followed: bool = False) -> None:
        """Send a broadcast; does not wait for an answer, because there must not be one. Raises LinkLost."""
        await self._send(write, followed=followed)
        self._count.broadcasts += 1

    async def ask(self, read: Read) -> tuple[int, ...] | None:
        """Send a read; return the words, None when no good answer came in time. Raises LinkLost."""
        await self._send(read)
        self._count.polls += 1
        try:
            async with asyncio.timeout(self._timeout + self._voice.seconds(self._framing.expected(read))):
                words = read.words(await self._answer())
        except TimeoutError:
            if self._framing.drop():
                self._count.bad_answers += 1
            else:
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
        await self._voice.close()

    async def _send(self, request: Request, *, followed: bool = False) -> None:
        self._feed(await self._voice.leftovers())
        self._count.bad_answers += self._framing.drop()
        await self._voice.say(self._framing.encode(request), poll=isinstance(request, Read), followed=followed)

    async def _answer(self) -> bytes:
        """Return the PDU that answers the last question; what answers something else is counted and dropped."""
        while True:
            try:
                pdu = self._framing.next()
            except BadAnswer:
                self._count.bad_answers += 1
                continue
            if pdu is not None:
                return pdu
            self._feed(await self._voice.hear())

    def _feed(self, data: bytes) -> None:
        try:
            self._framing.feed(data)
        except LinkLost:
            self._count.bad_answers += 1
            raise
