"""The Modbus master: carries the base station's conversation to a gateway, at any speed, and comes back for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.connection import ANSWER_TIMEOUT, Connection
from neasmart_gateway.simulator.endpoints import Address
from neasmart_gateway.simulator.framing import MbapFraming, RtuFraming
from neasmart_gateway.simulator.manners import POLITE
from neasmart_gateway.simulator.mischief import Mischief
from neasmart_gateway.simulator.orders import Meaning
from neasmart_gateway.simulator.requests import Read, Request
from neasmart_gateway.simulator.statistics import Statistics
from neasmart_gateway.simulator.voice import Voice
from neasmart_gateway.simulator.wire import LinkLost, open_wire

PAUSES = (0.2, 5.0)
"""Real seconds between attempts to connect: the first, and what it grows to."""


def growing_pauses() -> Iterator[float]:
    """Yield the seconds to wait before each further attempt, each twice the one before, up to the longest."""
    pause, longest = PAUSES
    while True:
        yield pause
        pause = min(2 * pause, longest)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the master waits, in real seconds at any speed: for an answer, and between attempts to connect.

    `pauses` begins anew whenever a gateway has answered, so that one which drops every connection is not hammered.
    """

    answer: float = ANSWER_TIMEOUT
    pauses: Callable[[], Iterator[float]] = growing_pauses


class Unplugged(LinkLost):
    """Somebody has pulled the plug, and puts it back after a while."""


class Master:
    """Speaks for one base station to one gateway. Model time runs `speed` times as fast as the clock.

    `tried` is set once the first attempt to connect has come to an end.
    """

    def __init__(
        self,
        endpoint: Address,
        station: BaseStation,
        *,
        speed: float = 1.0,
        patience: Patience | None = None,
        clock: Callable[[], float] | None = None,
        mischief: Mischief | None = None,
    ) -> None:
        self._endpoint, self._station = endpoint, station
        self._speed, self._patience = speed, patience or Patience()
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._mischief = mischief or Mischief(POLITE)
        self._last: float | None = None
        self._pauses = self._patience.pauses()
        self.connected = False
        self.fault = "not tried yet"
        self.tried = asyncio.Event()
        self.statistics = Statistics(misdeeds=self._mischief.counts)

    async def run(self) -> None:
        """Connect, converse, connect again, until cancelled; `fault` says what ended the last attempt or link."""
        while True:
            self._let_time_pass()
            try:
                await self._converse(await self._connect())
            except Unplugged as plug:
                self.fault = str(plug)
                await asyncio.sleep(self._mischief.manners.unplug_for)
                continue
            except LinkLost as error:
                self.fault = str(error)
            self.tried.set()
            await asyncio.sleep(next(self._pauses))

    async def _connect(self) -> Connection:
        wire, line = await open_wire(self._endpoint), self._endpoint.line
        voice = Voice(wire, line, self._mischief)
        return Connection(voice, RtuFraming() if line else MbapFraming(), self.statistics, self._patience.answer)

    async def _converse(self, connection: Connection) -> None:
        """Talk until the link is lost, or until cancelled; leaves a closed connection in either case."""
        self.connected = True
        self.tried.set()
        self.statistics.connections += 1
        self._mischief.unplug.begin()
        self._station.link_up()
        try:
            while True:
                await self._exchange(connection)
        finally:
            self.connected = False
            self._station.link_lost()
            await connection.close()

    async def _exchange(self, connection: Connection) -> None:
        now = self._let_time_pass()
        if self._mischief.unplug.come(now):
            self._mischief.counts.unplugs += 1
            raise Unplugged("unplugged")
        if self._mischief.restart.come(now):
            await self._restart()
        request = self._station.next_request()
        if request is None:
            await asyncio.sleep(self._station.wait() / self._speed)
        else:
            await self._carry(connection, request)

    async def _carry(self, connection: Connection, request: Request) -> None:
        if not isinstance(request, Read):
            await connection.tell(request, followed=not self._station.wait())
            await asyncio.sleep(0)  # nobody answers a broadcast: without this a burst would let nobody else run
            return
        words = await connection.ask(request)
        if words is not None:
            self._pauses = self._patience.pauses()
            meanings = self._station.heard(request, words)
            self.statistics.commands_obeyed += meanings[Meaning.OBEYED]
            self.statistics.illegal_words += meanings[Meaning.ILLEGAL]

    async def _restart(self) -> None:
        """Be silent, as a base is that loses its power and comes to itself, and then say everything again."""
        self._mischief.counts.restarts += 1
        self._mischief.forget()
        await asyncio.sleep(self._mischief.manners.restart_silence)
        self._let_time_pass()
        self._station.restarted()

    def _let_time_pass(self) -> float:
        now = self._clock()
        self._station.advance(0.0 if self._last is None else (now - self._last) * self._speed)
        self._last = now
        return now
