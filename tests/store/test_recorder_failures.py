"""A journal that fails costs nothing but time: everything waits, and the recorder returns."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress

import pytest

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.journal import Batch, Kept
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreFailed, StoreFlushed, StoreRecord, StoreReturned
from tests.store.doubles import (
    DAY,
    NOW,
    A,
    B,
    Clock,
    HandCranked,
    WatchedJournal,
    change,
    command,
    flight,
    settled,
    word,
)

FIRE = "the disk is on fire"


async def fails(recorder: Recorder) -> None:
    """A flush that ends with the journal's error."""
    with pytest.raises(StoreError, match=FIRE):
        await recorder.flush()


async def test_failing_journal_keeps_everything_waiting(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """A flush that fails says why, reports how much waits, and loses nothing."""
    journal.broken = True
    recorder.note(word(102, A))
    recorder.audit(change(1))
    recorder.command(command("a"))
    await fails(recorder)
    assert (recorder.waiting, recorder.failure) == (3, FIRE)
    assert records == [StoreFailed(FIRE, 3)]


async def test_health_says_memory_and_since_when(recorder: Recorder, journal: WatchedJournal, clock: Clock) -> None:
    """The moment of the first failure stays until the journal is back."""
    journal.broken = True
    recorder.note(word(102, A))
    await fails(recorder)
    clock.now += 60
    await fails(recorder)
    status = recorder.status()
    assert (status["mode"], status["failure"], status["since"]) == ("memory", FIRE, NOW)
    journal.broken = False
    await recorder.flush()
    status = recorder.status()
    assert (status["mode"], status["failure"], status["since"]) == ("sqlite", None, None)
    assert status["returned_at"] == NOW + 60


async def test_everything_is_written_when_the_journal_is_back(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord], clock: Clock
) -> None:
    """All that has happened meanwhile is written in one batch, and the return is reported."""
    journal.broken = True
    recorder.note(word(102, A))
    await fails(recorder)
    recorder.note(word(102, B))
    recorder.audit(change(1))
    recorder.command(command("a"))
    recorder.command(command("a", "expired"))
    await fails(recorder)
    journal.broken = False
    clock.now += 90
    await recorder.flush()
    assert journal.batches == [Batch([word(102, B)], [command("a", "expired")], [change(1)])]
    assert (recorder.waiting, recorder.failure) == (0, None)
    assert records == [StoreFailed(FIRE, 1), StoreFailed(FIRE, 3), StoreReturned(90.0, 1, 2, 0)]


