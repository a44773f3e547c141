"""Doubles for the tests of the recorder: a journal that can break, an executor that works when told, sample rows."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from neasmart_gateway.domain.times import iso
from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.journal import AuditRow, Batch, CommandRow, Kept, NonceRow, Remembered
from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.recorder import Recorder

T = TypeVar("T")
A, B, C = 2000, 2100, 2200
NOW = 1_767_225_600.125
DAY = 86400.0


def word(address: int, value: int, at: float = 0.0) -> Remembered:
    """A register as the recorder notes it."""
    return Remembered(address, value, at)


def command(
    name: str, state: str = "accepted", at: float = NOW, key: tuple[str, str] | None = None, address: int = 101
) -> CommandRow:
    """A command with as much of a receipt as the store looks at."""
    writes = [{"address": address, "state": state}]
    ended = None if state in ("accepted", "delivered") else iso(at + 1)
    receipt = {"id": name, "state": state, "created_at": iso(at), "finished_at": ended, "writes": writes}
    return CommandRow(name, at, receipt, key)


def change(n: int, at: float = NOW, address: int = 101) -> AuditRow:
    """The nth change of a register."""
    return AuditRow(at, address, n - 1 if n else None, n, "base", "base", None)


def nonce(n: int, expires: float = NOW + 60) -> NonceRow:
    """The nth nonce of somebody's key."""
    return NonceRow("house", f"nonce-{n}", expires)


class Clock:
    """Unix time that stands still until the test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class WatchedJournal(MemoryJournal):
    """A memory journal that notes every batch, and fails while it is `broken`."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Batch] = []
        self.durable: list[bool] = []
        self.tries = 0
        self.loads = 0
        self.broken = False
        self.sound = True
        self.closed = False
        self._anew = 0

    @property
    def generation(self) -> int:
        return self._anew

    def start_anew(self) -> None:
        """Lose everything, as a database does whose file was deleted."""
        super().__init__()
        self._anew += 1

    def load(self, retry_since: float) -> Kept:
        self.loads += 1
        self._fail_if_broken()
        return super().load(retry_since)

    def commit(self, batch: Batch, *, durable: bool) -> None:
        self._fail_if_broken()
        self.batches.append(batch)
        self.durable.append(durable)
        super().commit(batch, durable=durable)

    def prune(self, before: float, now: float) -> int:
        self._fail_if_broken()
        return super().prune(before, now)

    def looks_sound(self) -> bool:
        return self.sound

    def check(self) -> None:
        if not self.sound:
            raise StoreError("unsound")

    def close(self) -> None:
        self.closed = True

    def holding(self, *registers: Remembered, commands: tuple[CommandRow, ...] = ()) -> None:
        """Let it hold something from earlier."""
        MemoryJournal.commit(self, Batch(registers, commands), durable=True)

    @property
    def words(self) -> list[Remembered]:
        """The registers it holds."""
        return MemoryJournal.load(self, 0.0).registers

    @property
    def ids(self) -> list[str]:
        """The commands it holds."""
        return list(self._commands)

    @property
    def written(self) -> list[list[Remembered]]:
        """The registers of each batch."""
        return [list(batch.registers) for batch in self.batches]

    def _fail_if_broken(self) -> None:
        self.tries += 1
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

    async def turn_until(self, task: "asyncio.Task[Any]") -> None:
        """Do all work until a task has come to its end."""
        while not task.done():
            await settled()
            if self.busy:
                self.turn()
        await task

    @staticmethod
    def _run(future: "Future[T]", work: Callable[[], T]) -> None:
        try:
            result = work()
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)


async def settled() -> None:
    """Let the loop turn until everything has happened that waits for nobody."""
    for _ in range(20):
        await asyncio.sleep(0)


async def flight(work: Coroutine[Any, Any, T], crank: HandCranked) -> "asyncio.Task[T]":
    """Begin some work of the recorder; on return one piece of it is in flight."""
    task = asyncio.create_task(work)
    await settled()
    assert crank.busy == 1, "the journal was asked nothing"
    return task


async def nothing_to_do(recorder: Recorder, crank: HandCranked) -> None:
    """A flush that asks nothing of the journal."""
    flush = asyncio.create_task(recorder.flush())
    await settled()
    assert crank.busy == 0, "the flush wants to write"
    await flush
