"""A journal that fails or waits in a drill, and does exactly what the real one does otherwise."""

import pytest

from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.errors import StoreError
from neasmart_gateway.faults.journal import FaultyJournal
from neasmart_gateway.faults.registry import Drill
from neasmart_gateway.store.journal import Batch
from tests.faults.house import House
from tests.store.doubles import A, WatchedJournal, word

BATCH = Batch((word(102, A),))
MEETING = {
    "load": lambda journal: journal.load(0.0),
    "commit": lambda journal: journal.commit(BATCH, durable=True),
    "prune": lambda journal: journal.prune(0.0, 0.0),
    "check": lambda journal: journal.check(),
}


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def real() -> WatchedJournal:
    return WatchedJournal()


@pytest.fixture
def journal(real: WatchedJournal, house: House) -> FaultyJournal:
    return FaultyJournal(real, house.registry)


def test_without_a_drill_everything_passes(journal: FaultyJournal, real: WatchedJournal) -> None:
    """What is kept, how, and what is found again are the real journal's."""
    journal.commit(BATCH, durable=True)
    real.start_anew()
    real.sound = False
    assert (real.batches, real.durable) == ([BATCH], [True])
    assert (journal.generation, journal.looks_sound(), journal.load(0.0)) == (1, False, real.load(0.0))
    journal.close()
    assert real.closed


@pytest.mark.parametrize("method", MEETING)
def test_a_failing_database_does_nothing_at_all(
    journal: FaultyJournal, real: WatchedJournal, house: House, method: str
) -> None:
    """The error says that it is a drill; what fails was never begun, and afterwards it is as before."""
    house.on(FaultKind.DATABASE_FAILURE)
    with pytest.raises(StoreError, match="a drill is running: database_failure"):
        MEETING[method](journal)
    assert real.tries == 0
    house.off()
    MEETING[method](journal)


def test_a_database_that_fails_now_and_then(journal: FaultyJournal, real: WatchedJournal, house: House) -> None:
    house.on(FaultKind.DATABASE_FAILURE, probability=0.5)
    house.luck = [0.4, 0.6]
    with pytest.raises(StoreError):
        journal.commit(BATCH, durable=True)
    journal.commit(BATCH, durable=True)
    assert real.batches == [BATCH]


class Waits:
    """Stands in for the event that a slow disk waits for; at the end of the wait something may happen."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def wait(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def set(self) -> None:
        """Nobody really waits."""


def test_a_slow_disk_takes_its_time_and_then_works(journal: FaultyJournal, real: WatchedJournal, house: House) -> None:
    drill: Drill = house.on(FaultKind.SLOW_DISK, delay_ms=700)
    drill.over = waits = Waits()  # type: ignore[assignment]
    journal.commit(BATCH, durable=True)
    assert (waits.seconds, real.batches, drill.hits) == ([0.7], [BATCH], 1)


def test_a_slow_disk_is_fast_again_when_the_drill_is_over(
    journal: FaultyJournal, real: WatchedJournal, house: House
) -> None:
    """Whoever waits already is let go: the end of the drill sets what it waits for."""
    drill = house.on(FaultKind.SLOW_DISK, delay_ms=5000)
    house.off()
    assert drill.over.is_set()
    journal.commit(BATCH, durable=True)
    assert (real.batches, drill.hits) == ([BATCH], 0)
