"""Hits are counted exactly for all workers together, in windows that begin at the first hit."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from neasmart_gateway.shm.limits import LIMITS_SIZE, SLOTS, Windows
from neasmart_gateway.shm.locks import ProcessLock
from tests.shm.memories import shared
from tests.shm.processes import Fork, Gate, die_here

WORKERS, EACH, ALLOWED = 4, 150, 120


@dataclass
class Clock:
    """Monotonic seconds that move only when told."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lock(tmp_path: Path) -> ProcessLock:
    return ProcessLock(tmp_path / "lock")


@pytest.fixture
def windows(lock: ProcessLock, clock: Clock) -> Windows:
    """An empty table."""
    return Windows(shared(LIMITS_SIZE), lock, clock)


def test_hits_add_up(windows: Windows) -> None:
    """Each key has a count of its own, and several hits may be counted at once."""
    assert [windows.hit("a", 60).hits for _ in range(3)] == [1, 2, 3]
    assert windows.hit("b", 60, amount=5).hits == 5
    assert (windows.look("a"), windows.look("b")) == ((3, 60.0), (5, 60.0))


def test_a_window_begins_at_the_first_hit(windows: Windows, clock: Clock) -> None:
    """Later hits do not make it longer; at its end the next hit opens another one."""
    windows.hit("a", 60)
    clock.now += 59.5
    assert (windows.hit("a", 60), windows.look("a")) == ((2, 0.5), (2, 0.5))
    clock.now += 0.5
    assert windows.look("a") == (0, 0.0)
    assert (windows.hit("a", 60), windows.look("a")) == ((1, 60.0), (1, 60.0))


def test_an_unknown_key_has_no_window(windows: Windows) -> None:
    """Looking at it opens none."""
    assert windows.look("a") == (0, 0.0)
    assert windows.reset() == 0


def test_one_key_is_cleared(windows: Windows) -> None:
    """The others keep their counts."""
    windows.hit("a", 60)
    windows.hit("b", 60)
    windows.clear("a")
    windows.clear("never seen")
    assert (windows.look("a")[0], windows.look("b")[0]) == (0, 1)


def test_all_are_reset(windows: Windows, clock: Clock) -> None:
    """It tells how many were live."""
    windows.hit("old", 1)
    clock.now += 2
    windows.hit("a", 60)
    windows.hit("b", 60)
    assert windows.reset() == 2
    assert windows.look("a") == (0, 0.0)


def test_a_full_table_gives_up_the_window_that_ends_soonest(windows: Windows) -> None:
    """However many keys come, memory stays what it is, and long windows outlive short ones."""
    long = [f"long {n}" for n in range(20)]
    for key in long:
        windows.hit(key, 3600)
    for n in range(SLOTS * 4):
        windows.hit(f"short {n}", 60)
    assert [windows.look(key)[0] for key in long] == [1] * len(long)
    assert SLOTS * 0.9 < windows.reset() <= SLOTS + 7


def test_expired_slots_are_taken_again_first(windows: Windows, clock: Clock) -> None:
    """While there is room nobody's live window is given up."""
    for n in range(SLOTS * 2):
        windows.hit(f"old {n}", 60)
    clock.now += 60
    fresh = [f"new {n}" for n in range(SLOTS // 64)]
    for key in fresh:
        windows.hit(key, 30)
    assert [windows.look(key)[0] for key in fresh] == [1] * len(fresh)


def test_another_gateways_slots_cannot_be_told(lock: ProcessLock, clock: Clock) -> None:
    """The place of a key is another one in each gateway."""
    ours, theirs = (Windows(shared(LIMITS_SIZE), lock, clock) for _ in range(2))
    assert ours._place("a") != theirs._place("a")


def test_any_text_is_a_key(windows: Windows) -> None:
    """Also what an HTTP header made of bytes that are no text."""
    for key in ("", "ä" * 5000, "\udcff"):
        assert windows.hit(key, 60).hits == 1


def test_of_600_hits_of_four_workers_120_pass(windows: Windows, fork: Fork) -> None:
    """Workers that hit at the same time, without a pause, are told 600 different counts."""
    gate, (read, write) = Gate(), os.pipe()

    def work() -> None:
        gate.wait()
        passed = sum(windows.hit("client", 60).hits <= ALLOWED for _ in range(EACH))
        os.write(write, bytes([passed]))

    workers = [fork(work) for _ in range(WORKERS)]
    gate.open()
    assert [worker.wait() for worker in workers] == [0] * WORKERS
    os.close(write)
    assert sum(os.read(read, WORKERS)) == ALLOWED
    os.close(read)
    assert windows.look("client")[0] == WORKERS * EACH


def test_a_killed_worker_stops_nobody(windows: Windows, lock: ProcessLock, fork: Fork) -> None:
    """What it has counted stays, and its lock dies with it."""

    def die_counting() -> None:
        windows.hit("a", 60)
        with lock:
            die_here()

    assert fork(die_counting).wait() == -9
    assert windows.hit("a", 60).hits == 2


CHANGES: dict[str, Callable[[Windows], object]] = {
    "hit": lambda windows: windows.hit("a", 60),
    "look": lambda windows: windows.look("a"),
    "clear": lambda windows: windows.clear("a"),
    "reset": Windows.reset,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_nobody_gets_between(
    windows: Windows, monkeypatch: pytest.MonkeyPatch, change: Callable[[Windows], object]
) -> None:
    """Every look at the table is alone with it."""
    taken: list[ProcessLock] = []
    real = ProcessLock.__enter__
    monkeypatch.setattr(ProcessLock, "__enter__", lambda lock: taken.append(lock) or real(lock))
    change(windows)
    assert len(taken) == 1
