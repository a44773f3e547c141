"""Slows down whoever tries wrong keys again and again, without shutting out anybody who has a right one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from limits.storage import Storage

from neasmart_gateway.api.refusals import TooManyRequests

FREE = 5
"""Refusals of one neighbourhood in a minute before it has to wait for each further one."""
PAUSE = 1.0
MOST_OF_ONE = 3
"""Unknown keys of one neighbourhood that one worker has in hand at the same time, once one of them was refused."""
MOST_OF_A_NEWCOMER = 100
"""The same as long as none was: many requests with a right key may come at once, before it is known."""
MOST = 300
"""The same of all neighbourhoods; each holds a connection."""
_MINUTE = 60
_TOLD = frozenset({*range(1, FREE + 1), *(10**power for power in range(1, 10))})


class Patience:
    """Counts refusals by neighbourhood, over all workers; `slowed` is called for each caller that has to wait.

    It is the refusal that waits: a right key is never kept waiting for the sake of wrong ones, but for the place in
    which one unknown key at a time is looked at. That takes processor time, which strangers must not be able to use up.
    """

    def __init__(self, storage: Storage, slowed: Callable[[], None], sleep: Callable[[float], None]) -> None:
        self._storage = storage
        self._slowed = slowed
        self._sleep = sleep
        self._here: Counter[str] = Counter()
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def place(self, neighbourhood: str) -> Iterator[None]:
        """Hold a place for an unknown key; TooManyRequests when its neighbourhood, or all together, have too many."""
        most = MOST_OF_ONE if self._refusals(neighbourhood) else MOST_OF_A_NEWCOMER
        if self._here[neighbourhood] >= most or self._here.total() >= MOST:
            self._turn_away()
        self._here[neighbourhood] += 1
        try:
            yield
        finally:
            self._here[neighbourhood] -= 1
            self._here += Counter()  # forgets who has none

    @contextmanager
    def turn(self, neighbourhood: str) -> Iterator[None]:
        """Wait for the one place in which a key is looked at; TooManyRequests when many were refused meanwhile."""
        before = self._refusals(neighbourhood)
        with self._one_at_a_time:
            if self._refusals(neighbourhood) > before + FREE:
                self._turn_away()
            yield

    def _refusals(self, neighbourhood: str) -> int:
        return self._storage.get(_key(neighbourhood))

    def _turn_away(self) -> NoReturn:
        self._slowed()
        raise TooManyRequests("Too many keys that nobody knows are being tried at the moment.", retry_after=PAUSE)

    def refused(self, neighbourhood: str) -> int:
        """Count a refusal and let it wait if there were many; returns the count if the log should have it, else 0."""
        count = self._storage.incr(_key(neighbourhood), _MINUTE)
        if count > FREE:
            self._slowed()
            self._sleep(PAUSE)
        return count if count in _TOLD else 0

    def noted(self, caller: str) -> int:
        """Count what a known caller may not do, which its limit bounds already; returns as `refused`."""
        count = self._storage.incr(f"forbidden/{caller}", _MINUTE)
        return count if count in _TOLD else 0


def _key(neighbourhood: str) -> str:
    return f"refused/{neighbourhood}"
