"""Finds out whether a connection speaks Modbus TCP or RTU, and then speaks that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from neasmart_gateway.bus.wire import Conversation
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import DROPPED, Heard
from neasmart_gateway.modbus.mbap import BrokenStream, MbapFramer
from neasmart_gateway.modbus.pdu import BROADCAST
from neasmart_gateway.modbus.shapes import request_length

_LONGEST_DOUBT = 1024
"""Bytes after which a connection that is still neither is taken for a line full of noise."""
_ENOUGH = 3
"""Well-formed frames of Modbus TCP to others that show what is spoken, although none was for us."""


class AutoTalk:
    """A frame of RTU with a right checksum decides; else one of Modbus TCP that is for us and as long as it must be.

    The bytes of the time of doubt are served as soon as it is over, each with the time at which it arrived.
    """

    def __init__(
        self, units: frozenset[int], mbap: Callable[[], Conversation], rtu: Callable[[], Conversation],
        loop: asyncio.AbstractEventLoop, gap: float,
    ) -> None:  # fmt: skip
        self._ours = units | {BROADCAST}
        self._mbap, self._rtu, self._loop, self._gap = mbap, rtu, loop, gap
        self._frames = RtuFramer(units, gap)
        self._stream = MbapFramer()
        self._foreign = 0
        self._unread: list[tuple[bytes, float]] = []
        self._chosen: Conversation | None = None
        self._timer: asyncio.TimerHandle | None = None

    def feed(self, data: bytes, at: float) -> None:
        """Take bytes in that arrived at a time."""
        if self._chosen is not None:
            self._chosen.feed(data, at)
            return
        self._unread.append((data, at))
        self._choose(self._judge(data, at))

    def close(self) -> None:
        """Pass it on, and let no timer fire any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._chosen is not None:
            self._chosen.close()

    def _choose(self, make: Callable[[], Conversation] | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if make is None:
            self._timer = self._loop.call_later(self._gap, self._gap_ends)
            return
        self._chosen, unread, self._unread = make(), self._unread, []
        for data, at in unread:
            self._chosen.feed(data, at)

    def _gap_ends(self) -> None:
        """See whether the pause has shown a frame that hid behind noise."""
        if _has_frame(self._frames.advance(self._loop.time())):
            self._choose(self._rtu)

    def _judge(self, data: bytes, at: float) -> Callable[[], Conversation] | None:
        if _has_frame(self._frames.feed(data, at)):
            return self._rtu
        try:
            for frame in self._stream.feed(data):
                if request_length(frame.pdu) == len(frame.pdu):
                    self._foreign += frame.unit not in self._ours
                    if frame.unit in self._ours or self._foreign == _ENOUGH:
                        return self._mbap
        except BrokenStream:
            return self._rtu
        return self._rtu if sum(len(piece) for piece, _ in self._unread) > _LONGEST_DOUBT else None


def _has_frame(heard: list[Heard]) -> bool:
    return any(one.verdict not in DROPPED for one in heard)
