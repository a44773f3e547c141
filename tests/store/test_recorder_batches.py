"""The recorder writes what changed, in batches, and nothing else."""

from concurrent.futures import Executor
from pathlib import Path

from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreFlushed, StoreRecord
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import A, B, C, WatchedJournal, remembering, word


async def test_changes_are_written_in_one_batch(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """However many registers changed, a flush is one save, and is reported with their number."""
    for address in (102, 202, 302):
        recorder.note(word(address, A))
    assert (recorder.waiting, journal.batches) == (3, [])
    await recorder.flush()
    assert journal.batches == [[word(102, A), word(202, A), word(302, A)]]
    assert recorder.waiting == 0
    assert records == [StoreFlushed(3)]


async def test_only_the_newest_word_is_written(recorder: Recorder, journal: WatchedJournal) -> None:
    """A register that changed many times costs one row, with the time of the last change."""
    for at, value in enumerate((A, B, C)):
        recorder.note(word(102, value, at))
    await recorder.flush()
    assert journal.batches == [[word(102, C, 2)]]


async def test_without_changes_nothing_is_written(
    recorder: Recorder, journal: WatchedJournal, records: list[StoreRecord]
) -> None:
    """A flush with nothing waiting touches no disk and reports nothing."""
    await recorder.flush()
    assert (journal.batches, records) == ([], [])


async def test_what_is_written_is_not_written_again(recorder: Recorder, journal: WatchedJournal) -> None:
    """The second flush has nothing left to do."""
    recorder.note(word(102, A))
    await recorder.flush()
    await recorder.flush()
    assert len(journal.batches) == 1


async def test_only_changed_values_are_written(recorder: Recorder, journal: WatchedJournal) -> None:
    """A word that the journal already has is not written, even with a newer time."""
    await remembering(journal, recorder, word(102, A), word(202, A))
    recorder.note(word(102, A, 60.0))
    recorder.note(word(202, B, 60.0))
    await recorder.flush()
    assert journal.batches == [[word(202, B, 60.0)]]
    assert recorder.waiting == 0


async def test_there_and_back_costs_nothing(recorder: Recorder, journal: WatchedJournal) -> None:
    """A → B → A between two flushes is no change."""
    await remembering(journal, recorder, word(102, A))
    recorder.note(word(102, B))
    recorder.note(word(102, A))
    await recorder.flush()
    assert journal.batches == []


async def test_there_and_back_after_a_flush_costs_nothing(recorder: Recorder, journal: WatchedJournal) -> None:
    """What was flushed counts as known, not only what was loaded."""
    recorder.note(word(102, A))
    await recorder.flush()
    recorder.note(word(102, B))
    recorder.note(word(102, A))
    await recorder.flush()
    assert len(journal.batches) == 1


async def test_load_returns_what_is_remembered(recorder: Recorder, journal: WatchedJournal) -> None:
    """The recorder hands on what the journal holds."""
    MemoryJournal.save(journal, [word(202, B), word(102, A)])
    assert await recorder.load() == [word(102, A), word(202, B)]


async def test_close_flushes(recorder: Recorder, journal: WatchedJournal) -> None:
    """A clean stop writes down what waits and lets go of the journal."""
    recorder.note(word(102, A))
    await recorder.close()
    assert MemoryJournal.load(journal) == [word(102, A)]
    assert journal.closed


async def test_what_a_real_file_held_is_loaded_after_a_restart(
    tmp_path: Path, executor: Executor, records: list[StoreRecord]
) -> None:
    """Through SQLite and back: note, close, load."""
    path = tmp_path / "registers.db"
    first = Recorder(SqliteJournal(path), executor, records.append)
    first.note(word(102, A, 5.5))
    await first.close()
    second = Recorder(SqliteJournal(path), executor, records.append)
    assert await second.load() == [word(102, A, 5.5)]
    await second.close()
