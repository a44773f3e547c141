"""Modbus TCP frames: the MBAP header, and a streaming reader of it.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from neasmart_gateway.modbus.pdu import MAX_PDU

HEADER = struct.Struct(">HHHB")
_LENGTH_MIN, _LENGTH_MAX = 2, MAX_PDU + 1


class TcpFrame(NamedTuple):
    """One Modbus TCP frame: transaction id, unit (0: broadcast) and PDU."""

    transaction: int
    unit: int
    pdu: bytes

    def encode(self) -> bytes:
        return HEADER.pack(self.transaction, 0, len(self.pdu) + 1, self.unit) + self.pdu


class BrokenStream(Exception):
    """The header cannot be Modbus TCP: the place in the byte stream is lost, the connection must be closed."""


class MbapFramer:
    """Cuts a byte stream into Modbus TCP frames, whatever the segments; keeps less than one frame.

    A stream that has broken stays broken: what follows is dropped.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._broken: str | None = None

    def feed(self, data: bytes) -> Iterator[TcpFrame]:
        """Take a segment, and yield each frame that is complete; BrokenStream at a bad protocol id or length."""
        if self._broken is None:
            self._buffer += data
        return self._frames()

    def _frames(self) -> Iterator[TcpFrame]:
        while len(self._buffer) >= HEADER.size and self._broken is None:
            transaction, protocol, length, unit = HEADER.unpack_from(self._buffer)
            if protocol != 0:
                self._break(f"protocol id {protocol} instead of 0")
            if not _LENGTH_MIN <= length <= _LENGTH_MAX:
                self._break(f"length {length} is not between {_LENGTH_MIN} and {_LENGTH_MAX}")
            end = HEADER.size - 1 + length
            if len(self._buffer) < end:
                return
            frame = TcpFrame(transaction, unit, bytes(self._buffer[HEADER.size : end]))
            del self._buffer[:end]
            yield frame

    def _break(self, reason: str) -> NoReturn:
        self._broken = reason
        self._buffer.clear()
        raise BrokenStream(reason)

    @property
    def has_frame(self) -> bool:
        """Whether there is something to yield, or to break at, without further bytes."""
        if len(self._buffer) < HEADER.size:
            return False
        _, protocol, length, _ = HEADER.unpack_from(self._buffer)
        broken = protocol != 0 or not _LENGTH_MIN <= length <= _LENGTH_MAX
        return broken or len(self._buffer) >= HEADER.size - 1 + length

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._buffer)


def looks_like_mbap(data: bytes, units: frozenset[int]) -> bool:
    """Whether bytes that were taken for RTU begin with the header of a Modbus TCP frame for one of these units."""
    if len(data) <= HEADER.size:
        return False
    _, protocol, length, unit = HEADER.unpack_from(data)
    return protocol == 0 and _LENGTH_MIN <= length <= _LENGTH_MAX and unit in units
