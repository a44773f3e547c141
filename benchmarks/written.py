"""Bytes that processes had the kernel write, as /proc counts them."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROBE = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes of pages of the page cache that became dirty, and how many of these vanished with a deleted file in time.

    The kernel counts a page when it becomes dirty, by whom, and only on file systems with a disk below. What it adds
    for itself (file system journal, directories) is counted nowhere.
    """

    gross: int
    cancelled: int

    @property
    def net(self) -> int:
        """What was left to reach the disk."""
        return self.gross - self.cancelled

    @classmethod
    def by(cls, pid: int | str) -> Self:
        """Return what a process has written since it started."""
        counters = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
        return cls(int(counters["write_bytes"]), int(counters["cancelled_write_bytes"]))

    def since(self, before: Self) -> Written:
        """Return what came after."""
        return Written(self.gross - before.gross, self.cancelled - before.cancelled)


def settle(folder: Path) -> None:
    """Have everything in the folder written back, as the kernel does by itself after about 30 s.

    After this a page that is written to again counts again.
    """
    for path in folder.iterdir():
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def is_counted(folder: Path) -> bool:
    """Whether the kernel counts what is written in this folder: not on tmpfs, not on some overlays, not without /proc.

    Writes a megabyte to find out.
    """
    try:
        before = Written.by("self")
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            probe.write(os.urandom(_PROBE))
            probe.flush()
            os.fsync(probe.fileno())
            return Written.by("self").since(before).gross >= _PROBE
    except (OSError, KeyError):
        return False
