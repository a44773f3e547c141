"""A conversation in Modbus RTU, on a line that others share: never out of turn, and silent rather than late."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from neasmart_gateway.bus.options import Line
from neasmart_gateway.bus.slave import Reply, Slave
from neasmart_gateway.bus.wire import Wire
from neasmart_gateway.bus.witness import Witness
from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import DROPPED, Heard, Verdict
from neasmart_gateway.modbus.mbap import looks_like_mbap

_FOLLOWED = 4
"""Bytes behind a request that show that somebody else speaks; one stray byte, as drivers leave it, does not."""
_PULSES = 2
"""How often the loop must turn within the greatest age of an answer, for us to trust the times of arrival."""
_PIECE = 1024
"""Bytes that are looked at before the others have their turn; at 115200 baud a line brings ten times that a second."""


class RtuTalk:
    """Serves the frames of one line.

    An answer leaves after the silent interval, once; never when others have spoken meanwhile, and never when its
    request may be older than the line allows. Such an answer is withheld, and its words do not count as delivered.

    When this process stands still, time passes that says nothing about the line: a pause counts only when the loop has
    waited for it in vain, and what has waited for the loop is too old to be answered.
    """

    def __init__(self, slave: Slave, wire: Wire, witness: Witness, line: Line, clock: Callable[[], float]) -> None:
        self._slave, self._wire, self._witness, self._line, self._clock = slave, wire, witness, line, clock
        self._framer = RtuFramer(slave.units, line.gap, silent=wire.transmit is None)
        self._unread = bytearray()
        self._arrived = 0.0
        self._timer: asyncio.Handle | None = None
        self._answer: asyncio.Handle | None = None
        self._more: asyncio.Handle | None = None
        self._stalled = False
        self._turned = clock()
        self._pulse: asyncio.Handle = wire.loop.call_soon(self._turn)

    def feed(self, data: bytes, at: float) -> None:
        """Take bytes in that arrived at a time, and serve the frames that they complete."""
        if not self._unread:
            deadline = self._framer.deadline
            # A pause that the loop has not yet seen the end of may have been one of ours.
            self._arrived = at if deadline is None else min(at, math.nextafter(deadline, 0.0))
        self._unread += data
        if self._more is None:
            self._go_on()

    def close(self) -> None:
        """Let no timer fire any more."""
        for handle in (self._timer, self._answer, self._more, self._pulse):
            if handle is not None:
                handle.cancel()

    def _go_on(self) -> None:
        """Look at a piece of what has come; if there is more, let the other connections have their turn before."""
        piece = bytes(self._unread[:_PIECE])
        del self._unread[:_PIECE]
        self._take(self._framer.feed(piece, self._arrived))
        self._more = self._wire.loop.call_soon(self._go_on) if self._unread else None
        self._wire.pause(bool(self._unread))

    def _turn(self) -> None:
        """Note that the loop turns; when it did not for long, mistrust what has waited for it meanwhile."""
        now = self._clock()
        if now - self._turned > self._line.max_answer_age:
            self._stalled = True
            self._when_all_is_read(self._trust)
        self._turned = now
        self._pulse = self._wire.loop.call_later(self._line.max_answer_age / _PULSES, self._turn)

    def _trust(self) -> None:
        self._stalled = False

    def _when_all_is_read(self, call: Callable[[], None]) -> asyncio.Handle:
        """Call when the loop has read what is readable now: it looks for that between any two of its turns."""
        return self._wire.loop.call_soon(self._wire.loop.call_soon, call)

    def _take(self, heard: list[Heard]) -> None:
        for one in heard:
            self._witness.heard(one)
            if one.verdict in (Verdict.REQUEST, Verdict.BROADCAST):
                self._serve(one)
            elif one.verdict in DROPPED and looks_like_mbap(one.data, self._slave.units):
                self._witness.traffic.spoke_mbap(one.at)
        deadline = self._framer.deadline
        if deadline is not None and self._timer is None:
            wait = max(0.0, deadline - self._clock())
            self._timer = self._wire.loop.call_later(wait, self._when_all_is_read, self._gap_ends)

    def _gap_ends(self) -> None:
        """Look whether the pause has been long enough for what is unfinished to be given up."""
        self._timer = None
        self._take(self._framer.advance(self._clock()))

    def _serve(self, request: Heard) -> None:
        reply = self._slave.handle(request.unit, request.pdu, self._wire.peer)
        if reply is None or self._wire.transmit is None:
            return
        answer = sealed(bytes((request.unit,)) + reply.pdu)
        is_late = self._stalled or self._clock() - self._turned > self._line.max_answer_age
        if not is_late:
            self._answer = self._wire.loop.call_later(self._line.silence, self._send, request, reply, answer)
        else:
            self._witness.withheld_late(answer, self._clock())

    def _send(self, request: Heard, reply: Reply, answer: bytes) -> None:
        """Send an answer, unless its moment has passed."""
        now = self._clock()
        if self._framer.received + len(self._unread) - request.end >= _FOLLOWED:
            self._witness.withheld_followed(answer, now)
        elif now - request.at > self._line.max_answer_age:
            self._witness.withheld_late(answer, now)
        elif self._wire.is_open and self._wire.transmit is not None:
            taken = self._wire.transmit(answer)
            self._framer.sent(answer, now + len(answer) * self._line.character)
            self._witness.answered(answer, reply.pdu, now, now - request.at)
            if taken:
                self._slave.delivered(reply, request.unit, self._wire.peer)
