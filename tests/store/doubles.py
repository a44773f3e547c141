"""Doubles for the tests of the recorder: a journal that can break, an executor that works when told."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import TypeVar

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.journal import Remembered
from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.recorder import Recorder

T = TypeVar("T")
A, B, C = 2000, 2100, 2200


def word(address: int, value: int, at: float = 0.0) -> Remembered:
    """A register as the recorder notes it."""
    return Remembered(address, value, at)


class WatchedJournal(MemoryJournal):
    """A memory journal that notes every batch, and fails while it is `broken`."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Remembered]] = []
        self.broken = False
        self.closed = False

    def load(self) -> list[Remembered]:
        self._fail_if_broken()
        return super().load()

    def save(self, batch: Sequence[Remembered]) -> None:
        self._fail_if_broken()
        self.batches.append(list(batch))
        super().save(batch)

    def close(self) -> None:
        self.closed = True

    def _fail_if_broken(self) -> None:
        if self.broken:
            raise StoreError("the disk is on fire")


class HandCranked(Executor):
    """An executor whose work is done when the test says so: what happens meanwhile happens in flight."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., T], /, *args: object, **kwargs: object) -> Future[T]:  # type: ignore[override]
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        self._waiting.append(lambda: self._run(future, lambda: fn(*args, **kwargs)))
        return future

    @property
    def busy(self) -> int:
        """How many pieces of work are in flight."""
        return len(self._waiting)

    def turn(self) -> None:
        """Do the oldest piece of work."""
        self._waiting.pop(0)()

    @staticmethod
    def _run(future: "Future[T]", work: Callable[[], T]) -> None:
        try:
            result = work()
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)


async def flight(recorder: Recorder, crank: HandCranked) -> "asyncio.Task[None]":
    """Begin a flush; on return its batch is in flight."""
    flush = asyncio.create_task(recorder.flush())
    for _ in range(10):
        await asyncio.sleep(0)
    assert crank.busy == 1, "the flush asked nothing of the journal"
    return flush


async def nothing_to_do(recorder: Recorder, crank: HandCranked) -> None:
    """A flush that asks nothing of the journal."""
    flush = asyncio.create_task(recorder.flush())
    for _ in range(10):
        await asyncio.sleep(0)
    assert crank.busy == 0, "the flush wants to write"
    await flush


async def remembering(journal: WatchedJournal, recorder: Recorder, *registers: Remembered) -> None:
    """Let the journal hold registers that the recorder has loaded."""
    MemoryJournal.save(journal, registers)
    await recorder.load()
