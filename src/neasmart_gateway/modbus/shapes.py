"""How long the PDUs of the standard functions are, seen from their first bytes.

Source: Modbus Application Protocol Specification V1.1b3, section 6. A function that is missing here says nothing about
its length; so does the answer of 43, whose objects have lengths of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neasmart_gateway.modbus.pdu import MAX_PDU

UNKNOWN = 0
"""Length of something that has no such length: not a PDU of this kind."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A PDU of `fixed` bytes; or of that many and as many more as the `width` bytes at `count_at` say."""

    fixed: int
    count_at: int | None = None
    width: int = 1
    step: int = 1
    """What the count must be a multiple of: whole words, for registers."""

    def length(self, data: bytes | bytearray, start: int, stop: int) -> int | None:
        """Return the length of the PDU that begins at `start`; None while its count has not arrived (`stop`)."""
        if self.count_at is None:
            return self.fixed
        at = start + self.count_at
        if at + self.width > stop:
            return None
        count = int.from_bytes(data[at : at + self.width], "big")
        length = self.fixed + count
        return length if count % self.step == 0 and length <= MAX_PDU else UNKNOWN


_WORD_RUN = Shape(2, 1, step=2)
_BYTE_RUN = Shape(2, 1)

REQUESTS: dict[int, Shape] = {
    **dict.fromkeys((0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08), Shape(5)),
    **dict.fromkeys((0x07, 0x0B, 0x0C, 0x11), Shape(1)),
    **dict.fromkeys((0x0F, 0x10), Shape(6, 5)),
    **dict.fromkeys((0x14, 0x15), _BYTE_RUN),
    0x16: Shape(7),
    0x17: Shape(10, 9),
    0x18: Shape(3),
    0x2B: Shape(4),
}

ANSWERS: dict[int, Shape] = {
    **dict.fromkeys((0x01, 0x02, 0x0C, 0x11, 0x14, 0x15), _BYTE_RUN),
    **dict.fromkeys((0x03, 0x04, 0x17), _WORD_RUN),
    **dict.fromkeys((0x05, 0x06, 0x08, 0x0B, 0x0F, 0x10), Shape(5)),
    0x07: Shape(2),
    0x16: Shape(7),
    0x18: Shape(3, 1, width=2),
    **dict.fromkeys(range(0x81, 0x100), Shape(2)),
}


def fits(shapes: Mapping[int, Shape], pdu: bytes) -> bool:
    """Whether a PDU has the length that its function gives it."""
    shape = shapes.get(pdu[0])
    return shape is not None and shape.length(pdu, 0, len(pdu)) == len(pdu)


def request_length(pdu: bytes) -> int | None:
    """Return how long the request at the start of `pdu` is, function code included.

    None for an unknown function, or while the byte count has not arrived yet.
    """
    shape = REQUESTS.get(pdu[0]) if pdu else None
    return None if shape is None else shape.length(pdu, 0, len(pdu))


def answer_length(request: bytes) -> int | None:
    """Return how long the answer to a request PDU is, if it is no exception; None when the request does not tell."""
    function = request[0]
    if function in (0x01, 0x02):
        return 2 + (int.from_bytes(request[3:5], "big") + 7) // 8
    if function in (0x03, 0x04, 0x17):
        return 2 + 2 * int.from_bytes(request[3:5], "big")
    shape = ANSWERS.get(function)
    return shape.fixed if shape is not None and shape.count_at is None else None
