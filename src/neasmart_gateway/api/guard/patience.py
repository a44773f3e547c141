"""Slows down whoever tries wrong keys again and again, without shutting out anybody who has a right one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from neasmart_gateway.api.refusals import TooManyRequests

FREE = RateLimitItemPerMinute(5)
"""Wrong keys that one neighbourhood may try in a minute before it has to wait for each further one."""
PAUSE = 1.0
MOST_WAITING = 16
"""Callers of one worker that are slowed down at the same time; one more is told to come back later."""


class Patience:
    """Counts wrong keys by neighbourhood, over all workers; `slowed` is called for each caller that has to wait.

    One key at a time is looked at: that takes processor time, which strangers must not be able to use up.
    """

    def __init__(self, storage: Storage, slowed: Callable[[], None], sleep: Callable[[float], None]) -> None:
        self._limiter = FixedWindowRateLimiter(storage)
        self._slowed = slowed
        self._sleep = sleep
        self._waiting = 0
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def with_(self, neighbourhood: str) -> Iterator[None]:
        """Guard the look at an unknown key; TooManyRequests when too many of them wait already."""
        if self._waiting >= MOST_WAITING:
            self._slowed()
            raise TooManyRequests("Too many wrong keys are being tried at the moment.", retry_after=PAUSE)
        self._waiting += 1
        try:
            if not self._limiter.test(FREE, "wrong keys", neighbourhood):
                self._slowed()
                self._sleep(PAUSE)
            with self._one_at_a_time:
                yield
        finally:
            self._waiting -= 1

    def failed(self, neighbourhood: str) -> bool:
        """Note a wrong key; true as long as that need not be kept quiet in the log."""
        return self._limiter.hit(FREE, "wrong keys", neighbourhood)
