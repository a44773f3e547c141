"""What changes while a batch is being written is neither lost nor written twice."""

import asyncio
from contextlib import suppress

from neasmart_gateway.store.recorder import Recorder
from tests.store.doubles import A, B, C, HandCranked, WatchedJournal, change, command, flight, nothing_to_do, word


async def flushed(recorder: Recorder, crank: HandCranked) -> None:
    """A whole flush that writes something."""
    flush = await flight(recorder.flush(), crank)
    crank.turn()
    await flush


async def test_there_and_back_while_a_flush_is_in_flight_costs_nothing(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """While B is being written, C and B again leave nothing to do for the next flush."""
    cranked.note(word(102, B))
    flush = await flight(cranked.flush(), crank)
    cranked.note(word(102, C, 1.0))
    cranked.note(word(102, B, 2.0))
    crank.turn()
    await flush
    await nothing_to_do(cranked, crank)
    assert journal.written == [[word(102, B)]]
    assert cranked.waiting == 0


async def test_another_register_there_and_back_in_flight_costs_nothing(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """The same for a register that is not part of the batch in flight."""
    cranked.note(word(202, A))
    await flushed(cranked, crank)
    cranked.note(word(102, A))
    flush = await flight(cranked.flush(), crank)
    cranked.note(word(202, B))
    cranked.note(word(202, A))
    crank.turn()
    await flush
    await nothing_to_do(cranked, crank)
    assert journal.written == [[word(202, A)], [word(102, A)]]


async def test_back_to_the_old_word_in_flight_is_not_lost(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """If the register goes back while its new word is being written, the journal ends with the old word."""
    cranked.note(word(102, A))
    await flushed(cranked, crank)
    cranked.note(word(102, B, 1.0))
    flush = await flight(cranked.flush(), crank)
    cranked.note(word(102, A, 2.0))
    crank.turn()
    await flush
    assert cranked.waiting == 1
    await flushed(cranked, crank)
    assert journal.words == [word(102, A, 2.0)]


async def test_change_in_flight_waits_for_the_next_flush(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """What changes while a batch is being written is neither lost nor part of that batch."""
    cranked.note(word(102, A))
    flush = await flight(cranked.flush(), crank)
    cranked.note(word(102, B))
    cranked.audit(change(1))
    cranked.command(command("a"))
    crank.turn()
    await flush
    assert (journal.written, cranked.waiting) == ([[word(102, A)]], 3)
    await flushed(cranked, crank)
    assert journal.words == [word(102, B)]
    assert (journal.batches[1].commands, journal.batches[1].audit) == ([command("a")], [change(1)])


async def test_flushes_do_not_overlap(cranked: Recorder, journal: WatchedJournal, crank: HandCranked) -> None:
    """The journal is used once at a time; the second flush finds that nothing is left."""
    cranked.note(word(102, A))
    first = await flight(cranked.flush(), crank)
    second = asyncio.create_task(cranked.flush())
    await asyncio.sleep(0)
    assert crank.busy == 1
    crank.turn()
    await asyncio.gather(first, second)
    assert journal.written == [[word(102, A)]]


async def test_a_durable_command_waits_for_the_flush_in_flight(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """It comes after it, in a commit of its own."""
    cranked.note(word(102, A))
    flush = await flight(cranked.flush(), crank)
    asked = asyncio.create_task(cranked.durable(command("a")))
    await asyncio.sleep(0)
    assert crank.busy == 1
    crank.turn()
    await flush
    await crank.turn_until(asked)
    assert asked.result() is True
    assert journal.durable == [False, True]


async def cut_off(recorder: Recorder, crank: HandCranked) -> None:
    """A flush whose caller gives up while it is in flight; the journal's thread does its work all the same."""
    flush = await flight(recorder.flush(), crank)
    flush.cancel()
    with suppress(asyncio.CancelledError):
        await flush
    crank.turn()


async def all_flushed(recorder: Recorder, crank: HandCranked) -> None:
    """A flush, whether it has to write anything or not."""
    await crank.turn_until(asyncio.create_task(recorder.flush()))


async def test_flush_that_is_cut_off_loses_nothing(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """Whoever gives up while a batch is in flight changes nothing: after the next flush all is there."""
    cranked.note(word(102, A))
    await cut_off(cranked, crank)
    await all_flushed(cranked, crank)
    assert journal.words == [word(102, A)]
    assert cranked.waiting == 0


async def test_flush_that_is_cut_off_audits_nothing_twice(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """A change is one row of the audit, also when the caller of the flush, or the daemon, ended meanwhile."""
    cranked.audit(change(1))
    await cut_off(cranked, crank)
    await all_flushed(cranked, crank)
    assert [row for batch in journal.batches for row in batch.audit] == [change(1)]


async def test_word_that_went_back_after_a_flush_was_cut_off(
    cranked: Recorder, journal: WatchedJournal, crank: HandCranked
) -> None:
    """The journal ends with the word that the register has, not with that of the cut-off flush."""
    cranked.note(word(102, A))
    await flushed(cranked, crank)
    cranked.note(word(102, B, 1.0))
    await cut_off(cranked, crank)
    cranked.note(word(102, A, 2.0))
    await all_flushed(cranked, crank)
    assert journal.words[0].word == A
