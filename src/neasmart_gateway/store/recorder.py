"""Collects what changed and writes it down in batches, beside the loop that serves the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.journal import Journal, Remembered
from neasmart_gateway.store.records import StoreFailed, StoreFlushed, StoreRecord, StoreReturned

T = TypeVar("T")


class Recorder:
    """Between the desk's loop and the journal's thread. What could not be written waits for the next flush.

    `executor` is a single thread, so that the journal is never used twice at a time. The waiting set is bounded by
    the address space.
    """

    def __init__(self, journal: Journal, executor: Executor, report: Callable[[StoreRecord], None]) -> None:
        self._journal = journal
        self._executor = executor
        self._report = report
        self._waiting: dict[int, Remembered] = {}
        self._kept: dict[int, int] = {}
        self._lock = asyncio.Lock()
        self.failure: str | None = None
        """Why the journal cannot be used at the moment, None when it can."""

    @property
    def waiting(self) -> int:
        """How many registers have changed and are not in the journal yet."""
        return len(self._waiting)

    async def load(self) -> list[Remembered]:
        """Return what the journal remembers; nothing, and a report, when it cannot be read."""
        async with self._lock:
            try:
                remembered = await self._in_thread(self._journal.load)
            except StoreError as error:
                self._failed(error)
                return []
        self._kept = {register.address: register.word for register in remembered}
        return remembered

    def note(self, register: Remembered) -> None:
        """Remember a change for the next flush."""
        self._waiting[register.address] = register

    async def flush(self) -> None:
        """Write down all that waits, in one transaction; a failure is reported and leaves it waiting."""
        async with self._lock:
            batch = self._changed()
            if not batch and self.failure is None:
                return
            try:
                await self._in_thread(lambda: self._journal.save(batch))
            except StoreError as error:
                self._failed(error)
                return
            self._settle(batch)

    async def close(self) -> None:
        """Flush and let go of the journal."""
        await self.flush()
        await self._in_thread(self._journal.close)

    def _changed(self) -> list[Remembered]:
        """Return what differs from what is kept; a value that went there and back costs nothing."""
        self._waiting = {a: r for a, r in self._waiting.items() if self._kept.get(a) != r.word}
        return list(self._waiting.values())

    def _settle(self, batch: list[Remembered]) -> None:
        for register in batch:
            self._kept[register.address] = register.word
            if self._waiting.get(register.address) == register:
                del self._waiting[register.address]
        returned, self.failure = self.failure is not None, None
        self._report(StoreReturned(len(batch)) if returned else StoreFlushed(len(batch)))

    def _failed(self, error: StoreError) -> None:
        self.failure = error.message
        self._report(StoreFailed(error.message, len(self._waiting)))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
