"""Windows that count hits for all processes together: each begins at its first hit and ends by itself."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

from neasmart_gateway.shm.locks import ProcessLock

SLOTS = 4096
_PROBED = 8
"""Slots that a key may lie in: its home and those behind it."""
_SLOT = struct.Struct("<16sdQ")
"""Digest of the key, when the window ends (system-wide monotonic seconds), hits."""
_LINE = _PROBED * _SLOT.size
_MOST_HITS = 2**63
LIMITS_SIZE = (SLOTS + _PROBED - 1) * _SLOT.size


class Window(NamedTuple):
    """How many hits a key has had, and the seconds until they are forgotten; (0, 0.0) when it has none."""

    hits: int
    left: float


class Windows:
    """Fixed windows by key, exact over all processes; a bounded table without a list of what is in it.

    A key has eight slots to choose from. An expired slot is taken again; when all eight are live, the window that ends
    soonest gives way. Keys are hashed with a secret of this gateway's own, so that nobody can aim at another's slots.
    `clock` gives system-wide monotonic seconds. The processes are kept apart, not the threads of one (locks.py).
    """

    def __init__(self, memory: memoryview, lock: ProcessLock, clock: Callable[[], float]) -> None:
        self._memory = memory[:LIMITS_SIZE]
        self._lock = lock
        self._clock = clock
        self._secret = secrets.token_bytes(16)

    def hit(self, key: str, seconds: float, amount: int = 1) -> Window:
        """Count `amount` hits and return the window of `key` as it is now; the first one opens it for `seconds`."""
        digest, home = self._place(key)
        with self._lock:
            now = self._clock()
            position, ends, hits = self._find(digest, home, now)
            if position is None:
                position, ends, hits = self._room(home), now + seconds, 0
            hits = min(hits + amount, _MOST_HITS)
            # In one go: never struct.pack_into, which writes zeroes first (image.py).
            self._memory[position : position + _SLOT.size] = _SLOT.pack(digest, ends, hits)
        return Window(hits, ends - now)

    def look(self, key: str) -> Window:
        """Return the window of `key`."""
        digest, home = self._place(key)
        with self._lock:
            now = self._clock()
            _, ends, hits = self._find(digest, home, now)
        return Window(hits, max(ends - now, 0.0))

    def clear(self, key: str) -> None:
        """Forget the window of a key."""
        digest, home = self._place(key)
        with self._lock:
            position, _, _ = self._find(digest, home, self._clock())
            if position is not None:
                self._memory[position : position + _SLOT.size] = bytes(_SLOT.size)

    def reset(self) -> int:
        """Forget all windows; returns how many were live."""
        with self._lock:
            now = self._clock()
            live = len([ends for _, ends, _ in _SLOT.iter_unpack(self._memory) if ends > now])
            self._memory[:] = bytes(LIMITS_SIZE)
        return live

    def _place(self, key: str) -> tuple[bytes, int]:
        """Return the digest of a key, and the position of its home."""
        digest = blake2b(key.encode(errors="surrogatepass"), digest_size=16, key=self._secret).digest()
        return digest, int.from_bytes(digest[:4], "little") % SLOTS * _SLOT.size

    def _find(self, digest: bytes, home: int, now: float) -> tuple[int | None, float, int]:
        """Return position, end and hits of a live window; None, 0.0, 0 when there is none."""
        position = home
        for found, ends, hits in _SLOT.iter_unpack(self._memory[home : home + _LINE]):
            if found == digest and ends > now:
                return position, ends, hits
            position += _SLOT.size
        return None, 0.0, 0

    def _room(self, home: int) -> int:
        """Return the position of the slot that ends first: one that has expired, if there is any."""
        ends = [ends for _, ends, _ in _SLOT.iter_unpack(self._memory[home : home + _LINE])]
        return home + ends.index(min(ends)) * _SLOT.size
