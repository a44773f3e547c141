"""Which faults are made on purpose, for all processes to see; outlives the daemon, which may be what a drill kills."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from neasmart_gateway.shm.seal import HEAD_SIZE, SealedSlot, Sleep, TornSlot, pause

_CAPACITY = 8192
DRILLS_SIZE = HEAD_SIZE + _CAPACITY

Drill = Mapping[str, Any]
"""One drill as `faults.registry` writes it; times are system-wide monotonic seconds."""


class DrillBoard:
    """The newest drill of each kind, running or over. Costs a reader one number as long as nothing moves."""

    def __init__(self, memory: memoryview, sleep: Sleep = pause) -> None:
        self._slot = SealedSlot(memory, 0, _CAPACITY)
        self._sleep = sleep
        self._read: tuple[int, tuple[Drill, ...]] = (0, ())

    def publish(self, drills: Sequence[Drill]) -> None:
        """Replace them all; only for the one writer."""
        self._slot.write(json.dumps(drills, separators=(",", ":")).encode())

    def read(self) -> tuple[Drill, ...]:
        """Return all drills; what was read last while none can be had."""
        edition = self._slot.sequence
        if edition != self._read[0]:
            try:
                payload = self._slot.read(self._sleep)
            except TornSlot:
                return self._read[1]
            self._read = (edition, tuple(json.loads(payload)) if payload else ())
        return self._read[1]

    def running(self, now: float) -> tuple[Drill, ...]:
        """Return those that run at a moment: they end by the clock, also with nobody there to end them."""
        return tuple(drill for drill in self.read() if drill["ended_at"] is None and now < drill["ends_at"])

    def repair(self) -> bool:
        if not self._slot.repair():
            return False
        self._slot.write(b"")
        return True
