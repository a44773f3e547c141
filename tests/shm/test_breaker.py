"""All workers share one circuit breaker, and none of them miscounts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from neasmart_gateway.shm.breaker import BREAKER_SIZE, BreakerState
from neasmart_gateway.shm.locks import ProcessLock
from tests.shm.memories import shared
from tests.shm.processes import Fork, Gate, die_here

WORKERS, TIMES = 4, 3000


class CountingLock(ProcessLock):
    """A real lock that notes how often it was taken."""

    taken = 0

    def __enter__(self) -> "CountingLock":
        self.taken += 1
        super().__enter__()
        return self


@pytest.fixture
def lock(tmp_path: Path) -> CountingLock:
    """The lock of this gateway."""
    return CountingLock(tmp_path / "lock")


@pytest.fixture
def state(lock: CountingLock) -> BreakerState:
    """A breaker as it is at the start."""
    state = BreakerState(shared(BREAKER_SIZE), lock)
    state.prepare()
    return state


def test_it_starts_closed(state: BreakerState) -> None:
    """Nothing has failed, and it has never opened."""
    assert (state.state, state.failures, state.successes, state.opened_at) == ("closed", 0, 0, None)


@pytest.mark.parametrize("name", ["closed", "open", "half-open"])
def test_the_states_of_pybreaker(state: BreakerState, name: str) -> None:
    """Under the names that pybreaker gives them."""
    state.state = name
    assert state.state == name


def test_there_is_no_other_state(state: BreakerState) -> None:
    """A misspelt state is refused, not stored."""
    state.state = "open"
    with pytest.raises(ValueError, match="not in tuple"):
        state.state = "half_open"
    assert state.state == "open"


@pytest.mark.parametrize("at", [0.0, 1_790_000_000.25])
def test_when_it_opened(state: BreakerState, at: float) -> None:
    """In Unix seconds, exactly; the epoch is a time, too."""
    state.opened(at, 77)
    assert (state.opened_at, state.opened_under) == (at, 77)


def test_counters_count_apart(state: BreakerState) -> None:
    """Failures and successes are counted and reset each for itself."""
    for _ in range(3):
        state.add_failure()
    state.add_success()
    assert (state.failures, state.successes) == (3, 1)
    state.reset_failures()
    assert (state.failures, state.successes) == (0, 1)
    state.add_failure()
    state.reset_successes()
    assert (state.failures, state.successes) == (1, 0)
    assert (state.state, state.opened_at) == ("closed", None)


def test_workers_do_not_miscount(state: BreakerState, fork: Fork) -> None:
    """Four processes that count at the same time, without a pause, lose nothing."""
    gate = Gate()

    def work() -> None:
        gate.wait()
        for _ in range(TIMES):
            state.add_failure()
            state.add_success()

    workers = [fork(work) for _ in range(WORKERS)]
    gate.open()
    assert [worker.wait() for worker in workers] == [0] * WORKERS
    assert (state.failures, state.successes) == (WORKERS * TIMES, WORKERS * TIMES)


CHANGES: dict[str, Callable[[BreakerState], None]] = {
    "add_failure": BreakerState.add_failure,
    "add_success": BreakerState.add_success,
    "reset_failures": BreakerState.reset_failures,
    "reset_successes": BreakerState.reset_successes,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_of_a_counter_is_locked(
    state: BreakerState, lock: CountingLock, change: Callable[[BreakerState], None]
) -> None:
    """A reset between another worker's reading and writing would be lost."""
    change(state)
    assert lock.taken == 1


def test_a_worker_killed_while_counting_stops_nobody(state: BreakerState, lock: CountingLock, fork: Fork) -> None:
    """The lock dies with it; what it counted stays."""

    def die_counting() -> None:
        state.add_failure()
        with lock:
            die_here()

    assert fork(die_counting).wait() == -9
    state.add_failure()
    assert state.failures == 2
