"""A sealed slot of shared memory: a sequence lock and a CRC around one payload.

One writer. The sequence number is odd while the payload is being changed; a reader takes a copy and trusts it only if
the number was even and the same before and after, and the CRC fits. The CRC is there because a sequence lock alone
needs memory barriers that Python does not give on ARM, and because a writer can die (SIGKILL) between the two.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_HEAD, _LENGTH_AND_SUM = struct.Struct("<QII"), struct.Struct("<II")
HEAD_SIZE = _HEAD.size
_SUM = slice(8, HEAD_SIZE)
"""Where length and CRC stand, behind the sequence number."""
ATTEMPTS = 100
_SPINS = 10
_PAUSE = 0.0001


Sleep = Callable[[float], None]


def pause(seconds: float) -> None:
    """Wait for the writer; looked up at each call, so that a gevent worker's cooperative sleep is the one used."""
    time.sleep(seconds)


class TornSlot(Exception):
    """No consistent copy could be had in 100 attempts: the writer died in the middle of a change."""


class SealedSlot:
    """`capacity` payload bytes at `offset` of a buffer, behind a 16-byte head (sequence, length, CRC)."""

    def __init__(self, memory: memoryview, offset: int, capacity: int) -> None:
        self._head = memory[offset : offset + HEAD_SIZE]
        self._sequence = self._head[:8].cast("Q")
        self._payload = memory[offset + HEAD_SIZE : offset + HEAD_SIZE + capacity]

    @property
    def payload(self) -> memoryview:
        """The payload in place; only for the one writer, to look before it changes something."""
        return self._payload

    @property
    def sequence(self) -> int:
        """The sequence number: another one after each change, odd within one."""
        return self._sequence[0]

    @contextmanager
    def writing(self, length: int | None = None) -> Iterator[memoryview]:
        """Give the payload to change in place; `length` is its new length (None: the whole capacity)."""
        self._sequence[0] |= 1
        try:
            yield self._payload
        finally:
            self._seal(len(self._payload) if length is None else length)

    def write(self, payload: bytes) -> None:
        """Replace the payload; ValueError when it is larger than the slot."""
        if len(payload) > len(self._payload):
            raise ValueError(f"{len(payload)} bytes do not fit into a slot of {len(self._payload)}")
        self._sequence[0] |= 1
        self._payload[: len(payload)] = payload
        self._seal(len(payload))

    def read(self, sleep: Sleep = pause) -> bytes:
        """Return a consistent copy of the payload; TornSlot when there is none. `sleep` waits for the writer."""
        for attempt in range(ATTEMPTS):
            if attempt >= _SPINS:
                sleep(_PAUSE)
            before, length, crc = _HEAD.unpack(self._head)
            if before & 1 or length > len(self._payload):
                continue
            copy = bytes(self._payload[:length])
            if self._sequence[0] == before and zlib.crc32(copy) == crc:
                return copy
        raise TornSlot

    def repair(self) -> bool:
        """Seal again what a dead writer left open; True when that was needed. Only for the one writer, at its start."""
        sequence, length, crc = _HEAD.unpack(self._head)
        length = min(length, len(self._payload))
        if not sequence & 1 and zlib.crc32(self._payload[:length]) == crc:
            return False
        self._sequence[0] |= 1
        self._seal(length)
        return True

    def _seal(self, length: int) -> None:
        # Never struct.pack_into: it fills its target with zeroes first, and a head of zeroes is an empty slot's.
        self._head[_SUM.start : _SUM.stop] = _LENGTH_AND_SUM.pack(length, zlib.crc32(self._payload[:length]))
        self._sequence[0] += 1


def payload_in(copy: bytes, offset: int) -> bytes | None:
    """Return the payload of the slot at `offset` in a copy of memory; None when it was just being changed."""
    sequence, length, crc = _HEAD.unpack_from(copy, offset)
    payload = copy[offset + HEAD_SIZE : offset + HEAD_SIZE + length]
    return payload if not sequence & 1 and zlib.crc32(payload) == crc else None
