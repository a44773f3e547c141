"""How long the frames of Modbus RTU are: a unit, a PDU and a checksum."""

from __future__ import annotations

from neasmart_gateway.modbus import crc
from neasmart_gateway.modbus.pdu import BROADCAST, MAX_PDU
from neasmart_gateway.modbus.shapes import ANSWERS, REQUESTS, UNKNOWN

ENVELOPE = 1 + crc.SIZE
MIN_FRAME = ENVELOPE + 1
MAX_FRAME = ENVELOPE + MAX_PDU
UNTOLD = MAX_FRAME + 1
"""A length that the frame's own bytes have not told yet; longer than all that they have."""
_KNOWN = REQUESTS.keys() | ANSWERS.keys()


def frame_lengths(buffer: bytearray, start: int, stop: int) -> list[int]:
    """Return the lengths that a standard frame at `start` may have, the shorter one first; UNTOLD stands at the end."""
    function = buffer[start + 1]
    if function not in _KNOWN:  # most bytes are: whoever looks for a frame asks this of every one
        return []
    shapes = [REQUESTS.get(function), ANSWERS.get(function) if buffer[start] != BROADCAST else None]
    pdus = [shape.length(buffer, start + 1, stop) for shape in shapes if shape is not None]
    return sorted({UNTOLD if pdu is None else ENVELOPE + pdu for pdu in pdus if pdu != UNKNOWN})
