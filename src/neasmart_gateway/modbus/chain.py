"""Frames of unknown length: where one may begin, and where its checksum comes out right."""

from __future__ import annotations

from neasmart_gateway.modbus import crc
from neasmart_gateway.modbus.frame import MAX_FRAME, MIN_FRAME
from neasmart_gateway.modbus.pdu import BROADCAST, EXCEPTION

_MAX_UNIT = 247
_MOST_LENGTHS = 4


def may_be_proprietary(unit: int, function: int) -> bool:
    """Whether a frame may begin so. A single 00 or FF, as drivers leave them when they wake up, begins none of ours."""
    return unit <= _MAX_UNIT and function != 0 and (unit != BROADCAST or function < EXCEPTION)


class Chain:
    """A frame of unknown length: its checksum as far as bytes have come, and the lengths at which that came out right.

    At most `_MOST_LENGTHS` are kept: behind a right one, zeros leave the checksum right.
    """

    __slots__ = ("_register", "_seen", "lengths")

    def __init__(self) -> None:
        self._register = crc.START
        self._seen = 0
        self.lengths: list[int] = []

    def extend(self, buffer: bytearray, start: int) -> None:
        """Go on with the checksum of what begins at `start`."""
        for byte in buffer[start + self._seen : start + MAX_FRAME]:
            self._register = crc.crc16((byte,), self._register)
            self._seen += 1
            if not self._register and self._seen >= MIN_FRAME and len(self.lengths) < _MOST_LENGTHS:
                self.lengths.append(self._seen)

    @property
    def complete(self) -> bool:
        """Whether further bytes cannot lengthen it."""
        return self._seen == MAX_FRAME
