"""Measures how much room is left for the database, beside the loop: a disk that hangs must not stop the bus."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neasmart_gateway.domain.components import is_low

_EVERY = 30.0
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a file system: free for us, and in all."""

    free: int
    total: int


def room_at(path: Path) -> Room:
    """Return the room where a file lies or will lie; OSError when that cannot be told."""
    there = next(place for place in (path.parent, *path.parent.parents) if place.exists())
    found = os.statvfs(there)
    return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


class DiskWatch:
    """Measures every 30 s in the journal's thread. `unix` gives Unix time, `clock` monotonic seconds."""

    def __init__(
        self, measure: Callable[[], Room], executor: Executor, unix: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        self._measure, self._executor, self._unix, self._clock = measure, executor, unix, clock
        self._room: Room | None = None
        self._failure: str | None = None
        self._since: float | None = None
        self._measured_at: float | None = None
        self._asked_at: float | None = None

    async def run(self) -> None:
        """Measure again and again; never ends by itself."""
        while True:
            await self.measure()
            await asyncio.sleep(_EVERY)

    async def measure(self) -> None:
        """Measure once."""
        self._asked_at = self._clock()
        try:
            room = await asyncio.get_running_loop().run_in_executor(self._executor, self._measure)
            self._note(room)
        except OSError as error:
            self._failure = error.strerror or str(error)
        finally:
            self._asked_at = None

    def status(self) -> dict[str, Any]:
        """Return what health shows of the disk: bytes, and Unix times; `since` is when it became low, or ceased to."""
        return {
            "free": self._room.free if self._room else None,
            "total": self._room.total if self._room else None,
            "measured_at": self._measured_at,
            "since": self._since,
            "hangs": self._asked_at is not None and self._clock() - self._asked_at > _PATIENCE,
            "failure": self._failure,
        }

    def _note(self, room: Room) -> None:
        before, now = self._room, self._unix()
        if before is None or is_low(before.free, before.total) != is_low(room.free, room.total):
            self._since = now
        self._room, self._failure, self._measured_at = room, None, now
