"""What changes while a batch is being written is neither lost nor written twice."""

import asyncio
from contextlib import suppress

from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.recorder import Recorder
from tests.store.doubles import A, B, C, HandCranked, WatchedJournal, flight, nothing_to_do, word


async def test_there_and_back_while_a_flush_is_in_flight_costs_nothing(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """While B is being written, C and B again leave nothing to do for the next flush."""
    cranked.note(word(102, B))
    flush = await flight(cranked, crank)
    cranked.note(word(102, C, 1.0))
    cranked.note(word(102, B, 2.0))
    crank.turn()
    await flush
    await nothing_to_do(cranked, crank)
    assert journal.batches == [[word(102, B)]]
    assert cranked.waiting == 0


async def test_another_register_there_and_back_in_flight_costs_nothing(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """The same for a register that is not part of the batch in flight."""
    cranked.note(word(202, A))
    flush = await flight(cranked, crank)
    crank.turn()
    await flush
    cranked.note(word(102, A))
    flush = await flight(cranked, crank)
    cranked.note(word(202, B))
    cranked.note(word(202, A))
    crank.turn()
    await flush
    await nothing_to_do(cranked, crank)
    assert journal.batches == [[word(202, A)], [word(102, A)]]


async def test_back_to_the_old_word_in_flight_is_not_lost(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """If the register goes back while its new word is being written, the journal ends with the old word."""
    cranked.note(word(102, A))
    flush = await flight(cranked, crank)
    crank.turn()
    await flush
    cranked.note(word(102, B, 1.0))
    flush = await flight(cranked, crank)
    cranked.note(word(102, A, 2.0))
    crank.turn()
    await flush
    assert cranked.waiting == 1
    flush = await flight(cranked, crank)
    crank.turn()
    await flush
    assert MemoryJournal.load(journal) == [word(102, A, 2.0)]


async def test_change_in_flight_waits_for_the_next_flush(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """What changes while a batch is being written is neither lost nor part of that batch."""
    cranked.note(word(102, A))
    flush = await flight(cranked, crank)
    cranked.note(word(102, B))
    cranked.note(word(202, B))
    crank.turn()
    await flush
    assert (journal.batches, cranked.waiting) == ([[word(102, A)]], 2)
    flush = await flight(cranked, crank)
    crank.turn()
    await flush
    assert journal.batches[1:] == [[word(102, B), word(202, B)]]


async def test_flushes_do_not_overlap(cranked: Recorder, journal: WatchedJournal, crank: HandCranked) -> None:
    """The journal is used once at a time; the second flush finds that nothing is left."""
    cranked.note(word(102, A))
    first = await flight(cranked, crank)
    second = asyncio.create_task(cranked.flush())
    await asyncio.sleep(0)
    assert crank.busy == 1
    crank.turn()
    await asyncio.gather(first, second)
    assert journal.batches == [[word(102, A)]]


async def test_cancelled_flush_loses_nothing(cranked: Recorder, journal: WatchedJournal, crank: HandCranked) -> None:
    """A flush that is cut off in flight is simply repeated."""
    cranked.note(word(102, A))
    flush = await flight(cranked, crank)
    flush.cancel()
    with suppress(asyncio.CancelledError):
        await flush
    crank.turn()
    assert cranked.waiting == 1
    flush = await flight(cranked, crank)
    crank.turn()
    await flush
    assert MemoryJournal.load(journal) == [word(102, A)]
    assert cranked.waiting == 0
