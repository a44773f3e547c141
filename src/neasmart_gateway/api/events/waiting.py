"""What streams need of the process that they run in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Signal(Protocol):
    """Something that happens once, and that any number of streams wait for."""

    def set(self) -> None: ...

    def wait(self, timeout: float | None = None) -> object:
        """Return something true when it has happened, something false when the seconds are over."""


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


@dataclass(frozen=True, slots=True)
class Waiting:
    """How to run something beside the requests, to sleep and to wait; `clock` gives monotonic seconds.

    `ending` says whether this process was asked to end: then so do its streams.
    """

    spawn: Callable[[Callable[[], None]], object] = _in_a_thread
    signal: Callable[[], Signal] = threading.Event
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    ending: Callable[[], bool] = lambda: False
