"""The circuit breaker around calls to the daemon, with its state shared by all HTTP workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from neasmart_gateway.errors import DaemonAway
from neasmart_gateway.shm.breaker import BreakerState
from neasmart_gateway.sparing import without

with without("redis"):  # for a storage that we do not use; who counts limits in a Redis has it loaded by that
    from pybreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerStorage

T = TypeVar("T")


class SharedStorage(CircuitBreakerStorage):
    """pybreaker's storage over the state in shared memory."""

    def __init__(self, shared: BreakerState, instance: Callable[[], int]) -> None:
        super().__init__("shared memory")
        self._shared = shared
        self._instance = instance

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
        """When it opened, by today's wall clock: pybreaker compares with that, and it may have been set since."""
        moment = self._shared.opened_at
        return None if moment is None else datetime.now(UTC) - timedelta(seconds=time.monotonic() - moment)

    @opened_at.setter
    def opened_at(self, _moment: datetime) -> None:
        self._shared.opened(time.monotonic(), self._instance())


class DaemonBreaker:
    """Opens after `failures` calls in a row that found no daemon, and lets one through again after `reset_seconds`.

    Refusals of the daemon are answers, not failures. `instance` gives that of the daemon at work.
    """

    def __init__(self, shared: BreakerState, instance: Callable[[], int], failures: int, reset_seconds: float) -> None:
        self._shared = shared
        self._instance = instance
        self._reset_seconds = reset_seconds
        self._breaker = CircuitBreaker(
            fail_max=failures,
            reset_timeout=reset_seconds,
            exclude=[lambda error: not isinstance(error, DaemonAway)],
            state_storage=SharedStorage(shared, instance),
        )

    @property
    def state(self) -> str:
        """Closed, open or half-open."""
        return self._shared.state

    def call(self, work: Callable[[], T], *, daemon_alive: bool) -> T:
        """Do the work if the breaker lets it through; DaemonAway else.

        A daemon that has taken the place of the one under which the breaker opened deserves a try at once.
        """
        began_under = self._instance()
        if self.state == "open" and daemon_alive and began_under != self._shared.opened_under:
            self._breaker.half_open()
        was_open = self.state == "open"
        try:
            # As a context, and not by call(): the latter holds a lock while the daemon thinks.
            with self._breaker.calling():
                return work()
        except CircuitBreakerError as error:
            if not was_open:  # it has opened over this very call; a refusal would be no evidence
                self._blame(began_under)
            raise self._away() from error
        except DaemonAway:
            self._blame(began_under)
            raise

    def _blame(self, instance: int) -> None:
        """Note which daemon it was that did not answer: a newer one may have come while the call waited."""
        if self.state == "open" and self._shared.opened_under != instance:
            self._shared.opened(self._shared.opened_at or time.monotonic(), instance)

    def _away(self) -> DaemonAway:
        return DaemonAway(
            "the gateway daemon has not answered several times in a row; commands wait until it does",
            retry_after=self._reset_seconds,
        )
