"""What the HTTP workers can ask about the line: counters, intervals, and the frames of the last minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neasmart_gateway.bus.bus import Bus
from neasmart_gateway.link.records import MOST_BYTES
from neasmart_gateway.link.server import Method
from neasmart_gateway.shm.memory import SharedMemory

Params = Mapping[str, Any]

_MOST_REGISTERS = 200
"""In one answer, of which each takes up to 220 bytes."""
_MOST_FRAMES = 200
_FRAME_BYTES = 300
"""What a frame takes of an answer besides its own bytes, which stand there as hexadecimal digits."""
_ROOM = MOST_BYTES - 1024


class Line:
    """The bus as the link offers it: JSON in, JSON out, in pages that fit into one message."""

    def __init__(self, bus: Bus, memory: SharedMemory) -> None:
        self._bus = bus
        self._header = memory.header

    def table(self) -> dict[str, Method]:
        return {"traffic": self.traffic, "intervals": self.intervals, "frames": self.frames}

    async def traffic(self, _params: Params) -> list[dict[str, Any]]:
        """Return what each listener has counted."""
        return self._bus.traffic(self._header.wall_offset)

    async def intervals(self, params: Params) -> list[dict[str, Any]]:
        """Return what was measured of the next registers above `after`; nothing when there are no more."""
        return self._bus.intervals(int(params["after"]), _MOST_REGISTERS, self._header.wall_offset)

    async def frames(self, params: Params) -> dict[str, Any]:
        """Return {"frames", "latest"}: those above `after`, `limit` or as many as fit; the newest number."""
        limit = min(int(params["limit"]), _MOST_FRAMES)
        found = self._bus.frames(int(params["after"]), limit, self._header.wall_offset)
        return {"frames": _fitting(found), "latest": self._bus.newest_frame}


def _fitting(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first of the frames, as many as one message has room for."""
    size = 0
    for count, frame in enumerate(frames):
        size += len(frame["data"]) + _FRAME_BYTES
        if size > _ROOM:
            return frames[:count]
    return frames
