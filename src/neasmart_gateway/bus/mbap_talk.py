"""A conversation in Modbus TCP: frames in, answers out, in order, also when they are pipelined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.wire import Wire
from neasmart_gateway.bus.witness import Witness
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import DROPPED, Heard, Verdict
from neasmart_gateway.modbus.mbap import BrokenStream, MbapFramer, TcpFrame
from neasmart_gateway.modbus.pdu import BROADCAST

_AT_ONCE = 32
"""Frames of one connection that are served before the others have their turn: nobody may starve the base."""


class MbapTalk:
    """Serves the frames of one connection; silent for units that are not ours."""

    def __init__(self, slave: Slave, wire: Wire, witness: Witness, clock: Callable[[], float]) -> None:
        self._slave, self._wire, self._witness, self._clock = slave, wire, witness, clock
        self._framer = MbapFramer()
        self._paused = False

    def feed(self, data: bytes, at: float) -> None:
        """Take bytes in and serve the frames that they complete."""
        self._serve_some(self._framer.feed(data), data)

    def close(self) -> None:
        """Nothing is left to do."""

    def _serve_some(self, frames: Iterator[TcpFrame], data: bytes = b"") -> None:
        """Serve some frames; if there are more, let the other connections have their turn before."""
        try:
            for frame in islice(frames, _AT_ONCE):
                if not self._wire.is_open:
                    return
                self._serve(frame)
        except BrokenStream as broken:
            self._witness.traffic.broken_streams += 1
            self._witness.traffic.meter.broke()
            if _holds_rtu(data, self._slave.units):
                self._witness.traffic.spoke_rtu(self._clock())
            self._wire.end(f"not Modbus TCP: {broken}")
            return
        if not self._wire.is_open:
            return
        if self._framer.has_frame:
            self._paused = True
            self._wire.pause(True)
            self._wire.loop.call_soon(self._serve_some, frames)
        elif self._paused:
            self._paused = False
            self._wire.pause(False)

    def _serve(self, frame: TcpFrame) -> None:
        now = self._clock()
        self._witness.heard(Heard(_verdict(frame.unit, self._slave.units), frame.encode(), now, 0, to=frame.unit))
        reply = self._slave.handle(frame.unit, frame.pdu, self._wire.peer)
        if reply is None or self._wire.transmit is None:
            return
        answer = TcpFrame(frame.transaction, frame.unit, reply.pdu).encode()
        taken = self._wire.transmit(answer)
        sent_at = self._clock()
        self._witness.answered(answer, reply.pdu, sent_at, sent_at - now)
        if taken:
            self._slave.delivered(reply, frame.unit, self._wire.peer)


def _verdict(unit: int, units: frozenset[int]) -> Verdict:
    if unit == BROADCAST:
        return Verdict.BROADCAST
    return Verdict.REQUEST if unit in units else Verdict.FOREIGN_REQUEST


def _holds_rtu(data: bytes, units: frozenset[int]) -> bool:
    """Whether bytes that are not Modbus TCP are RTU: the adapter is in transparent mode."""
    return any(heard.verdict not in DROPPED for heard in RtuFramer(units, 1.0).feed(data, 0.0))
