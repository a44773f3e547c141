"""The circuit breaker's state, shared by all HTTP workers."""

from __future__ import annotations

from math import isnan, nan

from neasmart_gateway.shm.locks import ProcessLock

BREAKER_SIZE = 4096
STATES = ("closed", "open", "half-open")

_STATE, _FAILURES, _SUCCESSES = range(3)
_OPENED_AT = 8


class BreakerState:
    """State, counters and the time of opening (Unix seconds), changed under a lock that the kernel frees at death."""

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

    @opened_at.setter
    def opened_at(self, unix_time: float) -> None:
        self._times[_OPENED_AT] = unix_time
