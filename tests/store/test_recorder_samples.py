"""Points of the history wait for the flush, bounded, and a gap tells where they were lost or nobody recorded."""

import asyncio
from concurrent.futures import Executor
from contextlib import suppress

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.backlog import MOST_SAMPLES, Backlog
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.journal import Batch, Sample
from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.recorder import Recorder
from tests.store.doubles import NOW, Clock, HandCranked, WatchedJournal, settled


def sample(n: int, series: int = 102) -> Sample:
    return Sample(series, int(NOW) + 60 * n, n)


def gap(n: int, series: int = 102) -> Sample:
    return sample(n, series)._replace(value=None)


async def test_samples_are_written_with_the_flush(recorder: Recorder, journal: WatchedJournal) -> None:
    """All of them, in their order, in the one transaction; and once."""
    for n in range(3):
        recorder.sample(sample(n))
    assert journal.batches == []
    await recorder.flush()
    await recorder.flush()
    assert [list(batch.samples) for batch in journal.batches] == [[sample(0), sample(1), sample(2)]]


async def test_samples_wait_while_the_disk_is_away(recorder: Recorder, journal: WatchedJournal) -> None:
    """And are written when it is back."""
    journal.broken = True
    recorder.sample(sample(0))
    with suppress(StoreError):
        await recorder.flush()
    recorder.sample(sample(1))
    journal.broken = False
    await recorder.flush()
    assert journal.samples == [sample(0), sample(1)]


async def test_who_asks_for_samples_gets_them(recorder: Recorder, journal: WatchedJournal) -> None:
    """Who asks for rows alone does not wait for them, nor is refused because of them."""
    recorder.sample(sample(0))
    assert await recorder.catch_up()
    assert journal.samples == []
    assert await recorder.catch_up(samples=True)
    assert journal.samples == [sample(0)]
    journal.broken = True
    recorder.sample(sample(1))
    assert not await recorder.catch_up(samples=True)
    assert await recorder.catch_up()


async def test_a_restart_is_a_gap(unopened: Recorder, journal: WatchedJournal) -> None:
    """Series that ended with a value end where the last thing was written down, before what is new."""
    MemoryJournal.commit(journal, Batch(samples=[sample(0), sample(3, 110), gap(2, 202)]), durable=True)
    journal.broken = True
    unopened.sample(sample(9))
    await unopened.open()
    journal.broken = False
    await unopened.flush()
    assert journal.samples[3:] == [gap(3), gap(3, 110), sample(9)]


def test_samples_are_bounded() -> None:
    """The oldest go, are counted, and leave a gap where the first of them was; commands and audit lose nothing."""
    backlog = Backlog(most_samples=2)
    for n in range(5):
        backlog.add_sample(sample(n))
    backlog.add_sample(sample(5, 110))
    batch = backlog.batch()
    assert list(batch.samples) == [gap(0), sample(4), sample(5, 110)]
    assert (backlog.dropped, MOST_SAMPLES) == (4, 50_000)
    backlog.add_sample(sample(6, 110))
    backlog.settle(batch)
    assert list(backlog.batch().samples) == [sample(6, 110)]


async def test_what_comes_in_flight_waits(cranked: Recorder, crank: HandCranked, journal: WatchedJournal) -> None:
    """It is written with the next flush, and nothing twice."""
    cranked.sample(sample(0))
    first = asyncio.create_task(cranked.flush())
    await settled()
    cranked.sample(sample(1))
    await crank.turn_until(first)
    await crank.turn_until(asyncio.create_task(cranked.flush()))
    assert journal.samples == [sample(0), sample(1)]


async def test_the_history_is_tended_hourly(journal: WatchedJournal, executor: Executor, clock: Clock) -> None:
    """Step by step until nothing is left to do; with a history of no days it stays as it is."""
    for days in (400.0, 0.0):
        asked: list[tuple[float, float]] = []

        def tend(now: float, keep: float, asked: list[tuple[float, float]] = asked) -> bool:
            asked.append((now, keep))
            return len(asked) < 3

        journal.tend = tend  # type: ignore[method-assign]
        habits = Habits(flush_seconds=0.0, history_seconds=days * 86400)
        recorder = Recorder(journal, executor, lambda record: None, clock, habits)
        await recorder.open()
        await recorder._tidy()
        assert asked == ([(NOW, 400 * 86400.0)] * 3 if days else [])
