"""The circuit breaker around calls to the daemon, with its state shared by all HTTP workers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from pybreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerStorage

from neasmart_gateway.errors import DaemonAway
from neasmart_gateway.shm.breaker import BreakerState

T = TypeVar("T")


class SharedStorage(CircuitBreakerStorage):
    """pybreaker's storage over the state in shared memory."""

    def __init__(self, shared: BreakerState) -> None:
        super().__init__("shared memory")
        self._shared = shared

    @property
    def state(self) -> str:
        return self._shared.state

    @state.setter
    def state(self, state: str) -> None:
        self._shared.state = state

    def increment_counter(self) -> None:
        self._shared.add_failure()

    def reset_counter(self) -> None:
        self._shared.reset_failures()

    def increment_success_counter(self) -> None:
        self._shared.add_success()

    def reset_success_counter(self) -> None:
        self._shared.reset_successes()

    @property
    def counter(self) -> int:
        return self._shared.failures

    @property
    def success_counter(self) -> int:
        return self._shared.successes

    @property
    def opened_at(self) -> datetime | None:
        moment = self._shared.opened_at
        return None if moment is None else datetime.fromtimestamp(moment, UTC)

    @opened_at.setter
    def opened_at(self, moment: datetime) -> None:
        self._shared.opened_at = moment.timestamp()


class DaemonBreaker:
    """Opens after `failures` calls in a row that found no daemon, and lets one through again after `reset_seconds`.

    Refusals of the daemon are answers, not failures.
    """

    def __init__(self, shared: BreakerState, failures: int, reset_seconds: float) -> None:
        self._shared = shared
        self._reset_seconds = reset_seconds
        self._breaker = CircuitBreaker(
            fail_max=failures,
            reset_timeout=reset_seconds,
            exclude=[lambda error: not isinstance(error, DaemonAway)],
            state_storage=SharedStorage(shared),
        )

    @property
    def state(self) -> str:
        """Closed, open or half-open."""
        return self._shared.state

    def call(self, work: Callable[[], T], daemon_since: float | None) -> T:
        """Do the work if the breaker lets it through; DaemonAway else.

        `daemon_since` is the Unix time at which the daemon that is alive now started, None when none is: a daemon
        younger than the breaker's opening deserves a try at once.
        """
        opened_at = self._shared.opened_at
        if self.state == "open" and daemon_since and opened_at and daemon_since > opened_at:
            self._breaker.half_open()
        try:
            # As a context, and not by call(): the latter holds a lock while the daemon thinks.
            with self._breaker.calling():
                return work()
        except CircuitBreakerError as error:
            raise self._away() from error

    def _away(self) -> DaemonAway:
        return DaemonAway(
            "the gateway daemon has not answered several times in a row; commands wait until it does",
            retry_after=self._reset_seconds,
        )
