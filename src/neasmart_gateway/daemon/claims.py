"""Claims that no second daemon can hold: two of them on one bus is the worst that can happen."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


def die_with(supervisor: int) -> None:
    """Let the kernel kill this process when its supervisor dies; exit at once if that has happened already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)


class FileClaim:
    """An exclusive flock on the file `path`, which the kernel frees when we die. The file itself stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    async def take(self, stop: asyncio.Event, waiting: Callable[[str], None]) -> bool:
        """Return true once the claim is ours, false when `stop` is set before; `waiting` is told why it takes long."""
        pause = _FIRST_PAUSE
        while not stop.is_set():
            if self._try(waiting):
                return True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return False

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self, waiting: Callable[[str], None]) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            waiting(f"cannot open {self._path}: {error.strerror}")
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            waiting(f"another gateway holds {self._path}")
            return False
        self._descriptor = descriptor
        return True
