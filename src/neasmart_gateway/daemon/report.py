"""What the daemon tells the other processes of itself, several times a second: its status, its heartbeat, the time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from neasmart_gateway.domain.components import Facts
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.shm.facts import gather
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.shm.status import Status

_WALL_DRIFT = 1.0


class Reporter:
    """Keeps the shared memory's report, heartbeat and wall clock; `words` are what the parts say of themselves."""

    def __init__(
        self, memory: SharedMemory, instance: int, stale_after: float, words: Callable[[], dict[str, Any]],
        wall: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._memory, self._instance, self._stale_after = memory, instance, stale_after
        self._words, self._wall, self._clock = words, wall, clock
        self._started_at = 0.0
        self._was_silent = self._freshness().bus_silent
        self._bus_alive_since: float | None = None
        self.before_clock_moves: Callable[[float], None] = lambda _now: None
        """Called with the monotonic time, while shown times still go by the clock of before."""

    def begin(self) -> None:
        """Say for the first time that this daemon is at work."""
        self._started_at = self.unix_now()
        self.publish()

    def set_clock(self) -> None:
        """Follow the wall clock when it was set, but not its every tremor: shown times must stay as they are."""
        header, now = self._memory.header, self._clock()
        offset = self._wall() - now
        moved = offset - header.wall_offset
        if abs(moved) > _WALL_DRIFT:
            self.before_clock_moves(now)
            if header.wall_offset:  # not the first time, when there is nothing to move away from
                header.clock_was_set(now, moved)
            header.wall_offset = offset
            self._memory.writer.shift_restored(-moved)

    def publish(self) -> Facts:
        """Replace the report and let the heart beat; returns what health is judged by."""
        silent = self._freshness().bus_silent
        if silent != self._was_silent:
            self._was_silent, self._bus_alive_since = silent, None if silent else self.unix_now()
        status = self._status()
        self._memory.status.publish(status)
        self._memory.header.heartbeat = self._clock()
        return gather(self._memory, status, self._freshness())

    def unix_now(self) -> float:
        return self._clock() + self._memory.header.wall_offset

    def _status(self) -> Status:
        return {
            "instance": self._instance,
            "pid": os.getpid(),
            "started_at": self._started_at,
            "bus_alive_since": self._bus_alive_since,
            **self._words(),
        }

    def _freshness(self) -> Freshness:
        return Freshness(self._clock(), self._stale_after, self._memory.header.last_bus_write)
