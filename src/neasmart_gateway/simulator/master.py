"""The Modbus master: carries the base station's conversation over TCP, at any speed, and comes back for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.connection import ANSWER_TIMEOUT, Connection, LinkLost
from neasmart_gateway.simulator.options import Endpoint
from neasmart_gateway.simulator.orders import Meaning
from neasmart_gateway.simulator.requests import Read, Request
from neasmart_gateway.simulator.statistics import Statistics

PAUSES = (0.2, 5.0)
"""Real seconds between attempts to connect: the first, and what it grows to."""

_CONNECT_TIMEOUT = 5.0


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


class Master:
    """Speaks for one base station to one gateway. Model time runs `speed` times as fast as the clock."""

    def __init__(
        self,
        endpoint: Endpoint,
        station: BaseStation,
        *,
        speed: float = 1.0,
        patience: Patience | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._endpoint, self._station = endpoint, station
        self._speed, self._patience = speed, patience or Patience()
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._last: float | None = None
        self._pauses = self._patience.pauses()
        self.connected = False
        self.fault = "not tried yet"
        self.statistics = Statistics()

    async def run(self) -> None:
        """Connect, converse, connect again, until cancelled; `fault` says what ended the last attempt or link."""
        while True:
            self._let_time_pass()
            try:
                connection = await self._connect()
                await self._converse(connection)
            except TimeoutError:
                self.fault = "no answer to the attempt to connect"
            except ConnectionRefusedError:
                self.fault = "nobody listens there"
            except (OSError, UnicodeError, LinkLost) as error:  # UnicodeError: a host name that cannot be one
                self.fault = str(error)
            await asyncio.sleep(next(self._pauses))

    async def _connect(self) -> Connection:
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            reader, writer = await asyncio.open_connection(self._endpoint.host, self._endpoint.port)
        return Connection(reader, writer, self.statistics, self._patience.answer)

    async def _converse(self, connection: Connection) -> None:
        """Talk until the link is lost, or until cancelled; leaves a closed connection in either case."""
        self.connected = True
        self.statistics.connections += 1
        self._station.link_up()
        try:
            while True:
                await self._exchange(connection)
        finally:
            self.connected = False
            self._station.link_lost()
            await connection.close()

    async def _exchange(self, connection: Connection) -> None:
        self._let_time_pass()
        request = self._station.next_request()
        if request is None:
            await asyncio.sleep(self._station.wait() / self._speed)
        else:
            await self._carry(connection, request)

    async def _carry(self, connection: Connection, request: Request) -> None:
        if not isinstance(request, Read):
            await connection.tell(request)
            await asyncio.sleep(0)  # nobody answers a broadcast: without this a burst would let nobody else run
            return
        words = await connection.ask(request)
        if words is not None:
            self._pauses = self._patience.pauses()
            meanings = self._station.heard(request, words)
            self.statistics.commands_obeyed += meanings[Meaning.OBEYED]
            self.statistics.illegal_words += meanings[Meaning.ILLEGAL]

    def _let_time_pass(self) -> None:
        now = self._clock()
        self._station.advance(0.0 if self._last is None else (now - self._last) * self._speed)
        self._last = now
