"""Finds out whether a connection speaks Modbus TCP or RTU, and then speaks that."""

from __future__ import annotations

from collections.abc import Callable

from neasmart_gateway.bus.wire import Conversation
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import DROPPED
from neasmart_gateway.modbus.mbap import BrokenStream, MbapFramer
from neasmart_gateway.modbus.pdu import BROADCAST
from neasmart_gateway.modbus.shapes import request_length

_LONGEST_DOUBT = 1024
"""Bytes after which a connection that is still neither is taken for a line full of noise."""


class AutoTalk:
    """A frame of RTU with a right checksum decides; else one of Modbus TCP that is for us and as long as it must be."""

    def __init__(
        self, units: frozenset[int], mbap: Callable[[], Conversation], rtu: Callable[[], Conversation], gap: float,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._units, self._mbap, self._rtu, self._clock = units, mbap, rtu, clock
        self._frames = RtuFramer(units, gap)
        self._stream = MbapFramer()
        self._unread = bytearray()
        self._chosen: Conversation | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes in; those of the time of doubt are served as soon as it is over."""
        if self._chosen is None:
            self._unread += data
            make = self._judge(data)
            if make is None:
                return
            self._chosen, data = make(), bytes(self._unread)
            self._unread.clear()
        self._chosen.feed(data)

    def close(self) -> None:
        """Pass it on."""
        if self._chosen is not None:
            self._chosen.close()

    def _judge(self, data: bytes) -> Callable[[], Conversation] | None:
        if any(heard.verdict not in DROPPED for heard in self._frames.feed(data, self._clock())):
            return self._rtu
        try:
            for frame in self._stream.feed(data):
                if frame.unit in self._units | {BROADCAST} and request_length(frame.pdu) == len(frame.pdu):
                    return self._mbap
        except BrokenStream:
            return self._rtu
        return self._rtu if len(self._unread) > _LONGEST_DOUBT else None
