"""Files in the pcapng format: packets with times, directions and comments, written and read back.

Source: draft-ietf-opsawg-pcapng, "PCAP Next Generation (pcapng) Capture File Format". Times are microseconds, which is
the format's default; everything is written little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_MAGIC = 0x1A2B3C4D
_UNKNOWN_LENGTH = 0xFFFFFFFFFFFFFFFF
_END, _COMMENT = 0, 1
_IF_NAME, _IF_RESOLUTION = 2, 9
_FLAGS = 2
_APPLICATION = 4
_HEAD = struct.Struct("<II")
_TAIL = struct.Struct("<I")
_OPTION = struct.Struct("<HH")
_ENHANCED = struct.Struct("<IIIII")
_LONGEST_BLOCK = 1 << 20
_SHORTEST = {_INTERFACE: 8, _PACKET: _ENHANCED.size}
_DIRECTIONS = {"in": 1, "out": 2}
_DIRECTION_MASK = 3
_TICKS = 1_000_000


class NotACapture(ValueError):
    """Bytes that are no pcapng file, or one of a kind that we do not write."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: Unix seconds, the number of its interface, "in" or "out", a comment, and its bytes."""

    at: float
    interface: int
    direction: str
    comment: str
    data: bytes


def section(application: str) -> bytes:
    """Return the block that a file begins with; `application` says who has written it."""
    body = struct.pack("<IHHQ", _MAGIC, 1, 0, _UNKNOWN_LENGTH)
    return _block(_SECTION, body + _options({_APPLICATION: application.encode()}))


def interface(name: str, link_type: int) -> bytes:
    """Return the block of an interface; they are numbered from 0 in the order in which they stand in the file."""
    return _block(_INTERFACE, struct.pack("<HHI", link_type, 0, 0) + _options({_IF_NAME: name.encode()}))


def packet(one: Packet) -> bytes:
    """Return the block of a packet, whose interface must stand before it."""
    ticks = round(one.at * _TICKS)
    size = len(one.data)
    head = _ENHANCED.pack(one.interface, ticks >> 32, ticks & 0xFFFFFFFF, size, size)
    flags = struct.pack("<I", _DIRECTIONS[one.direction])
    return _block(_PACKET, head + _padded(one.data) + _options({_COMMENT: one.comment.encode(), _FLAGS: flags}))


def packets(content: bytes, link_type: int) -> Iterator[Packet]:
    """Yield the packets of a file whose interfaces are all of one link type; NotACapture when it is not such a file."""
    for kind, body in _blocks(content):
        if len(body) < _SHORTEST.get(kind, 0):
            raise NotACapture("a block is too short")
        if kind == _INTERFACE:
            _check_interface(body, link_type)
        elif kind == _PACKET:
            yield _packet_of(body)


def _check_interface(body: bytes, link_type: int) -> None:
    (found,) = struct.unpack_from("<H", body)
    if found != link_type:
        raise NotACapture(f"its link type is {found}, not {link_type}")
    if _read_options(body[8:]).get(_IF_RESOLUTION, b"\x06") != b"\x06":
        raise NotACapture("its times are not in microseconds")


def _packet_of(body: bytes) -> Packet:
    number, high, low, size, _ = _ENHANCED.unpack_from(body)
    start = _ENHANCED.size
    if start + size > len(body):
        raise NotACapture("a packet is longer than its block")
    options = _read_options(body[start + size + -size % 4 :])
    flags = int.from_bytes(options.get(_FLAGS, b""), "little")
    direction = next((name for name, bits in _DIRECTIONS.items() if flags & _DIRECTION_MASK == bits), "in")
    comment = options.get(_COMMENT, b"").decode(errors="replace")
    return Packet((high << 32 | low) / _TICKS, number, direction, comment, body[start : start + size])


def _blocks(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the inside of each block; a last one that is cut off ends the file."""
    if content[:4] != _TAIL.pack(_SECTION) or content[8:12] != _TAIL.pack(_MAGIC):
        raise NotACapture("it does not begin as a little-endian pcapng file does")
    at = 0
    while at + _HEAD.size <= len(content):
        kind, length = _HEAD.unpack_from(content, at)
        if length < _HEAD.size + _TAIL.size or length % 4 or length > _LONGEST_BLOCK:
            raise NotACapture(f"a block at byte {at} claims {length} bytes")
        if at + length > len(content):
            return
        yield kind, content[at + _HEAD.size : at + length - _TAIL.size]
        at += length


def _block(kind: int, body: bytes) -> bytes:
    length = _HEAD.size + len(body) + _TAIL.size
    return _HEAD.pack(kind, length) + body + _TAIL.pack(length)


def _options(values: Mapping[int, bytes]) -> bytes:
    written = b"".join(_OPTION.pack(code, len(value)) + _padded(value) for code, value in values.items())
    return written + _OPTION.pack(_END, 0)


def _read_options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + _OPTION.size <= len(data):
        code, length = _OPTION.unpack_from(data, at)
        if code == _END:
            break
        at += _OPTION.size
        found[code] = data[at : at + length]
        at += length + -length % 4
    return found


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
