"""What a request asks for, and how it is answered: the five functions that we serve.

Source: Modbus Application Protocol Specification V1.1b3, sections 6.3, 6.6, 6.12, 6.16 and 6.17.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from neasmart_gateway.modbus.pdu import Function
from neasmart_gateway.modbus.shapes import request_length

_MOST_READ, _MOST_WRITTEN, _MOST_WRITTEN_BESIDE_A_READ = 125, 123, 121
_TWO, _MANY = struct.Struct(">xHH"), struct.Struct(">xHHB")
_MASK, _BOTH = struct.Struct(">xHHH"), struct.Struct(">xHHHHB")
_ACKNOWLEDGED = 5
"""Bytes of a write that its acknowledgement repeats: function, address, and the word or the count."""


class Masks(NamedTuple):
    """What a masked write leaves of the word that is there, and what it puts in its place."""

    keep: int
    put: int

    def of(self, word: int) -> int:
        """Return what becomes of a word."""
        return word & self.keep | self.put & ~self.keep


class Request(NamedTuple):
    """Words to write from address `write_at` on, then `read_count` registers to read from `read_at` on; or one of both.

    With `masks` the word to write is to be made of the one that is there. Addresses may lie outside the address space.
    """

    read_at: int = 0
    read_count: int = 0
    write_at: int = 0
    words: Sequence[int] = ()
    masks: Masks | None = None

    @property
    def end(self) -> int:
        """The address behind the last register that is asked for."""
        return max(self.read_at + self.read_count, self.write_at + (len(self.words) if self.masks is None else 1))


def parse(pdu: bytes) -> Request | None:
    """Return what a PDU of a served function asks for; None when its length or one of its counts cannot be."""
    return _PARSERS[pdu[0]](pdu) if request_length(pdu) == len(pdu) else None


def acknowledgement(pdu: bytes) -> bytes:
    """Return the PDU that acknowledges a write; it repeats what was asked for, whatever became of it."""
    return pdu if pdu[0] == Function.MASK_WRITE_REGISTER else pdu[:_ACKNOWLEDGED]


def answer(function: int, words: Sequence[int]) -> bytes:
    """Return the PDU that answers a read."""
    return struct.pack(f">BB{len(words)}H", function, 2 * len(words), *words)


def _read(pdu: bytes) -> Request | None:
    start, count = _TWO.unpack(pdu)
    return Request(start, count) if 1 <= count <= _MOST_READ else None


def _write_one(pdu: bytes) -> Request:
    address, word = _TWO.unpack(pdu)
    return Request(write_at=address, words=(word,))


def _write_many(pdu: bytes) -> Request | None:
    start, count, size = _MANY.unpack_from(pdu)
    is_right = 1 <= count <= _MOST_WRITTEN and size == 2 * count
    return Request(write_at=start, words=struct.unpack_from(f">{count}H", pdu, _MANY.size)) if is_right else None


def _mask_write(pdu: bytes) -> Request:
    address, keep, put = _MASK.unpack(pdu)
    return Request(write_at=address, masks=Masks(keep, put))


def _write_and_read(pdu: bytes) -> Request | None:
    read_at, to_read, write_at, count, size = _BOTH.unpack_from(pdu)
    is_right = 1 <= to_read <= _MOST_READ and 1 <= count <= _MOST_WRITTEN_BESIDE_A_READ and size == 2 * count
    if not is_right:
        return None
    return Request(read_at, to_read, write_at, struct.unpack_from(f">{count}H", pdu, _BOTH.size))


_PARSERS: Mapping[int, Callable[[bytes], Request | None]] = {
    Function.READ_HOLDING_REGISTERS: _read,
    Function.WRITE_SINGLE_REGISTER: _write_one,
    Function.WRITE_MULTIPLE_REGISTERS: _write_many,
    Function.MASK_WRITE_REGISTER: _mask_write,
    Function.READ_WRITE_MULTIPLE_REGISTERS: _write_and_read,
}
