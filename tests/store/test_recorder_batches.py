"""The recorder writes what changed, in batches, and nothing else; a command does not wait."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import pytest

from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.journal import Batch, Kept
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreFlushed, StoreRecord
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import (
    DAY,
    NOW,
    A,
    B,
    C,
    Clock,
    HandCranked,
    WatchedJournal,
    change,
    command,
    nonce,
    settled,
    word,
)


@asynccontextmanager
async def at_work(recorder: Recorder) -> AsyncIterator[None]:
    """Let the recorder run meanwhile."""
    task = asyncio.create_task(recorder.run())
    await settled()
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_changes_are_written_in_one_batch(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """However much has changed, a flush is one commit, and is reported with its numbers."""
    for address in (102, 202, 302):
        recorder.note(word(address, A))
    recorder.audit(change(1))
    recorder.command(command("a"))
    assert (recorder.waiting, journal.batches) == (5, [])
    await recorder.flush()
    assert journal.batches == [
        Batch([word(102, A), word(202, A), word(302, A)], [command("a")], [change(1)]),
    ]
    assert recorder.waiting == 0
    assert records == [StoreFlushed(3, 2)]


async def test_only_the_newest_word_is_written(recorder: Recorder, journal: WatchedJournal) -> None:
    """A register that changed many times costs one row, with the time of the last change."""
    for at, value in enumerate((A, B, C)):
        recorder.note(word(102, value, at))
    await recorder.flush()
    assert journal.written == [[word(102, C, 2)]]


async def test_every_change_is_audited(recorder: Recorder, journal: WatchedJournal) -> None:
    """Audit rows are never merged, and keep their order."""
    for n in range(3):
        recorder.audit(change(n))
    await recorder.flush()
    assert journal.batches == [Batch([], [], [change(0), change(1), change(2)])]


async def test_without_changes_nothing_is_written(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """A flush with nothing waiting touches no disk and reports nothing."""
    await recorder.flush()
    assert (journal.batches, records) == ([], [])


async def test_what_is_written_is_not_written_again(recorder: Recorder, journal: WatchedJournal) -> None:
    """The second flush has nothing left to do."""
    recorder.note(word(102, A))
    recorder.audit(change(1))
    recorder.command(command("a"))
    await recorder.flush()
    await recorder.flush()
    assert len(journal.batches) == 1


async def test_only_changed_values_are_written(unopened: Recorder, journal: WatchedJournal) -> None:
    """A word that the journal already has is not written, even with a newer time."""
    journal.holding(word(102, A), word(202, A))
    await unopened.open()
    unopened.note(word(102, A, 60.0))
    unopened.note(word(202, B, 60.0))
    await unopened.flush()
    assert journal.written == [[word(202, B, 60.0)]]
    assert unopened.waiting == 0


async def test_there_and_back_costs_nothing(unopened: Recorder, journal: WatchedJournal) -> None:
    """A → B → A between two flushes is no change, whether A was loaded …"""
    journal.holding(word(102, A))
    await unopened.open()
    unopened.note(word(102, B))
    unopened.note(word(102, A))
    await unopened.flush()
    assert journal.batches == []


async def test_there_and_back_after_a_flush_costs_nothing(recorder: Recorder, journal: WatchedJournal) -> None:
    """… or flushed."""
    recorder.note(word(102, A))
    await recorder.flush()
    recorder.note(word(102, B))
    recorder.note(word(102, A))
    await recorder.flush()
    assert len(journal.batches) == 1


async def test_registers_and_audit_wait_for_the_flush(cranked: Recorder, crank: HandCranked) -> None:
    """Nothing of them is urgent: at work, the recorder leaves them until the time of the flush has come."""
    async with at_work(cranked):
        cranked.note(word(102, A))
        cranked.audit(change(1))
        await settled()
        assert (crank.busy, cranked.waiting) == (0, 2)


async def test_the_flush_comes_by_itself(
    journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock
) -> None:
    """When its time has come, what waits is written without anything urgent."""
    recorder = Recorder(journal, crank, records.append, clock, Habits(flush_seconds=1e-9))
    await crank.turn_until(asyncio.create_task(recorder.open()))
    async with at_work(recorder):
        recorder.note(word(102, A))
        for _ in range(100):
            await settled()
            if crank.busy:
                crank.turn()
        assert journal.words == [word(102, A)]


async def test_a_command_that_moves_on_is_written_at_once(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """It waits for no flush, and takes along what waits anyway: one transaction."""
    async with at_work(cranked):
        cranked.note(word(102, A))
        cranked.command(command("a", "confirmed"))
        await settled()
        assert crank.busy == 1
        crank.turn()
        await settled()
        assert journal.batches == [Batch([word(102, A)], [command("a", "confirmed")], [])]


async def test_durable_is_true_only_when_it_is_written(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """While the commit is in flight nobody is told yes; then the row is there, alone, committed as durable."""
    cranked.note(word(102, A))
    answer = asyncio.create_task(cranked.durable(command("a")))
    await settled()
    assert (crank.busy, answer.done()) == (1, False)
    crank.turn()
    assert await answer is True
    assert (journal.batches, journal.durable) == ([Batch(commands=[command("a")])], [True])
    assert cranked.waiting == 1


async def test_a_flush_does_not_wait_for_the_power(recorder: Recorder, journal: WatchedJournal) -> None:
    """What can be measured again is committed without waiting for the disk."""
    recorder.note(word(102, A))
    await recorder.flush()
    assert journal.durable == [False]


async def test_open_tells_what_is_remembered(unopened: Recorder, journal: WatchedJournal) -> None:
    """Registers, open commands, and those that a retry of the last 24 hours may ask for."""
    recent = command("recent", "confirmed", NOW - DAY, ("k1", "f"))
    old = command("old", "confirmed", NOW - DAY - 1, ("k2", "f"))
    journal.holding(word(202, B), word(102, A), commands=(command("open"), recent, old))
    told: list[Kept] = []
    unopened.recall = told.append
    await unopened.open()
    assert told == [Kept([word(102, A), word(202, B)], [command("open")], [recent])]


async def test_old_rows_are_pruned(
    journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock
) -> None:
    """At work, what is older than 400 days goes, a step at a time, until nothing of it is left."""
    journal.holding(commands=(command("old", "expired", NOW - 401 * DAY), command("young", "expired", NOW - 399 * DAY)))
    recorder = Recorder(journal, crank, records.append, clock, Habits())
    await crank.turn_until(asyncio.create_task(recorder.open()))
    async with at_work(recorder):
        recorder.command(command("now"))
        for _ in range(10):
            await settled()
            if crank.busy:
                crank.turn()
    assert journal.ids == ["young", "now"]


async def test_close_flushes(recorder: Recorder, journal: WatchedJournal) -> None:
    """A clean stop writes down what waits and lets go of the journal."""
    recorder.note(word(102, A))
    await recorder.close()
    assert journal.words == [word(102, A)]
    assert journal.closed


async def test_status_counts_what_waits(recorder: Recorder, clock: Clock) -> None:
    """Health is told how much is not written down yet, and when something last was."""
    recorder.note(word(102, A))
    recorder.audit(change(1))
    recorder.command(command("a"))
    status = recorder.status()
    assert (status["waiting_registers"], status["waiting_rows"], status["flushed_at"]) == (1, 2, None)
    clock.now += 7
    await recorder.flush()
    assert recorder.status() == {
        "mode": "sqlite",
        "failure": None,
        "since": None,
        "returned_at": None,
        "flushed_at": NOW + 7,
        "waiting_registers": 0,
        "waiting_rows": 0,
        "dropped_rows": 0,
    }


async def test_what_a_real_file_held_is_told_after_a_restart(
    tmp_path: Path, executor: Executor, records: list[StoreRecord], clock: Clock
) -> None:
    """Through SQLite and back: note, close, open."""
    path = tmp_path / "registers.db"
    first = Recorder(SqliteJournal(path), executor, records.append, clock, Habits())
    await first.open()
    first.note(word(102, A, 5.5))
    assert await first.durable(command("a"))
    await first.close()
    second = Recorder(SqliteJournal(path), executor, records.append, clock, Habits())
    told: list[Kept] = []
    second.recall = told.append
    await second.open()
    assert told == [Kept([word(102, A, 5.5)], [command("a")], [])]
    await second.close()


async def test_a_nonce_is_as_durable_as_a_command(recorder: Recorder, journal: WatchedJournal) -> None:
    """It comes to the disk before it is answered, together with whatever else waits for that."""
    answers = await asyncio.gather(recorder.durable(nonce(1)), recorder.durable(command("a")))
    assert (answers, journal.durable) == ([True, True], [True])
    assert journal.batches == [Batch(commands=[command("a")], nonces=(nonce(1),))]


async def test_a_nonce_of_a_lost_journal_is_written_again_at_once(cranked: Recorder, crank: HandCranked) -> None:
    """It does not wait for the flush."""
    run = asyncio.create_task(cranked.run())
    await settled()
    cranked.nonce(nonce(1))
    await settled()
    assert crank.busy == 1
    crank.turn()
    await settled()
    run.cancel()


@pytest.mark.parametrize("how", ["durable", "catch_up"])
async def test_what_requests_share_is_reported_in_the_name_of_none(
    journal: WatchedJournal, executor: Executor, clock: Clock, how: str
) -> None:
    """Whatever the first of them has bound for its own lines: the others wait for the same write."""
    whose: ContextVar[str] = ContextVar("whose", default="nobody")
    seen: list[str] = []
    recorder = Recorder(journal, executor, lambda _record: seen.append(whose.get()), clock, Habits())
    await recorder.open()
    whose.set("a request")
    recorder.audit(change(1))
    journal.broken = True
    assert not await (recorder.durable(command("a")) if how == "durable" else recorder.catch_up())
    assert seen == ["nobody"]
