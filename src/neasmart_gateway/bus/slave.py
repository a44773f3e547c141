"""The Modbus slave: a request PDU in, an answer PDU out, or silence. Knows no transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from neasmart_gateway.bus.intervals import Intervals
from neasmart_gateway.bus.records import BusRecord, RequestFailed
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.domain.registers import ADDRESS_SPACE
from neasmart_gateway.modbus.pdu import BROADCAST, SERVED, WRITES, ExceptionCode, exception
from neasmart_gateway.modbus.requests import Request, acknowledgement, answer, parse


class Reply(NamedTuple):
    """An answer, the registers whose open word it carries, and when they were read (monotonic seconds)."""

    pdu: bytes
    pending: tuple[int, ...] = ()
    read_at: float = 0.0


class Slave:
    """Answers for our units and for no other; applies broadcasts and never answers them.

    `units` are our unit numbers (240 and 241), `listen_only` true when not a byte may ever be sent, `clock` gives
    system-wide monotonic seconds.
    """

    def __init__(
        self, desk: Desk, units: frozenset[int], *, listen_only: bool,
        clock: Callable[[], float], report: Callable[[BusRecord], None],
    ) -> None:  # fmt: skip
        self._desk = desk
        self._clock = clock
        self._report = report
        self.units = units
        self.listen_only = listen_only
        self.intervals = Intervals()

    def handle(self, unit: int, pdu: bytes, peer: Peer) -> Reply | None:
        """Do what a valid frame asks for; None when nothing may be said."""
        if unit != BROADCAST and unit not in self.units:
            return None
        reply = self._guarded(unit, pdu, peer)
        return None if unit == BROADCAST or self.listen_only else reply

    def delivered(self, reply: Reply, unit: int, peer: Peer) -> None:
        """Note that a reply was handed wholly to the transport."""
        try:
            if reply.pending:
                self._desk.delivered(reply.pending, unit, peer, reply.read_at)
        except Exception as error:  # a fault of ours must not cost the base its connection
            self._report(RequestFailed(peer, reply.pdu.hex(" "), repr(error)))

    def _guarded(self, unit: int, pdu: bytes, peer: Peer) -> Reply:
        try:
            return self._execute(unit, pdu, peer)
        except Exception as error:
            self._report(RequestFailed(peer, pdu.hex(" "), repr(error)))
            return Reply(exception(pdu[0], ExceptionCode.SERVER_DEVICE_FAILURE))

    def _execute(self, unit: int, pdu: bytes, peer: Peer) -> Reply:
        function, now = pdu[0], self._clock()
        self._desk.heard(peer, now)
        if function not in (WRITES if unit == BROADCAST else SERVED):
            return Reply(exception(function, ExceptionCode.ILLEGAL_FUNCTION))
        request = parse(pdu)
        if request is None:
            return Reply(exception(function, ExceptionCode.ILLEGAL_DATA_VALUE))
        if request.end > ADDRESS_SPACE:  # nothing of it is done, also where only its read is impossible
            return Reply(exception(function, ExceptionCode.ILLEGAL_DATA_ADDRESS))
        self._write(request, peer, now)
        if not request.read_count:
            return Reply(acknowledgement(pdu))
        self.intervals.polled(request.read_at, request.read_count, now)
        found = self._desk.read(peer, request.read_at, request.read_count, now)
        return Reply(answer(function, found.words), found.pending, now)

    def _write(self, request: Request, peer: Peer, now: float) -> None:
        words, masks = request.words, request.masks
        if masks is not None:
            words = (masks.of(self._desk.reported(request.write_at)),)
        if words:
            self.intervals.written(request.write_at, len(words), now)
            self._desk.write(peer, request.write_at, words, now)
