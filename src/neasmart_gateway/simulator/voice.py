"""How a base's frames get onto a wire: each behind a silence, at the line's pace, and with its bad manners."""

from __future__ import annotations

import asyncio

from neasmart_gateway.simulator.endpoints import Line
from neasmart_gateway.simulator.mischief import Mischief
from neasmart_gateway.simulator.wire import Wire

CHOP_PAUSE = 0.001
"""Real seconds between the pieces of a frame, as a network adapter makes them."""


class Voice:
    """Speaks and listens on one wire. Without a `line` nothing has to be waited for.

    A line's pace is one of real seconds, however fast the house lives; so it goes by the event loop's own clock.
    """

    def __init__(self, wire: Wire, line: Line | None, mischief: Mischief) -> None:
        """Take over a wire that is silent."""
        self._wire, self._line, self._mischief = wire, line, mischief
        self._clock = asyncio.get_running_loop().time
        self._free_at = self._clock()

    def seconds(self, count: int) -> float:
        """Return how long this many bytes are on their way."""
        return count * self._line.character if self._line else 0.0

    async def say(self, frame: bytes, *, poll: bool, followed: bool = False) -> None:
        """Send a frame, or hold it back until the next one if it is `followed` by one. Raises LinkLost."""
        for pieces in self._mischief.utter(frame, poll=poll, followed=followed):
            await self._silence()
            for number, piece in enumerate(pieces):
                if number:
                    await asyncio.sleep(CHOP_PAUSE)
                await self._write(piece)

    async def hear(self) -> bytes:
        """Wait for bytes from the gateway. Raises LinkLost."""
        return await self._taken(await self._wire.read())

    async def leftovers(self) -> bytes:
        """Return the bytes that came unasked, without waiting for more. Raises LinkLost."""
        data = await self._wire.leftovers()
        return await self._taken(data) if data else data

    async def close(self) -> None:
        """Hang up; what was held back is not said any more."""
        self._mischief.forget()
        await self._wire.close()

    async def _taken(self, data: bytes) -> bytes:
        self._free_at = self._clock()
        if self._mischief.manners.echo:
            self._mischief.counts.echoes += 1
            await self._write(data)
        return data

    async def _write(self, data: bytes) -> None:
        await self._wire.write(data)
        self._free_at = max(self._free_at, self._clock()) + self.seconds(len(data))

    async def _silence(self) -> None:
        """Wait until the last byte has left the line and the line has been silent."""
        if self._line is not None:
            await asyncio.sleep(max(0.0, self._free_at + self._line.silence - self._clock()))
