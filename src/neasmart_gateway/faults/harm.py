"""What a drill does to the daemon's own process: an end without warning, and memory that is taken."""

from __future__ import annotations

import mmap
from collections.abc import Callable

from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.faults.registry import Registry

MEBIBYTE = 1 << 20
BY_STROKE = "its one stroke"
_PIECE = 16
"""Mebibytes that are taken at once: the bus must not wait for more."""


class Crash:
    """Kills the process, once for each drill: that it is done is told to the next one before, which ends the drill."""

    def __init__(self, drills: Registry, publish: Callable[[], None], kill: Callable[[], None]) -> None:
        self._drills, self._publish, self._kill = drills, publish, kill

    def survived(self) -> None:
        """End the drill that killed the process before this one."""
        drill = self._drills.active(FaultKind.DAEMON_CRASH)
        if drill is not None and drill.hits:
            self._drills.end([FaultKind.DAEMON_CRASH], BY_STROKE)

    def turn(self) -> None:
        drill = self._drills.active(FaultKind.DAEMON_CRASH)
        if drill is not None and not drill.hits and self._drills.strikes(FaultKind.DAEMON_CRASH):
            self._publish()
            self._kill()


class Ballast:
    """Memory that is taken bit by bit while a drill runs, and given back at its end."""

    def __init__(self, drills: Registry) -> None:
        self._drills = drills
        self._taken: list[mmap.mmap] = []

    @property
    def mebibytes(self) -> int:
        return sum(map(len, self._taken)) // MEBIBYTE

    def turn(self) -> None:
        drill = self._drills.active(FaultKind.MEMORY_PRESSURE)
        wanted = 0 if drill is None else drill.fault.size
        if wanted < self.mebibytes:
            self.give_back()
        elif wanted > self.mebibytes and self._drills.strikes(FaultKind.MEMORY_PRESSURE):
            self._take(min(_PIECE, wanted - self.mebibytes))

    def give_back(self) -> None:
        while self._taken:
            self._taken.pop().close()

    def _take(self, mebibytes: int) -> None:
        piece = mmap.mmap(-1, mebibytes * MEBIBYTE)
        pages = len(piece) // mmap.PAGESIZE
        piece[:: mmap.PAGESIZE] = b"\1" * pages  # only what is written to is really taken
        self._taken.append(piece)
