"""Writes down what changes, beside the loop that serves the bus; goes on in memory when the disk is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential_jitter

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.backlog import Backlog
from neasmart_gateway.store.condition import Condition
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.journal import AuditRow, Batch, CommandRow, Journal, Kept, NonceRow, Remembered, Sample
from neasmart_gateway.store.records import StoreFailed, StoreFlushed, StoreRecord, StoreReturned

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_TIDY_EVERY = 3600.0
T = TypeVar("T")


class Recorder:
    """Between the loop and the journal's thread.

    Registers and audit rows wait for the next flush; a command that moves on is written at once, and one that is being
    accepted is waited for (`durable`). What the journal's thread has begun is settled, also when nobody waits any more.

    `executor` is a single thread, so that the journal is never used twice at a time. `unix` gives Unix time.
    """

    def __init__(
        self, journal: Journal, executor: Executor, report: Callable[[StoreRecord], None],
        unix: Callable[[], float], habits: Habits,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._executor = executor
        self._report = report
        self._unix = unix
        self._habits = habits
        self._backlog = Backlog()
        self._kept: dict[int, int] = {}
        self._lock = asyncio.Lock()
        self._together: list[CommandRow | NonceRow] = []
        self._writing: asyncio.Task[bool] | None = None
        self._catching_up: asyncio.Task[bool] | None = None
        self._durably = self._is_loaded = False
        self._urgent = asyncio.Event()
        self._condition = Condition()
        self._generation = 0
        self.recall: Callable[[Kept], None] = lambda _kept: None
        """Told what the journal remembers: at the start, or as soon as it can be read."""
        self.refill: Callable[[], None] = lambda: None
        """Called when the journal was started anew, so that whoever still knows can note it all again."""

    # What happens

    def note(self, register: Remembered) -> None:
        """Remember a register for the next flush."""
        self._backlog.add_register(register)

    def audit(self, row: AuditRow) -> None:
        """Remember who changed what, for the next flush."""
        self._backlog.add_audit(row)

    def sample(self, sample: Sample) -> None:
        """Remember a point of the history of measurements, for the next flush."""
        self._backlog.add_sample(sample)

    def command(self, row: CommandRow) -> None:
        """Write a command down as soon as possible."""
        self._backlog.add_command(row)
        self._urgent.set()

    def nonce(self, row: NonceRow) -> None:
        """Write a nonce down as soon as possible, once more: it was `durable` in a journal that is gone."""
        self._backlog.add_nonce(row)
        self._urgent.set()

    async def durable(self, row: CommandRow | NonceRow) -> bool:
        """Write something down and return true once it would outlive a power cut; false when that is not possible.

        Those that come while the journal is busy share the next transaction. Raises TimeoutError when it takes too
        long: the row may still come to the journal.
        """
        if self.failure is not None:
            return False
        self._together.append(row)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_together(), context=Context())
        try:
            async with asyncio.timeout(self._habits.patience):
                return await asyncio.shield(self._writing)
        except TimeoutError:
            self._failed(self._slow())
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._together.remove(row)  # not begun, and nobody waits for it any more

    async def catch_up(self, *, durable: bool = False, samples: bool = False) -> bool:
        """Write down what waits, once for all who ask at the same time; true when the journal has every row.

        With `durable` it outlives a power cut; with `samples` those count as rows too. False at once while the journal
        is away: only `run` tries it then.
        """
        if not self._backlog.rows and not (samples and self._backlog.samples):
            return True
        if self.failure is not None:
            return False
        self._durably = self._durably or durable
        if self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up(), context=Context())
        try:
            async with asyncio.timeout(self._habits.patience):
                return await asyncio.shield(self._catching_up)
        except TimeoutError:
            return False

    # Life

    async def open(self) -> None:
        """Read what the journal remembers; when that is not possible it is tried again before the next write."""
        async with self._lock:
            with contextlib.suppress(StoreError):
                await self._guarded(self._load())

    async def run(self) -> None:
        """Write whatever is urgent at once and the rest once a flush; never ends by itself."""
        next_tidying = self._unix()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), 0 if self.failure else self._habits.flush_seconds)
            await self._write_until_it_works()
            if self._unix() >= next_tidying:
                next_tidying = self._unix() + _TIDY_EVERY
                await self._tidy()

    async def watch(self) -> None:
        """Look at all of the journal once a day, so that damage is told before somebody needs the spot; never ends."""
        while True:
            await asyncio.sleep(self._habits.check_seconds)
            if self.failure is None and not await asyncio.to_thread(self._journal.looks_sound):
                await self._check()

    async def flush(self) -> None:
        """Write down all that waits, in one transaction; StoreError leaves it waiting.

        A caller that gives up does not stop it: what the journal's thread has begun must be settled, or it would be
        written twice.
        """
        await asyncio.shield(self._flush())

    async def _flush(self) -> None:
        async with self._lock:
            await self._guarded(self._write_what_waits(durable=False))

    async def close(self) -> None:
        """Flush once more and let go of the journal."""
        with contextlib.suppress(StoreError):
            await self.flush()
        await self._in_thread(self._journal.close)

    @property
    def failure(self) -> str | None:
        """Why the journal cannot be used at the moment, None when it can."""
        return self._condition.failure

    @property
    def waiting(self) -> int:
        """How much is not in the journal yet: registers, commands and audit rows."""
        return self._backlog.registers + self._backlog.rows

    def status(self) -> dict[str, Any]:
        """Return what health shows of the store; times are Unix seconds."""
        return self._condition.status(self._backlog)

    # Inside

    async def _write_together(self) -> bool:
        async with self._lock:
            # Whoever comes from now on goes into the next transaction.
            self._writing, rows, self._together = None, self._together, []
            if self.failure is not None or not rows:
                return False
            try:
                await self._guarded(self._commit(Batch.of(rows), durable=True))
            except StoreError:
                return False
        return True

    async def _catch_up(self) -> bool:
        async with self._lock:
            # Whoever asks from now on may have something that this batch does not hold.
            self._catching_up, durable, self._durably = None, self._durably, False
            if self.failure is not None:
                return False
            try:
                await self._guarded(self._write_what_waits(durable=durable))
            except StoreError:
                return False
        return True

    async def _check(self) -> None:
        async with self._lock:
            with contextlib.suppress(StoreError):
                await self._guarded(self._in_thread(self._journal.check))

    async def _write_until_it_works(self) -> None:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(StoreError),
            wait=wait_exponential_jitter(initial=_FIRST_PAUSE, max=_LONGEST_PAUSE, jitter=_FIRST_PAUSE),
        )
        async for attempt in retrying:
            with attempt:
                await self.flush()

    async def _tidy(self) -> None:
        """Forget and pack what is old, a step at a time, so that a commit never waits long behind it."""
        now, habits, journal = self._unix(), self._habits, self._journal
        with contextlib.suppress(StoreError):
            while await self._one_step(lambda: journal.prune(now - habits.keep_seconds, now)):
                pass
            while habits.history_seconds and await self._one_step(lambda: journal.tend(now, habits.history_seconds)):
                pass

    async def _one_step(self, step: Callable[[], int]) -> int:
        async with self._lock:
            return await self._guarded(self._in_thread(step))

    async def _guarded(self, work: Awaitable[T]) -> T:
        """Do some work; a StoreError is reported on its way."""
        try:
            return await work
        except StoreError as error:
            self._failed(error)
            raise

    async def _load(self) -> None:
        since = self._unix() - self._habits.retry_seconds
        kept = await self._in_thread(lambda: self._journal.load(since))
        self._generation, self._is_loaded = self._journal.generation, True
        self._kept = {register.address: register.word for register in kept.registers}
        self._backlog.break_off(kept.broken_off)
        self.recall(kept)

    async def _write_what_waits(self, *, durable: bool) -> None:
        self._urgent.clear()
        away = self.failure is not None
        if not self._is_loaded and (away or self._backlog.batch()):
            await self._load()  # first: what broke off at the last restart is older than all that waits
        self._backlog.forget_unchanged(self._kept)
        batch, at = self._backlog.batch(), self._unix()
        if not batch and not away:
            return
        clock = asyncio.get_running_loop().time
        began = clock()
        # A disk that was away has to show that it can do what a command needs.
        await self._commit(batch, durable=durable or away)
        self._backlog.settle(batch)
        self._condition.flushed_at = at  # what came while it was written is not in it
        if away and clock() - began > self._habits.patience:
            raise self._slow()
        self._written(batch)

    async def _commit(self, batch: Batch, *, durable: bool) -> None:
        await self._in_thread(lambda: self._journal.commit(batch, durable=durable))
        if self._journal.generation != self._generation:
            self._generation = self._journal.generation
            self._kept.clear()
            self.refill()
            self._urgent.set()
        self._kept.update({register.address: register.word for register in batch.registers})

    def _written(self, batch: Batch) -> None:
        registers, rows = len(batch.registers), len(batch.commands) + len(batch.audit)
        if self.failure is None:
            self._report(StoreFlushed(registers, rows))
            return
        away = self._condition.returned(self._unix())
        self._report(StoreReturned(round(away, 1), registers, rows, self._backlog.dropped))

    def _slow(self) -> StoreError:
        return StoreError(f"the disk is slow: it takes longer than {self._habits.patience:g} s to write something down")

    def _failed(self, error: StoreError) -> None:
        if self._condition.failed(error.message, self._unix()):
            self._urgent.set()
        self._report(StoreFailed(error.message, self.waiting))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
