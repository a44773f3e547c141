"""Where faults can be made on purpose: between us and the disk, and between us and the line. As a rule nothing is."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neasmart_gateway.bus.wire import Around, bare
from neasmart_gateway.faults.drills import Drills
from neasmart_gateway.faults.records import FaultRecord
from neasmart_gateway.faults.registry import Registry
from neasmart_gateway.link.server import Method
from neasmart_gateway.settings import Settings
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.journal import Journal

_MEMINFO = Path("/proc/meminfo")


def _untouched(journal: Journal) -> Journal:
    return journal


def _nothing() -> None:
    """Nothing is to be done."""


def _no_work() -> tuple[Coroutine[Any, Any, None], ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Seams:
    """What stands before journal and conversations, what can be asked of it, how it begins, what runs beside."""

    journal: Callable[[Journal], Journal] = _untouched
    conversation: Around = bare
    table: Mapping[str, Method] = field(default_factory=dict)
    begin: Callable[[], None] = _nothing
    work: Callable[[], tuple[Coroutine[Any, Any, None], ...]] = _no_work


def seams_of(settings: Settings, memory: SharedMemory, report: Callable[[FaultRecord], None]) -> Seams:
    """Return seams at which there is nothing, unless drills are allowed."""
    if not settings.faults.enabled:
        return Seams()
    registry = Registry(time.monotonic, random.SystemRandom().random, report)
    drills = Drills(registry, memory.drills, _kill, _available)
    table: dict[str, Method] = {"fault_start": drills.start, "fault_end": drills.end}
    return Seams(drills.journal, drills.conversation, table, drills.begin, lambda: (drills.run(),))


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _available() -> int:
    """Return how many bytes of memory the machine has left; none where it does not say."""
    for line in _MEMINFO.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
