"""The desk as pymodbus's request classes want to see it: a context for one request."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar, cast

from pymodbus.constants import ExcCodes
from pymodbus.datastore import ModbusServerContext
from pymodbus.pdu import ModbusPDU

from neasmart_gateway.bus.intervals import Intervals
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.domain.registers import ADDRESS_SPACE
from neasmart_gateway.modbus.pdu import READS, Function

T = TypeVar("T")


class RequestContext:
    """Serves the reads and writes of one request by one peer at one moment.

    `pending` are the registers whose open word was read: when the answer has been handed to the transport they count
    as delivered. Units are not looked at: 240 and 241 share one set of registers. Without `writable` every write is
    answered with "illegal address", because what follows it would be.
    """

    def __init__(self, desk: Desk, intervals: Intervals, peer: Peer, now: float, *, writable: bool) -> None:
        self._desk = desk
        self._intervals = intervals
        self._peer = peer
        self._now = now
        self._writable = writable
        self._written: list[int] = []
        self.pending: tuple[int, ...] = ()

    def run(self, request: ModbusPDU, unit: int) -> ModbusPDU:
        """Let a request do its work; it only ever awaits us, and we never wait, so it runs through in one go."""
        return finish(request.datastore_update(cast(ModbusServerContext, self), unit))

    async def async_getValues(self, _unit: int, function: int, address: int, count: int = 1) -> list[int] | ExcCodes:
        """Return the words that a request reads, or the exception that it deserves."""
        if address + count > ADDRESS_SPACE:
            return ExcCodes.ILLEGAL_ADDRESS
        if function == Function.WRITE_SINGLE_REGISTER:
            # The acknowledgement repeats what was asked for, also when an open command kept it from being stored.
            return self._written
        if function not in READS:
            return [self._desk.reported(address)]
        self._intervals.polled(address, count, self._now)
        answer = self._desk.read(self._peer, address, count, self._now)
        self.pending = answer.pending
        return answer.words

    async def async_setValues(self, _unit: int, _function: int, address: int, values: Sequence[int]) -> ExcCodes | None:
        """Hand the words that a request writes to the desk."""
        if not self._writable or address + len(values) > ADDRESS_SPACE:
            return ExcCodes.ILLEGAL_ADDRESS
        self._written = list(values)
        self._intervals.written(address, len(values), self._now)
        self._desk.write(self._peer, address, self._written, self._now)
        return None


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never really waits to its end, without the detour over the event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast(T, end.value)
    coroutine.close()
    raise RuntimeError("a Modbus request waited for something")
