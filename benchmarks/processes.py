"""What the processes of a session weigh, all together."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tests.running import is_alive

_TICKS = os.sysconf("SC_CLK_TCK")


def session(leader: int) -> list[int]:
    """Return all living processes of a session: whoever was started in it, and nobody else."""
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and _is_of(int(one.name), leader)]


def memory(pids: Iterable[int]) -> dict[int, int]:
    """Return the bytes of each process (PSS): its own, and its share of what several have in common."""
    return {pid: _pss(pid) for pid in pids}


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the seconds of all processors that these have used so far, in the kernel as well."""
    return sum(sum(map(int, _stat(pid)[11:13])) for pid in pids) / _TICKS


def _is_of(pid: int, leader: int) -> bool:
    try:
        return os.getsid(pid) == leader and is_alive(pid)
    except ProcessLookupError:
        return False


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("Pss:"))
    return int(kilobytes) * 1024


def _stat(pid: int) -> list[str]:
    """What stands behind the name, which may hold blanks; utime and stime are the 12th and 13th of these."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
