"""How much room is left for the database is measured beside the loop."""

import asyncio
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.daemon.disk import DiskWatch, Room, room_at
from tests.desk.gateway import InlineExecutor

GB = 1_000_000_000


class Disk:
    """A disk with a clock beside it; what it answers is Room or an error."""

    def __init__(self, executor: Executor | None = None) -> None:
        self.now = 100.0
        self.answer: Room | OSError = Room(10 * GB, 32 * GB)
        self.watch = DiskWatch(self._measure, executor or InlineExecutor(), lambda: self.now + 1e9, lambda: self.now)

    def _measure(self) -> Room:
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


class Hung(Executor):
    """A thread whose disk does not answer."""

    def submit(self, *_args: Any, **_kwargs: Any) -> Future[Any]:
        return Future()


async def test_before_the_first_look() -> None:
    """Nothing is known, and nothing is wrong."""
    status = Disk().watch.status()
    assert (status["free"], status["total"], status["hangs"], status["failure"]) == (None, None, False, None)


async def test_what_is_told() -> None:
    """Bytes, when that was, and since when there is enough of it."""
    disk = Disk()
    await disk.watch.measure()
    disk.now += 30
    await disk.watch.measure()
    assert disk.watch.status() == {
        "free": 10 * GB,
        "total": 32 * GB,
        "measured_at": 1e9 + 130,
        "since": 1e9 + 100,
        "hangs": False,
        "failure": None,
    }


async def test_when_it_became_low() -> None:
    """And when it ceased to be."""
    disk = Disk()
    times = []
    for free in (10 * GB, 1000, 500, 10 * GB):
        disk.answer = Room(free, 32 * GB)
        await disk.watch.measure()
        times.append(disk.watch.status()["since"] - 1e9)
        disk.now += 30
    assert times == [100, 130, 130, 190]


async def test_a_disk_that_is_gone() -> None:
    """The last measurement stays, with the reason why there is no newer one, until there is."""
    disk = Disk()
    await disk.watch.measure()
    disk.answer = OSError(5, "Input/output error")
    await disk.watch.measure()
    status = disk.watch.status()
    assert (status["free"], status["failure"]) == (10 * GB, "Input/output error")
    disk.answer = Room(9 * GB, 32 * GB)
    await disk.watch.measure()
    assert disk.watch.status()["failure"] is None


async def test_a_disk_that_hangs() -> None:
    """The loop goes on, and after ten seconds says so."""
    disk = Disk(Hung())
    asking = asyncio.create_task(disk.watch.measure())
    await asyncio.sleep(0)
    assert not disk.watch.status()["hangs"]
    disk.now += 10.1
    assert disk.watch.status()["hangs"]
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not disk.watch.status()["hangs"]


def test_the_room_of_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    """Is that of the folder in which it will be made."""
    here, there = room_at(tmp_path / "x.db"), room_at(tmp_path / "not" / "yet" / "x.db")
    assert here.total == there.total
    assert 0 < here.free <= here.total
