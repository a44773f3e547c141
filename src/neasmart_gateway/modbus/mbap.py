"""Modbus TCP frames: the MBAP header, and a streaming reader of it.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from neasmart_gateway.modbus.pdu import MAX_PDU

HEADER = struct.Struct(">HHHB")
_LENGTH_MIN, _LENGTH_MAX = 2, MAX_PDU + 1


@dataclass(frozen=True, slots=True)
class TcpFrame:
    """One Modbus TCP frame: transaction id, unit (0: broadcast) and PDU."""

    transaction: int
    unit: int
    pdu: bytes

    def encode(self) -> bytes:
        return HEADER.pack(self.transaction, 0, len(self.pdu) + 1, self.unit) + self.pdu


class BrokenStream(Exception):
    """The header cannot be Modbus TCP: the place in the byte stream is lost, the connection must be closed."""


class MbapFramer:
    """Cuts a byte stream into Modbus TCP frames, whatever the segments; keeps less than one frame."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[TcpFrame]:
        """Yield each frame that `data` completes; BrokenStream at a bad protocol id or length."""
        buffer = self._buffer + data
        start = 0
        try:
            while len(buffer) - start >= HEADER.size:
                transaction, protocol, length, unit = HEADER.unpack_from(buffer, start)
                if protocol != 0:
                    raise BrokenStream(f"protocol id {protocol} instead of 0")
                if not _LENGTH_MIN <= length <= _LENGTH_MAX:
                    raise BrokenStream(f"length {length} is not between {_LENGTH_MIN} and {_LENGTH_MAX}")
                end = start + HEADER.size - 1 + length
                if len(buffer) < end:
                    break
                frame = TcpFrame(transaction, unit, buffer[start + HEADER.size : end])
                start = end
                yield frame
        finally:
            self._buffer = buffer[start:]

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._buffer)
