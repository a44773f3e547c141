"""The last minutes of the line, frame by frame: a bounded ring in memory."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

KEPT_SECONDS = 600.0
KEPT_BYTES = 4 << 20
_OVERHEAD = 200
"""What a frame takes in memory besides its bytes, roughly."""


class Frame(NamedTuple):
    """One frame, or bytes that were none. `at` is monotonic seconds, `number` counts from the daemon's start.

    `direction` is "in" or "out"; `verdict` one of modbus.heard.Verdict, or "answer", "withheld_followed",
    "withheld_late" for ours; `framing` is "rtu" or "mbap".
    """

    number: int
    at: float
    listener: str
    peer: str
    direction: str
    verdict: str
    framing: str
    data: bytes


_Kept = tuple[int, float, str, str, str, str, str, bytes]
"""A Frame's fields. Plain tuples of plain values are what the garbage collector lets go of when it sees them first:
twenty thousand objects of any other kind cost it milliseconds, in which the bus would wait."""


class FrameRing:
    """Keeps frames for ten minutes, and never more than 4 MiB of them."""

    def __init__(self, seconds: float = KEPT_SECONDS, size: int = KEPT_BYTES) -> None:
        self._frames: deque[_Kept] = deque()
        self._seconds, self._most = seconds, size
        self._size = 0
        self._added = 0

    def add(
        self, at: float, listener: str, peer: str, direction: str, verdict: str, framing: str, data: bytes
    ) -> None:  # fmt: skip
        """Note a frame, and let go of what is too old or too much."""
        self._added += 1
        self._frames.append((self._added, at, listener, peer, direction, verdict, framing, data))
        self._size += len(data) + _OVERHEAD
        while self._size > self._most or self._frames[0][1] < at - self._seconds:
            self._size -= len(self._frames.popleft()[-1]) + _OVERHEAD

    @property
    def newest(self) -> int:
        """The number of the newest frame, 0 before the first."""
        return self._added

    def since(self, number: int, limit: int) -> list[Frame]:
        """Return frames with higher numbers, the oldest first, at most `limit`."""
        if not self._frames:
            return []
        skip = max(0, number + 1 - self._frames[0][0])
        return [Frame(*one) for one in islice(self._frames, skip, skip + limit)]
