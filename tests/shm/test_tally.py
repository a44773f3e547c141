"""Who came in and who did not is counted by all workers together."""

from pathlib import Path

import pytest

from neasmart_gateway.shm.locks import ProcessLock
from neasmart_gateway.shm.tally import NAMES, TALLY_SIZE, Tally
from tests.shm.memories import shared
from tests.shm.processes import Fork, Gate, die_here

WORKERS, TIMES = 4, 3000


@pytest.fixture
def tally(tmp_path: Path) -> Tally:
    return Tally(shared(TALLY_SIZE), ProcessLock(tmp_path / "lock"))


def test_it_begins_at_nought(tally: Tally) -> None:
    """Every name is there, so that nobody takes "never" for "not counted"."""
    assert tally.read() == dict.fromkeys(NAMES, 0)


def test_each_name_counts_by_itself(tally: Tally) -> None:
    for times, name in enumerate(NAMES):
        for _ in range(times):
            tally.add(name)
    assert tally.read() == {name: times for times, name in enumerate(NAMES)}


def test_there_is_no_other_name(tally: Tally) -> None:
    """A misspelt one is refused, not counted elsewhere."""
    with pytest.raises(ValueError, match="not in tuple"):
        tally.add("signature_bad")


def test_workers_do_not_miscount(tally: Tally, fork: Fork) -> None:
    """Four processes that count at the same time lose nothing, and what a killed one has counted stays."""
    gate = Gate()

    def work() -> None:
        gate.wait()
        for _ in range(TIMES):
            tally.add("slowed")
            tally.add("forbidden")
        die_here()

    workers = [fork(work) for _ in range(WORKERS)]
    gate.open()
    assert [worker.wait() for worker in workers] == [-9] * WORKERS
    assert tally.read() == dict.fromkeys(NAMES, 0) | {"slowed": WORKERS * TIMES, "forbidden": WORKERS * TIMES}
