"""Whoever reads the database asks for what waits to be written first, and never waits long for it."""

import asyncio

import pytest

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.journal import Batch
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreRecord
from tests.store.doubles import Clock, HandCranked, WatchedJournal, change, command, flight, settled


async def test_a_reader_is_told_that_all_is_written(recorder: Recorder, journal: WatchedJournal) -> None:
    """What waits is written first; with nothing waiting the journal is asked nothing."""
    recorder.audit(change(1))
    assert await recorder.catch_up() is True
    assert journal.audit == [change(1)]
    tries = journal.tries
    assert await recorder.catch_up() is True
    assert journal.tries == tries


async def test_a_reader_does_not_try_a_journal_that_is_away(recorder: Recorder, journal: WatchedJournal) -> None:
    """It is told no at once: trying is the recorder's own, and a try may take as long as a lock is waited for."""
    journal.broken = True
    recorder.audit(change(1))
    with pytest.raises(StoreError):
        await recorder.flush()
    tries = journal.tries
    assert await recorder.catch_up() is False
    assert journal.tries == tries


async def test_readers_share_one_flush(cranked: Recorder, journal: WatchedJournal, crank: HandCranked) -> None:
    """However many ask while the journal is busy, one more commit serves them all."""
    cranked.audit(change(1))
    first = await flight(cranked.catch_up(), crank)
    cranked.audit(change(2))
    others = [asyncio.create_task(cranked.catch_up()) for _ in range(9)]
    await settled()
    crank.turn()
    assert await first is True
    await crank.turn_until(others[0])
    assert [await other for other in others] == [True] * 9
    assert [batch.audit for batch in journal.batches] == [[change(1)], [change(2)]]


async def test_readers_behind_a_failure_do_not_try_again(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """Those that wait for a flush that fails are told no with it, and nothing is in a command's way."""
    cranked.audit(change(1))
    first = await flight(cranked.catch_up(), crank)
    others = [asyncio.create_task(cranked.catch_up()) for _ in range(9)]
    await settled()
    journal.broken = True
    tries = journal.tries
    crank.turn()
    assert [await reader for reader in (first, *others)] == [False] * 10
    assert (crank.busy, journal.tries) == (0, tries + 1)


async def test_a_reader_waits_for_a_slow_journal_only_so_long(
    journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock
) -> None:
    """Then it is told no, and what was begun is settled all the same."""
    recorder = await opened(journal, crank, records, clock, patience=0.01)
    recorder.audit(change(1))
    assert await recorder.catch_up() is False
    crank.turn()
    await settled()
    assert (journal.audit, recorder.waiting, recorder.failure) == ([change(1)], 0, None)


async def test_what_must_outlive_a_power_cut(recorder: Recorder, journal: WatchedJournal) -> None:
    """One who asks for that gets a durable commit; the next one is as ever."""
    recorder.command(command("a", "cancelled"))
    assert await recorder.catch_up(durable=True) is True
    recorder.audit(change(1))
    await recorder.catch_up()
    assert journal.durable == [True, False]


async def opened(
    journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock, patience: float
) -> Recorder:
    """An opened recorder of so much patience."""
    recorder = Recorder(journal, crank, records.append, clock, Habits(patience=patience))
    await crank.turn_until(asyncio.create_task(recorder.open()))
    return recorder


# A disk that takes its time


async def slow(recorder: Recorder, name: str) -> None:
    """A command whose commit does not end in time."""
    with pytest.raises(TimeoutError):
        await recorder.durable(command(name))


async def test_a_slow_disk_is_named(
    journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock
) -> None:
    """A command is not kept waiting: the store is in trouble, and says that the disk is slow."""
    recorder = await opened(journal, crank, records, clock, patience=0.01)
    await slow(recorder, "a")
    assert recorder.status()["mode"] == "memory"
    assert "the disk is slow" in recorder.status()["failure"]
    busy = crank.busy
    assert await recorder.durable(command("b")) is False
    assert crank.busy == busy


async def test_what_a_slow_disk_has_begun_is_settled(
    journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock
) -> None:
    """The row comes to the journal; a younger receipt that waits meanwhile comes after it."""
    recorder = await opened(journal, crank, records, clock, patience=0.01)
    await slow(recorder, "a")
    recorder.command(command("a", "expired"))
    flush = asyncio.create_task(recorder.flush())
    await crank.turn_until(flush)
    assert [row.receipt["state"] for batch in journal.batches for row in batch.commands] == ["accepted", "expired"]


async def test_a_slow_disk_is_back_when_it_has_shown_it(
    journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock
) -> None:
    """The try is a durable commit: as long as that takes too long the trouble stays, though everything is written."""
    recorder = await opened(journal, crank, records, clock, patience=0.01)
    await slow(recorder, "a")
    crank.turn()
    recorder.audit(change(1))
    flush = await flight(recorder.flush(), crank)
    await asyncio.sleep(0.02)  # the disk takes so long
    crank.turn()
    with pytest.raises(StoreError, match="the disk is slow"):
        await flush
    assert (journal.audit, recorder.waiting) == ([change(1)], 0)
    assert recorder.failure is not None
    await crank.turn_until(asyncio.create_task(recorder.flush()))
    assert recorder.failure is None
    assert journal.durable == [True, True, True]


async def test_commands_that_come_together_share_a_transaction(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """A scene of many zones costs two commits at most, the one under way and one for all the rest, in their order."""
    answers = [await flight(cranked.durable(command("a")), crank)]
    answers += [asyncio.create_task(cranked.durable(command(name))) for name in "bcd"]
    await settled()
    assert crank.busy == 1
    crank.turn()
    await settled()
    assert [answer.done() for answer in answers] == [True, False, False, False]
    crank.turn()
    assert await asyncio.gather(*answers) == [True] * 4
    assert journal.batches == [
        Batch(commands=[command("a")]),
        Batch(commands=[command("b"), command("c"), command("d")]),
    ]
    assert journal.durable == [True, True]


async def test_what_nobody_waits_for_any_more_is_not_begun(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """A caller that gave up in the queue leaves nothing behind that could come late."""
    first = await flight(cranked.durable(command("a")), crank)
    second = asyncio.create_task(cranked.durable(command("b")))
    await settled()
    second.cancel()
    await settled()
    crank.turn()
    assert await first is True
    await settled()
    assert (crank.busy, journal.ids) == (0, ["a"])
