"""What every journal does: one suite over SQLite and memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neasmart_gateway.store.journal import Batch, Journal, NonceRow, Remembered, Sample
from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import DAY, NOW, change, command, nonce

MakeJournal = Callable[[], Journal]
PRUNED_AT_ONCE = 500


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


def save(journal: Journal, *registers: Remembered) -> None:
    """Keep registers."""
    journal.commit(Batch(registers), durable=False)


def loaded(journal: Journal) -> list[Remembered]:
    """The registers that are kept."""
    return journal.load(0.0).registers


def test_new_journal_remembers_nothing(journal: Journal) -> None:
    """Before anything was kept there is nothing to load."""
    kept = journal.load(0.0)
    assert (kept.registers, kept.open_commands, kept.retryable) == ([], [], [])


def test_registers_are_loaded_in_address_order(journal: Journal) -> None:
    """Whatever the order of keeping, loading goes by address."""
    save(journal, Remembered(602, 2200, NOW), Remembered(102, 2100, NOW))
    save(journal, Remembered(302, 2050, NOW + 1))
    assert loaded(journal) == [
        Remembered(102, 2100, NOW),
        Remembered(302, 2050, NOW + 1),
        Remembered(602, 2200, NOW),
    ]


def test_newer_word_replaces_the_older(journal: Journal) -> None:
    """A register is kept once, with its newest word and the time of that."""
    save(journal, Remembered(102, 2100, NOW), Remembered(202, 1900, NOW))
    save(journal, Remembered(102, 2150, NOW + 60))
    assert loaded(journal) == [Remembered(102, 2150, NOW + 60), Remembered(202, 1900, NOW)]


def test_last_of_a_batch_counts(journal: Journal) -> None:
    """A register that stands in a batch twice has the later word."""
    save(journal, Remembered(102, 2100, NOW), Remembered(102, 2150, NOW))
    assert loaded(journal) == [Remembered(102, 2150, NOW)]


def test_empty_batch_changes_nothing(journal: Journal) -> None:
    """Committing nothing is allowed: that is how the recorder asks whether the medium is back."""
    save(journal, Remembered(102, 2100, NOW))
    save(journal)
    assert loaded(journal) == [Remembered(102, 2100, NOW)]


def test_ends_of_the_ranges_are_kept_exactly(journal: Journal) -> None:
    """First and last address, smallest and largest word, and the fraction of a second."""
    batch = [Remembered(0, 65535, 0.0), Remembered(65535, 0, NOW)]
    save(journal, *batch)
    assert loaded(journal) == batch


def test_every_register_at_once(journal: Journal) -> None:
    """The whole address space fits into one batch."""
    batch = [Remembered(address, address ^ 0xFFFF, NOW) for address in range(65536)]
    save(journal, *batch)
    assert loaded(journal) == batch


def test_closed_journal_opens_again(journal: Journal) -> None:
    """Closing lets go of the medium, not of what is kept; closing twice is harmless."""
    save(journal, Remembered(102, 2100, NOW))
    journal.close()
    journal.close()
    assert loaded(journal) == [Remembered(102, 2100, NOW)]


def test_may_be_used_from_one_thread_after_another(journal: Journal) -> None:
    """Committing in one thread and loading in the next is allowed."""
    with ThreadPoolExecutor(1) as one:
        one.submit(save, journal, Remembered(102, 2100, NOW)).result()
    with ThreadPoolExecutor(1) as other:
        assert other.submit(loaded, journal).result() == [Remembered(102, 2100, NOW)]


def test_generation_stays_while_nothing_is_lost(journal: Journal) -> None:
    """Using a journal, closing and opening it again does not count as starting anew."""
    journal.load(0.0)
    before = journal.generation
    save(journal, Remembered(102, 2100, NOW))
    journal.close()
    save(journal, Remembered(102, 2101, NOW))
    assert journal.generation == before


@pytest.mark.parametrize("state", ["accepted", "delivered"])
def test_open_commands_are_loaded(journal: Journal, state: str) -> None:
    """A command that is not final is found at the next start, whole, however old; those that are final are not."""
    still_open = command("a", state, at=1.0)
    journal.commit(Batch(commands=[still_open, command("b", "confirmed")]), durable=True)
    assert journal.load(NOW).open_commands == [still_open]


def test_newer_receipt_replaces_the_older(journal: Journal) -> None:
    """A command is kept once, as it is now: when it becomes final it is open no more."""
    journal.commit(Batch(commands=[command("a")]), durable=True)
    journal.commit(Batch(commands=[command("a", "expired")]), durable=False)
    assert journal.load(0.0).open_commands == []


def test_a_void_command_loses_its_key(journal: Journal) -> None:
    """A command that was not taken after all is found by no retry; another receipt without a key keeps the key."""
    keyed = [command(name, at=NOW, key=(name, "print")) for name in "ab"]
    journal.commit(Batch(commands=keyed), durable=True)
    journal.commit(
        Batch(commands=[command("a", "cancelled"), replace(command("b", "cancelled"), void=True)]), durable=False
    )
    assert [(row.id, row.idempotency) for row in journal.load(0.0).retryable] == [("a", ("a", "print"))]


def test_retryable_commands_are_loaded_since_their_time(journal: Journal) -> None:
    """Those that came with a key within the time, whatever their state, with key and fingerprint."""
    early = command("early", "confirmed", NOW - 1, ("k1", "f1"))
    in_time = command("in time", "confirmed", NOW, ("k2", "f2"))
    journal.commit(Batch(commands=[early, in_time, command("keyless", at=NOW)]), durable=True)
    assert journal.load(NOW).retryable == [in_time]


def test_key_stays_when_the_command_moves_on(journal: Journal) -> None:
    """A later receipt that comes without the key does not take it away."""
    first = command("a", "accepted", NOW, ("key", "fingerprint"))
    journal.commit(Batch(commands=[first]), durable=True)
    last = command("a", "confirmed", NOW)
    journal.commit(Batch(commands=[last]), durable=False)
    assert journal.load(NOW).retryable == [replace(last, idempotency=first.idempotency)]


def test_pruning_forgets_what_is_too_old(journal: Journal) -> None:
    """Commands and audit rows from before the moment go and are counted; registers stay, however old."""
    old, young = command("old", at=NOW - DAY), command("young", at=NOW)
    journal.commit(Batch([Remembered(102, 1, 0.0)], [old, young], [change(1, NOW - DAY), change(2, NOW)]), durable=True)
    assert journal.prune(NOW, NOW) == 2
    assert journal.prune(NOW, NOW) == 0
    kept = journal.load(0.0)
    assert (kept.registers, kept.open_commands) == ([Remembered(102, 1, 0.0)], [young])


def test_pruning_ends(journal: Journal) -> None:
    """However many rows are too old, steps that find something come to an end, and together they count each once."""
    rows = [change(n, NOW - DAY) for n in range(2 * PRUNED_AT_ONCE + 1)]
    journal.commit(Batch(audit=rows), durable=False)
    steps = list(iter(lambda: journal.prune(NOW, NOW), 0))
    assert sum(steps) == len(rows)


def test_nonces_are_kept_once(journal: Journal) -> None:
    """For each owner by itself; a later end replaces the one before."""
    theirs = NonceRow("another", "nonce-1", NOW + 60)
    journal.commit(Batch(nonces=[nonce(1), theirs]), durable=True)
    journal.commit(Batch(nonces=[nonce(1, NOW + 70)]), durable=True)
    assert sorted(journal.load(0.0).nonces, key=lambda row: row.expires) == [theirs, nonce(1, NOW + 70)]


def test_pruning_forgets_nonces_that_have_expired(journal: Journal) -> None:
    """However young; those that have not stay, however long ago everything else ends."""
    journal.commit(Batch(nonces=[nonce(1, NOW - 1), nonce(2, NOW)]), durable=True)
    assert (journal.prune(NOW + DAY, NOW), journal.prune(NOW + DAY, NOW)) == (1, 0)
    assert journal.load(0.0).nonces == [nonce(2, NOW)]


def test_samples_break_off_where_the_last_value_was_written(journal: Journal) -> None:
    """Each series that ended with a value; not those that ended with a gap."""
    at = int(NOW)
    samples = [Sample(102, at, 1), Sample(110, at + 60, 2), Sample(110, at + 90, None), Sample(7, at + 30, 3)]
    journal.commit(Batch(samples=samples), durable=False)
    assert set(journal.load(0.0).broken_off) == {Sample(102, at + 30, None), Sample(7, at + 30, None)}


def test_tending_ends(journal: Journal) -> None:
    """However much there is to be done."""
    journal.commit(Batch(samples=[Sample(102, int(NOW) + n, n) for n in range(30_000)]), durable=False)
    steps = list(iter(lambda: journal.tend(NOW + 500 * DAY, 400 * DAY), False))
    assert len(steps) < 2000


registers = st.builds(
    Remembered,
    address=st.integers(0, 65535) | st.integers(100, 105),
    word=st.integers(0, 65535),
    written_at=st.floats(0, 4e9),
)
commands = st.builds(
    command,
    name=st.sampled_from("abcdef"),
    state=st.sampled_from(["accepted", "delivered", "confirmed", "expired"]),
)


# Each example makes a journal of its own, so that one fixture for all of them is right.
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.tuples(st.lists(registers, max_size=8), st.lists(commands, max_size=4)), max_size=5))
def test_behaves_as_dictionaries(make_journal: MakeJournal, batches: list[tuple[list, list]]) -> None:
    """After any batches, what is loaded is what dictionaries by address and by id would hold."""
    by_address, by_id = {}, {}
    with closing(make_journal()) as journal:
        for some_registers, some_commands in batches:
            journal.commit(Batch(some_registers, some_commands), durable=False)
            by_address.update({register.address: register for register in some_registers})
            by_id.update({row.id: row for row in some_commands})
        kept = journal.load(0.0)
    assert kept.registers == [by_address[address] for address in sorted(by_address)]
    still_open = [row for row in by_id.values() if row.receipt["state"] in ("accepted", "delivered")]
    assert kept.open_commands == still_open
