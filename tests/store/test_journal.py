"""What every journal does: one suite over SQLite and memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neasmart_gateway.store.journal import Journal, Remembered
from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.sqlite import SqliteJournal

MakeJournal = Callable[[], Journal]
TIME = 1_767_225_600.125


@pytest.fixture(params=["sqlite", "memory"])
def make_journal(request: pytest.FixtureRequest, tmp_path: Path) -> MakeJournal:
    """Makes a new, empty journal of the kind under test."""
    if request.param == "memory":
        return MemoryJournal
    names = (tmp_path / f"{n}.db" for n in range(10_000))
    return lambda: SqliteJournal(next(names))


@pytest.fixture
def journal(make_journal: MakeJournal) -> Iterator[Journal]:
    with closing(make_journal()) as journal:
        yield journal


def test_new_journal_remembers_nothing(journal: Journal) -> None:
    """Before anything was saved there is nothing to load."""
    assert journal.load() == []


def test_saved_registers_are_loaded_in_address_order(journal: Journal) -> None:
    """Whatever the order of saving, loading goes by address."""
    journal.save([Remembered(602, 2200, TIME), Remembered(102, 2100, TIME)])
    journal.save([Remembered(302, 2050, TIME + 1)])
    assert journal.load() == [
        Remembered(102, 2100, TIME),
        Remembered(302, 2050, TIME + 1),
        Remembered(602, 2200, TIME),
    ]


def test_newer_word_replaces_the_older(journal: Journal) -> None:
    """A register is remembered once, with its newest word and the time of that."""
    journal.save([Remembered(102, 2100, TIME), Remembered(202, 1900, TIME)])
    journal.save([Remembered(102, 2150, TIME + 60)])
    assert journal.load() == [Remembered(102, 2150, TIME + 60), Remembered(202, 1900, TIME)]


def test_last_of_a_batch_counts(journal: Journal) -> None:
    """A register that stands in a batch twice has the later word."""
    journal.save([Remembered(102, 2100, TIME), Remembered(102, 2150, TIME)])
    assert journal.load() == [Remembered(102, 2150, TIME)]


def test_empty_batch_changes_nothing(journal: Journal) -> None:
    """Saving nothing is allowed: that is how the recorder asks whether the medium is back."""
    journal.save([Remembered(102, 2100, TIME)])
    journal.save([])
    assert journal.load() == [Remembered(102, 2100, TIME)]


def test_ends_of_the_ranges_are_kept_exactly(journal: Journal) -> None:
    """First and last address, smallest and largest word, and the fraction of a second."""
    batch = [Remembered(0, 65535, 0.0), Remembered(65535, 0, TIME)]
    journal.save(batch)
    assert journal.load() == batch


def test_every_register_at_once(journal: Journal) -> None:
    """The whole address space fits into one batch."""
    batch = [Remembered(address, address ^ 0xFFFF, TIME) for address in range(65536)]
    journal.save(batch)
    assert journal.load() == batch


def test_closed_journal_opens_again(journal: Journal) -> None:
    """Closing lets go of the medium, not of what is remembered; closing twice is harmless."""
    journal.save([Remembered(102, 2100, TIME)])
    journal.close()
    journal.close()
    assert journal.load() == [Remembered(102, 2100, TIME)]


def test_may_be_used_from_one_thread_after_another(journal: Journal) -> None:
    """Loading in one thread and saving in the next is allowed."""
    with ThreadPoolExecutor(1) as one:
        one.submit(journal.save, [Remembered(102, 2100, TIME)]).result()
    with ThreadPoolExecutor(1) as other:
        assert other.submit(journal.load).result() == [Remembered(102, 2100, TIME)]


registers = st.builds(
    Remembered,
    address=st.integers(0, 65535) | st.integers(100, 105),
    word=st.integers(0, 65535),
    written_at=st.floats(0, 4e9),
)


# Each example makes a journal of its own, so that one fixture for all of them is right.
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(registers, max_size=8), max_size=5))
def test_behaves_as_a_dictionary(make_journal: MakeJournal, batches: list[list[Remembered]]) -> None:
    """After any batches, what is loaded is what a dictionary by address would hold."""
    expected: dict[int, Remembered] = {}
    with closing(make_journal()) as journal:
        for batch in batches:
            journal.save(batch)
            expected.update({register.address: register for register in batch})
        assert journal.load() == [expected[address] for address in sorted(expected)]
