"""Requests as bytes, and answers out of them: Modbus TCP, and RTU as a master reads it."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from neasmart_gateway.modbus import crc
from neasmart_gateway.modbus.frame import ENVELOPE, MAX_FRAME
from neasmart_gateway.modbus.mbap import BrokenStream, MbapFramer, TcpFrame
from neasmart_gateway.modbus.pdu import EXCEPTION
from neasmart_gateway.modbus.shapes import ANSWERS, answer_length
from neasmart_gateway.simulator.requests import BadAnswer, Request
from neasmart_gateway.simulator.wire import LinkLost

_TRANSACTIONS = 0x10000


class Framing(Protocol):
    """Remembers the last request, because that is what says which bytes are its answer."""

    def encode(self, request: Request) -> bytes:
        """Return the bytes of a request; from now on its answer is the only one."""

    def expected(self, request: Request) -> int:
        """Return how many bytes a request and its answer have together."""

    def feed(self, data: bytes) -> None:
        """Take bytes as they arrive; LinkLost when they are no Modbus."""

    def next(self) -> bytes | None:
        """Return the PDU of the answer, None while it is not complete; BadAnswer for what answers something else."""

    def drop(self) -> bool:
        """Forget bytes that no later one can complete; whether there were any."""


class MbapFraming:
    """Modbus TCP: an answer has its question's transaction."""

    def __init__(self) -> None:
        self._framer = MbapFramer()
        self._frames: deque[TcpFrame] = deque()
        self._transaction, self._unit = 0, 0

    def encode(self, request: Request) -> bytes:
        self._transaction, self._unit = (self._transaction + 1) % _TRANSACTIONS, request.unit
        return TcpFrame(self._transaction, request.unit, request.pdu).encode()

    def expected(self, request: Request) -> int:
        return 0  # no line that takes its time

    def feed(self, data: bytes) -> None:
        try:
            self._frames.extend(self._framer.feed(data))
        except BrokenStream as error:
            raise LinkLost(str(error)) from error

    def next(self) -> bytes | None:
        if not self._frames:
            return None
        frame = self._frames.popleft()
        if (frame.transaction, frame.unit) != (self._transaction, self._unit):
            raise BadAnswer(f"transaction {frame.transaction} of unit {frame.unit}")
        return frame.pdu

    def drop(self) -> bool:
        return False  # nothing is ever dropped: a later byte completes a frame


class RtuFraming:
    """RTU: an answer has its question's unit and function, the length that its own bytes give it, and a right checksum.

    What else arrives is passed over, as a line may tremble before a slave drives it.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._unit, self._function = 0, 0

    def encode(self, request: Request) -> bytes:
        self._unit, self._function = request.unit, request.pdu[0]
        return crc.sealed(bytes((request.unit,)) + request.pdu)

    def expected(self, request: Request) -> int:
        return 2 * ENVELOPE + len(request.pdu) + (answer_length(request.pdu) or 0)

    def feed(self, data: bytes) -> None:
        self._held += data
        del self._held[: -2 * MAX_FRAME]

    def next(self) -> bytes | None:
        for start in range(len(self._held)):
            frame = self._frame_at(start)
            if frame and start:
                del self._held[:start]
                raise BadAnswer(f"{start} bytes before the answer")
            if frame:
                del self._held[: len(frame)]
                return frame[1 : -crc.SIZE]
        return None

    def drop(self) -> bool:
        held = bool(self._held)
        self._held.clear()
        return held

    def _frame_at(self, start: int) -> bytes:
        """Return the answer that begins here and is complete; empty when there is none."""
        unit, function = self._held[start], self._held[start + 1 : start + 2]
        if unit != self._unit or function not in (bytes((self._function,)), bytes((self._function | EXCEPTION,))):
            return b""
        length = ANSWERS[function[0]].length(self._held, start + 1, len(self._held))
        frame = bytes(self._held[start : start + ENVELOPE + length]) if length else b""
        return frame if length and len(frame) == ENVELOPE + length and not crc.crc16(frame) else b""
