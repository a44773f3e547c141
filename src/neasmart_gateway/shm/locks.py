"""A lock between processes that the kernel frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self


class ProcessLock:
    """An fcntl.lockf lock on a file, opened anew in each process; hold it for microseconds only.

    It keeps processes apart, not the threads or greenlets of one: what it guards must not yield.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[int, int] | None = None

    def _descriptor(self) -> int:
        if self._opened is None or self._opened[0] != os.getpid():
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            weakref.finalize(self, os.close, descriptor).atexit = False
            self._opened = (os.getpid(), descriptor)
        return self._opened[1]

    def __enter__(self) -> Self:
        fcntl.lockf(self._descriptor(), fcntl.LOCK_EX)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.lockf(self._descriptor(), fcntl.LOCK_UN)
