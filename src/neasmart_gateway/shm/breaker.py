"""The circuit breaker's state, shared by all HTTP workers."""

from __future__ import annotations

from math import isnan, nan

from neasmart_gateway.shm.locks import ProcessLock

BREAKER_SIZE = 4096
STATES = ("closed", "open", "half-open")

_STATE, _FAILURES, _SUCCESSES, _OPENED_UNDER = range(4)
_OPENED_AT = 8


class BreakerState:
    """State, counters, and when it opened (system-wide monotonic seconds) under which daemon.

    Counters are changed under a lock that the kernel frees at death.
    """

    def __init__(self, memory: memoryview, lock: ProcessLock) -> None:
        self._counts = memory[:BREAKER_SIZE].cast("Q")
        self._times = memory[:BREAKER_SIZE].cast("d")
        self._lock = lock

    def prepare(self) -> None:
        """Say that it has never opened; once, by the process that makes the memory."""
        self._times[_OPENED_AT] = nan

    @property
    def state(self) -> str:
        return STATES[self._counts[_STATE]]

    @state.setter
    def state(self, name: str) -> None:
        self._counts[_STATE] = STATES.index(name)

    @property
    def failures(self) -> int:
        return self._counts[_FAILURES]

    @property
    def successes(self) -> int:
        return self._counts[_SUCCESSES]

    def add_failure(self) -> None:
        with self._lock:
            self._counts[_FAILURES] += 1

    def add_success(self) -> None:
        with self._lock:
            self._counts[_SUCCESSES] += 1

    def reset_failures(self) -> None:
        with self._lock:
            self._counts[_FAILURES] = 0

    def reset_successes(self) -> None:
        with self._lock:
            self._counts[_SUCCESSES] = 0

    @property
    def opened_at(self) -> float | None:
        value = self._times[_OPENED_AT]
        return None if isnan(value) else value

    @property
    def opened_under(self) -> int:
        """The instance of the daemon that was at work when it opened."""
        return self._counts[_OPENED_UNDER]

    def opened(self, moment: float, instance: int) -> None:
        """Note that it has opened."""
        self._counts[_OPENED_UNDER] = instance
        self._times[_OPENED_AT] = moment
