"""The files in which prometheus-client counts for several processes: in memory, and of the dead only the sums are kept.

The library adds up the files of all processes that there ever were. A gateway that renews its workers every night for
years would read thousands of them at each scrape, so those of the dead are put together.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_OF_A_PROCESS = re.compile(r"(counter|histogram)_([0-9]+)\.db")
_LOCK = "lock"


def added_up(folder: Path) -> list[Metric]:
    """Return the metrics of all processes, the dead included."""
    with _locked(folder, fcntl.LOCK_EX):
        begun = [str(file) for file in folder.glob("*.db") if _holds_something(file)]
        return list(MultiProcessCollector.merge(begun))


def _holds_something(file: Path) -> bool:
    """Whether a file is there and more than a name, which is all that a process makes of it at first."""
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:  # its process was marked as dead a moment ago
        return False


def bury(folder: Path, pid: int) -> None:
    """Put together what the dead have counted. Waits for nobody: what is in use now is left for the next time."""
    mark_process_dead(pid, str(folder))
    try:
        with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for file in sorted(folder.iterdir()):
                found = _OF_A_PROCESS.fullmatch(file.name)
                if found and not Path("/proc", found[2]).exists():
                    _add(file, folder / f"{found[1]}_dead.db")
    except BlockingIOError:
        return


def _add(file: Path, sums: Path) -> None:
    kept = MmapedDict(str(sums))
    for key, value, at, _ in MmapedDict.read_all_values_from_file(str(file)):
        before, _ = kept.read_value(key)
        kept.write_value(key, before + value, at)
    kept.close()
    file.unlink()


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Hold the lock of the folder, which the kernel frees at death."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
