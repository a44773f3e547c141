"""The Modbus slave: a request PDU in, an answer PDU out, or silence. Knows no transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.register_message import ReadWriteMultipleRegistersRequest

from neasmart_gateway.bus.context import RequestContext
from neasmart_gateway.bus.records import BusRecord, RequestFailed
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.domain.registers import ADDRESS_SPACE
from neasmart_gateway.modbus.pdu import BROADCAST, SERVED, WRITES, ExceptionCode, exception, request_length


@dataclass(frozen=True, slots=True)
class Reply:
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
        self._units = units
        self._listen_only = listen_only
        self._clock = clock
        self._report = report
        self._decoder = DecodePDU(True)

    def handle(self, unit: int, pdu: bytes, peer: Peer, traffic: Traffic) -> Reply | None:
        """Do what a valid frame asks for; None when nothing may be said."""
        if unit == BROADCAST:
            self._broadcast(pdu, peer, traffic)
            return None
        if unit not in self._units:
            traffic.foreign += 1
            return None
        traffic.requests += 1
        reply = self._guarded(unit, pdu, peer)
        if self._listen_only:
            return None
        traffic.exceptions += reply.pdu[0] >= 0x80
        return reply

    def delivered(self, reply: Reply, unit: int, peer: Peer) -> None:
        """Note that a reply was handed wholly to the transport."""
        try:
            if reply.pending:
                self._desk.delivered(reply.pending, unit, peer, reply.read_at)
        except Exception as error:  # a fault of ours must not cost the base its connection
            self._report(RequestFailed(peer, reply.pdu.hex(" "), repr(error)))

    def _broadcast(self, pdu: bytes, peer: Peer, traffic: Traffic) -> None:
        traffic.broadcasts += 1
        self._guarded(BROADCAST, pdu, peer)

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
        request = self._decoder.decode(pdu) if request_length(pdu) == len(pdu) else None
        if request is None:
            return Reply(exception(function, ExceptionCode.ILLEGAL_DATA_VALUE))
        context = RequestContext(self._desk, peer, now, writable=not _reads_beyond_the_end(request))
        response = context.run(request, unit)
        return Reply(bytes((response.function_code,)) + response.encode(), context.pending, now)


def _reads_beyond_the_end(request: ModbusPDU) -> bool:
    """Whether a read and write would have written before its read turned out to be impossible."""
    return (
        isinstance(request, ReadWriteMultipleRegistersRequest)
        and request.read_address + request.read_count > ADDRESS_SPACE
    )
