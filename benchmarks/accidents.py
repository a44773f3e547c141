"""Where a checksum is right by accident: every run of bytes of a stretch that ends with its own checksum.

It shares no code with the gateway's framer: the checksum is undone step by step, so that all runs with a right one are
found by one look-up for each byte, whatever their length.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator

MIN_FRAME, MAX_FRAME = 4, 256
_POLYNOMIAL, _START = 0xA001, 0xFFFF
_FIXED = {
    **dict.fromkeys((0x01, 0x02, 0x03, 0x04), (8,)),
    **dict.fromkeys((0x05, 0x06, 0x08), (8,)),
    **dict.fromkeys((0x0B,), (4, 8)),
    **dict.fromkeys((0x0F, 0x10), (8,)),
    **dict.fromkeys((0x0C, 0x11), (4,)),
    0x07: (4, 5),
    0x16: (10,),
    0x18: (6,),
    0x2B: (7,),
    **dict.fromkeys(range(0x81, 0x100), (5,)),
}
"""Lengths of requests and answers that the function alone tells, with unit and checksum."""
_COUNTED = {
    **dict.fromkeys((0x01, 0x02, 0x03, 0x04, 0x0C, 0x11, 0x14, 0x15), ((2, 5),)),
    **dict.fromkeys((0x0F, 0x10), ((6, 9),)),
    0x17: ((2, 5), (10, 13)),
}
"""Where the byte that counts stands in the frame, and what its value is added to."""


def standard_lengths(data: bytes, start: int) -> set[int]:
    """Return the lengths that a standard frame beginning at `start` may have."""
    function = data[start + 1]
    lengths = set(_FIXED.get(function, ()))
    lengths |= {data[start + at] + more for at, more in _COUNTED.get(function, ()) if start + at < len(data)}
    if function == 0x18:
        lengths.add(6 + int.from_bytes(data[start + 2 : start + 4], "big"))
    return lengths


def sealed_runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of everything in `data` that is long enough and ends with its own checksum."""
    undone = [0]
    for weights, byte in zip(_weights(len(data)), data, strict=False):
        undone.append(undone[-1] ^ weights[byte])
    ends = defaultdict(list)
    for end, value in enumerate(undone):
        ends[value].append(end)
    for start, value in enumerate(undone):
        for end in ends.get(value ^ _UNDONE_STARTS[start], ()):
            if MIN_FRAME <= end - start <= MAX_FRAME:
                yield start, end


def checksum(data: bytes) -> bytes:
    """Return the checksum of `data`, low byte first."""
    register = _START
    for byte in data:
        register = register >> 8 ^ _TABLE[(register ^ byte) & 0xFF]
    return register.to_bytes(2, "little")


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ _POLYNOMIAL if byte & 1 else byte >> 1
    return byte


_TABLE = [_entry(byte) for byte in range(256)]
_BY_HIGH_BYTE = {value >> 8: byte for byte, value in enumerate(_TABLE)}
_WEIGHTS = [array("H", range(256))]
_UNDONE_STARTS = [_START]


def _undo(register: int) -> int:
    """Return the register before a zero byte."""
    low = _BY_HIGH_BYTE[register >> 8]
    return ((register ^ _TABLE[low]) & 0xFF) << 8 | low


def _weights(length: int) -> list[array[int]]:
    """What each byte at each place adds to the register, undone back to the beginning."""
    while len(_WEIGHTS) <= length:
        _WEIGHTS.append(array("H", map(_undo, _WEIGHTS[-1])))
        _UNDONE_STARTS.append(_undo(_UNDONE_STARTS[-1]))
    return _WEIGHTS