async def test_what_had_to_be_dropped_is_counted(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """While the journal is away 10,000 rows wait at most; health and the report of the return say how many went."""
    journal.broken = True
    recorder.command(command("a"))
    for n in range(10_004):
        recorder.audit(change(n))
    await fails(recorder)
    assert recorder.status()["dropped_rows"] == 5
    journal.broken = False
    await recorder.flush()
    assert records[-1] == StoreReturned(0.0, 0, 10_000, 5)
    assert journal.ids == ["a"]
    assert journal.batches[0].audit[0] == change(5)


async def test_return_is_noticed_without_changes(
    unopened: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """With nothing left to write a flush still asks whether the journal is back."""
    journal.holding(word(102, A))
    await unopened.open()
    journal.broken = True
    unopened.note(word(102, B))
    await fails(unopened)
    unopened.note(word(102, A))
    await fails(unopened)
    journal.broken = False
    await unopened.flush()
    assert unopened.failure is None
    assert records[-1] == StoreReturned(0.0, 0, 0, 0)


async def test_durable_is_false_when_the_journal_fails(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """Whoever asks is told no, instead of an error; the row is theirs to hand in again."""
    journal.broken = True
    assert await recorder.durable(command("a")) is False
    assert (recorder.failure, recorder.waiting) == (FIRE, 0)
    assert records == [StoreFailed(FIRE, 0)]


async def test_durable_does_not_try_while_the_journal_is_away(recorder: Recorder, journal: WatchedJournal) -> None:
    """A caller never waits for a disk that is known to be in trouble."""
    journal.broken = True
    await recorder.durable(command("a"))
    tries = journal.tries
    assert await recorder.durable(command("b")) is False
    assert journal.tries == tries
    journal.broken = False
    await recorder.flush()
    assert await recorder.durable(command("b")) is True


async def test_change_noted_while_a_flush_fails_waits_too(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord]
) -> None:
    """What comes in while the failing batch is in flight waits with it."""
    journal.broken = True
    cranked.note(word(102, A))
    flush = await flight(cranked.flush(), crank)
    cranked.note(word(202, A))
    crank.turn()
    with pytest.raises(StoreError):
        await flush
    assert cranked.waiting == 2
    assert records == [StoreFailed(FIRE, 2)]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that are made; none of them takes any time."""
    made: list[float] = []
    real: Callable[[float], object] = asyncio.sleep

    async def sleep(seconds: float, result: object = None) -> None:
        if seconds > 0:
            made.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return made


async def test_it_tries_again_with_growing_pauses(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], pauses: list[float]
) -> None:
    """One to two seconds at first, about twice as long each time, a minute at most; then everything is written."""
    journal.broken = True
    run = asyncio.create_task(cranked.run())
    cranked.command(command("a"))
    for _ in range(10):
        await settled()
        crank.turn()
    assert journal.batches == []
    journal.broken = False
    await settled()
    crank.turn()
    await settled()
    run.cancel()
    with suppress(asyncio.CancelledError):
        await run
    assert journal.batches == [Batch([], [command("a")], [])]
    assert len(pauses) == 10
    for n, pause in enumerate(pauses):
        assert min(2.0**n, 60.0) <= pause <= min(2.0**n + 1.0, 60.0)
    assert isinstance(records[-1], StoreReturned)


async def test_a_refused_command_wakes_the_recorder(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """After a durable commit has failed the recorder begins at once to try for the journal's return."""
    run = asyncio.create_task(cranked.run())
    await settled()
    journal.broken = True
    asked = await flight(cranked.durable(command("a")), crank)
    crank.turn()
    assert await asked is False
    await settled()
    assert crank.busy == 1
    journal.broken = False
    crank.turn()
    await settled()
    run.cancel()
    assert cranked.failure is None


async def test_journal_that_cannot_be_read_at_the_start_is_read_later(
    unopened: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """The gateway starts without it; before the first write that works, what it holds is told."""
    told: list[Kept] = []
    unopened.recall = told.append
    journal.holding(word(102, A), commands=(command("open"),))
    journal.broken = True
    await unopened.open()
    assert (told, unopened.failure, records) == ([], FIRE, [StoreFailed(FIRE, 0)])
    unopened.note(word(202, B))
    await fails(unopened)
    journal.broken = False
    await unopened.flush()
    assert told == [Kept([word(102, A)], [command("open")], [])]
    assert journal.words == [word(102, A), word(202, B)]
    assert unopened.failure is None
    unopened.note(word(302, A))
    await unopened.flush()
    assert len(told) == 1


async def test_what_the_late_reading_brings_up_is_written_too(unopened: Recorder, journal: WatchedJournal) -> None:
    """A command that was found open and closed is written down after the first batch."""
    journal.broken = True
    await unopened.open()
    journal.broken = False
    journal.holding(commands=(command("open"),))
    unopened.recall = lambda _kept: unopened.command(command("open", "expired"))
    await unopened.flush()
    await unopened.flush()
    assert journal.load(0.0).open_commands == []


async def test_a_journal_that_was_started_anew_is_filled_again(recorder: Recorder, journal: WatchedJournal) -> None:
    """Whoever still knows notes it all, and even what has not changed since is written."""
    recorder.note(word(102, A))
    await recorder.flush()
    recorder.refill = lambda: (recorder.note(word(102, A)), recorder.command(command("a")))[0]
    journal.start_anew()
    recorder.note(word(202, B))
    await recorder.flush()
    await recorder.flush()
    assert journal.words == [word(102, A), word(202, B)]
    assert journal.ids == ["a"]


async def test_a_journal_that_starts_anew_under_a_durable_command(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """The new journal has the command at once, and all the rest without waiting for the flush."""
    run = asyncio.create_task(cranked.run())
    await settled()
    cranked.refill = lambda: cranked.note(word(102, A))
    journal.start_anew()
    asked = await flight(cranked.durable(command("a")), crank)
    crank.turn()
    assert await asked is True
    await settled()
    crank.turn()
    await settled()
    run.cancel()
    assert (journal.ids, journal.words) == (["a"], [word(102, A)])


async def test_a_failing_step_of_pruning_is_told(
    journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock
) -> None:
    """Whatever fails on the medium, health knows it."""
    recorder = Recorder(journal, crank, records.append, clock, Habits())
    await crank.turn_until(asyncio.create_task(recorder.open()))
    run = asyncio.create_task(recorder.run())
    recorder.command(command("a"))
    await settled()
    crank.turn()
    await settled()
    assert records == [StoreFlushed(0, 1)]
    journal.broken = True
    for _ in range(3):
        if crank.busy:
            crank.turn()
        await settled()
    run.cancel()
    assert recorder.failure == FIRE


async def test_close_of_a_failing_journal_returns(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """A broken disk does not keep the gateway from stopping."""
    journal.broken = True
    recorder.note(word(102, A))
    await recorder.close()
    assert journal.closed
    assert records == [StoreFailed(FIRE, 1)]


async def test_damage_is_looked_for(
    journal: WatchedJournal, executor: Executor, records: list[StoreRecord], clock: Clock, pauses: list[float]
) -> None:
    """Once a day; a journal that does not look sound is checked, and the trouble told."""
    recorder = Recorder(journal, executor, records.append, clock, Habits())
    await recorder.open()
    journal.sound = False
    watch = asyncio.create_task(recorder.watch())
    while recorder.failure is None:
        await settled()
    watch.cancel()
    assert pauses[0] == DAY
    assert "unsound" in recorder.failure
