"""A journal whose medium fails or takes its time while a drill says so."""

from __future__ import annotations

from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.errors import StoreError
from neasmart_gateway.faults.registry import Registry
from neasmart_gateway.store.journal import Batch, Journal, Kept

_FAILURE = "the database cannot be used: disk I/O error (a drill is running: database_failure)"


class FaultyJournal:
    """Stands before a journal. It waits in the journal's own thread, until the drill is over at the latest."""

    def __init__(self, journal: Journal, drills: Registry) -> None:
        self._journal = journal
        self._drills = drills

    @property
    def generation(self) -> int:
        return self._journal.generation

    def load(self, retry_since: float) -> Kept:
        self._meet()
        return self._journal.load(retry_since)

    def commit(self, batch: Batch, *, durable: bool) -> None:
        self._meet()
        self._journal.commit(batch, durable=durable)

    def prune(self, before: float, now: float) -> int:
        self._meet()
        return self._journal.prune(before, now)

    def tend(self, now: float, keep_seconds: float) -> bool:
        self._meet()
        return self._journal.tend(now, keep_seconds)

    def looks_sound(self) -> bool:
        return self._journal.looks_sound()

    def check(self) -> None:
        self._meet()
        self._journal.check()

    def close(self) -> None:
        self._journal.close()

    def _meet(self) -> None:
        """Wait or fail, as the drills of the moment want it; what fails was never begun."""
        slow = self._drills.strikes(FaultKind.SLOW_DISK)
        if slow is not None:
            slow.over.wait(slow.fault.delay)
        if self._drills.strikes(FaultKind.DATABASE_FAILURE):
            raise StoreError(_FAILURE)
