"""A journal that fails costs nothing but time: everything waits, and the recorder returns."""

from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreFailed, StoreRecord, StoreReturned
from tests.store.doubles import A, B, HandCranked, WatchedJournal, flight, remembering, word


async def test_failing_journal_keeps_everything_waiting(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """A flush that fails returns, reports why and how much waits, and loses nothing."""
    journal.broken = True
    recorder.note(word(102, A))
    recorder.note(word(202, A))
    await recorder.flush()
    assert (recorder.waiting, recorder.failure) == (2, "the disk is on fire")
    assert records == [StoreFailed("the disk is on fire", 2)]


async def test_everything_is_written_when_the_journal_is_back(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """All that has changed meanwhile is written in one batch, with the newest words, and the return is reported."""
    journal.broken = True
    recorder.note(word(102, A))
    await recorder.flush()
    recorder.note(word(102, B))
    recorder.note(word(202, B))
    await recorder.flush()
    journal.broken = False
    await recorder.flush()
    assert journal.batches == [[word(102, B), word(202, B)]]
    assert (recorder.waiting, recorder.failure) == (0, None)
    assert [type(record) for record in records] == [StoreFailed, StoreFailed, StoreReturned]
    assert records[-1] == StoreReturned(2)


async def test_return_is_noticed_without_changes(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """With nothing left to write a flush still asks whether the journal is back."""
    await remembering(journal, recorder, word(102, A))
    journal.broken = True
    recorder.note(word(102, B))
    await recorder.flush()
    recorder.note(word(102, A))
    journal.broken = False
    await recorder.flush()
    assert recorder.failure is None
    assert records[-1] == StoreReturned(0)


async def test_change_noted_while_a_flush_fails_waits_too(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord]
) -> None:
    """What comes in while the failing batch is in flight waits with it."""
    journal.broken = True
    cranked.note(word(102, A))
    flush = await flight(cranked, crank)
    cranked.note(word(202, A))
    crank.turn()
    await flush
    assert cranked.waiting == 2
    assert records == [StoreFailed("the disk is on fire", 2)]


async def test_journal_that_cannot_be_read_is_an_empty_one(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """A failing load is reported, and the gateway starts with nothing remembered."""
    journal.broken = True
    assert await recorder.load() == []
    assert recorder.failure == "the disk is on fire"
    assert records == [StoreFailed("the disk is on fire", 0)]


async def test_close_of_a_failing_journal_returns(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """A broken disk does not keep the gateway from stopping."""
    journal.broken = True
    recorder.note(word(102, A))
    await recorder.close()
    assert journal.closed
    assert records == [StoreFailed("the disk is on fire", 1)]
