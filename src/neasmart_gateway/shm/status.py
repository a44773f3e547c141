"""The daemon's own report (listeners, store, counters), as one JSON object that every process can read."""

from __future__ import annotations

import json
from typing import Any

from neasmart_gateway.shm.seal import HEAD_SIZE, SealedSlot, Sleep, TornSlot, pause

_CAPACITY = 16384
STATUS_SIZE = HEAD_SIZE + _CAPACITY

Status = dict[str, Any]


class StatusBoard:
    """The newest report; empty before the first daemon has made one."""

    def __init__(self, memory: memoryview, sleep: Sleep = pause) -> None:
        self._slot = SealedSlot(memory, 0, _CAPACITY)
        self._sleep = sleep

    def publish(self, status: Status) -> None:
        """Replace the report; only for the one writer."""
        self._slot.write(json.dumps(status, separators=(",", ":")).encode())

    @property
    def edition(self) -> int:
        """A number that is another one for each report."""
        return self._slot.sequence

    def read(self) -> Status:
        try:
            payload = self._slot.read(self._sleep)
        except TornSlot:
            return {}
        status: Status = json.loads(payload) if payload else {}
        return status

    def repair(self) -> bool:
        if not self._slot.repair():
            return False
        self._slot.write(b"")
        return True
