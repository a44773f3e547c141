"""HTTP workers read the journal's file: filtered, page by page, and in nobody's way."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from neasmart_gateway.domain.receipts import place
from neasmart_gateway.domain.times import iso
from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.journal import AuditRow, Batch
from neasmart_gateway.store.queries import Queries, Wanted
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import change, command
from tests.store.files import no_database, tell

T = TypeVar("T")


def at_once(work: Callable[[], T]) -> T:
    """Runs it here."""
    return work()


@pytest.fixture
def queries(path: Path) -> Queries:
    return Queries(path, at_once)


@pytest.fixture
def filled(sqlite_journal: SqliteJournal) -> SqliteJournal:
    """Six commands, one a second, confirmed and expired in turn, of two registers in turn; and as many changes."""
    rows = [command(f"c{n}", ("confirmed", "expired")[n % 2], float(n), None, (101, 201)[n // 3]) for n in range(6)]
    changes = [change(n, float(n), (101, 201)[n // 3]) for n in range(6)]
    sqlite_journal.commit(Batch([], rows, changes), durable=True)
    return sqlite_journal


def ids(rows: list[tuple[int, dict]]) -> list[str]:
    """The commands that were found."""
    return [receipt["id"] for _, receipt in rows]


def words(rows: list[tuple[int, AuditRow]]) -> list[int]:
    """The changes that were found."""
    return [row.word for _, row in rows]


FILTERS = [
    (Wanted(), [5, 4, 3, 2, 1, 0]),
    (Wanted(limit=2), [5, 4]),
    (Wanted(before=3), [1, 0]),
    (Wanted(since=4.0), [5, 4]),
    (Wanted(addresses=[201]), [5, 4, 3]),
    (Wanted(addresses=[101, 201]), [5, 4, 3, 2, 1, 0]),
    (Wanted(addresses=[]), []),
    (Wanted(limit=1, before=6, addresses=[201], since=3.0), [4]),
]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("wanted", "found"), FILTERS)
def test_filters_are_those_of_commands_and_of_changes(queries: Queries, wanted: Wanted, found: list[int]) -> None:
    """Newest first; each bound is kept, alone and together with others."""
    assert words(queries.audit(wanted)) == found
    # A change's number is that of its second, and one more; every command ended a second after it had begun.
    began = replace(wanted, before=wanted.before and place(wanted.before - 1, 0))
    assert ids(queries.commands(began)) == [f"c{n}" for n in found]
    assert words(queries.changes(began)) == found
    ended = replace(wanted, before=wanted.before and place(wanted.before, 0), since=wanted.since and wanted.since + 1)
    assert ids(queries.ends(ended)) == [f"c{n}" for n in found]


def test_a_command_that_ended_within_the_time_had_begun_before_it(
    sqlite_journal: SqliteJournal, queries: Queries
) -> None:
    """Ends go by when they came: the command that began first may have ended last."""
    rows = [command("first", "confirmed", 10.0), command("second", "confirmed", 11.0), command("open", at=12.0)]
    rows[0].receipt["finished_at"] = iso(90.0)
    sqlite_journal.commit(Batch(commands=rows), durable=True)
    assert ids(queries.ends(Wanted())) == ["first", "second"]
    assert ids(queries.ends(Wanted(since=50.0))) == ["first"]


@pytest.mark.usefixtures("filled")
def test_what_is_known_already_is_left_out(queries: Queries) -> None:
    """And takes no room."""
    assert ids(queries.commands(Wanted(limit=2), ["c5", "c3"])) == ["c4", "c2"]
    assert ids(queries.ends(Wanted(limit=2), ["c5", "c3"])) == ["c4", "c2"]


def test_commands_of_one_moment_are_cut_between_two_pages(sqlite_journal: SqliteJournal, queries: Queries) -> None:
    """None is left out and none comes twice, though they came in at the same time."""
    every = [f"{n}-x" for n in range(20)]
    sqlite_journal.commit(Batch(commands=[command(name, at=7.0) for name in every]), durable=True)
    paged, before = list[str](), None
    while found := queries.commands(Wanted(limit=3, before=before)):
        paged += ids(found)
        before = found[-1][0]
    assert paged == every[::-1]


@pytest.mark.usefixtures("filled")
def test_by_its_state_an_open_command_is_an_expired_one(sqlite_journal: SqliteJournal, queries: Queries) -> None:
    """Those that are really open are known by the ring; the others were closed by a restart."""
    sqlite_journal.commit(Batch(commands=[command("open", "delivered", 9.0)]), durable=True)
    assert ids(queries.commands(Wanted(state="expired", since=5.0))) == ["open", "c5"]
    assert ids(queries.commands(Wanted(state="delivered"))) == []


@pytest.mark.usefixtures("filled")
def test_commands_by_state(queries: Queries) -> None:
    """Only those in that state."""
    assert ids(queries.commands(Wanted(state="expired"))) == ["c5", "c3", "c1"]
    assert ids(queries.commands(Wanted(state="expired", addresses=[101]))) == ["c1"]


def test_a_page_follows_another(filled: SqliteJournal, queries: Queries) -> None:
    """The number of the last row leads to the next page; rows that come meanwhile shift nothing."""
    first = queries.audit(Wanted(limit=4))
    filled.commit(Batch(audit=[change(6)]), durable=True)
    second = queries.audit(Wanted(limit=4, before=first[-1][0]))
    assert (words(first), words(second)) == ([5, 4, 3, 2], [1, 0])


def test_a_command_of_several_registers_is_found_by_each(sqlite_journal: SqliteJournal, queries: Queries) -> None:
    """And once only."""
    row = command("both")
    row.receipt["writes"] = [{"address": 100}, {"address": 101}]
    sqlite_journal.commit(Batch(commands=[row]), durable=True)
    for addresses in ([100], [101], [100, 101]):
        assert ids(queries.commands(Wanted(addresses=addresses))) == ["both"]


@pytest.mark.usefixtures("filled")
def test_one_command(queries: Queries) -> None:
    """By its id; None when there is none."""
    found = queries.command("c3")
    assert found is not None
    assert found["state"] == "expired"
    assert queries.command("c9") is None


@pytest.mark.usefixtures("filled")
def test_a_change_comes_back_as_it_was(queries: Queries) -> None:
    """Field by field."""
    assert queries.audit(Wanted(before=2))[0] == (1, change(0, 0.0))


def test_work_is_handed_to_the_runner(path: Path, filled: SqliteJournal) -> None:
    """No SQL runs where the caller is: in a worker that would hold up every other request."""
    handed: list[Callable[[], object]] = []

    def run(work: Callable[[], T]) -> T:
        handed.append(work)
        return work()

    queries = Queries(path, run)
    queries.commands(Wanted())
    queries.command("c1")
    queries.audit(Wanted())
    assert len(handed) == 3


def test_a_writer_is_not_disturbed(path: Path, filled: SqliteJournal) -> None:
    """With a query in the middle of its rows a commit works; with a transaction open, so does a query."""

    def in_the_middle(work: Callable[[], T]) -> T:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
            cursor = reader.execute("SELECT * FROM commands")
            cursor.fetchone()
            filled.commit(Batch(commands=[command("new")]), durable=True)
            return work()

    assert "new" in ids(Queries(path, in_the_middle).commands(Wanted()))
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("DELETE FROM commands")
        assert len(Queries(path, at_once).commands(Wanted())) == 7


def test_it_cannot_write(path: Path, filled: SqliteJournal) -> None:
    """The file is opened for reading: not even a fault of ours could change it."""
    with closing(Queries(path, at_once)._open()) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM commands")


def test_a_missing_file(path: Path, queries: Queries) -> None:
    """StoreError names it; it is not made by looking."""
    for ask in (lambda: queries.commands(Wanted()), lambda: queries.command("a"), lambda: queries.audit(Wanted())):
        with pytest.raises(StoreError, match=str(path)):
            ask()
    assert list(path.parent.iterdir()) == []


def test_a_file_that_is_no_database(path: Path, queries: Queries) -> None:
    """StoreError, and the file stays: setting it aside is the writer's."""
    no_database(path)
    with pytest.raises(StoreError, match="not a database"):
        queries.commands(Wanted())
    assert path.exists()


@pytest.mark.usefixtures("filled")
def test_a_receipt_that_cannot_be_understood(path: Path, queries: Queries) -> None:
    """StoreError, as for any damage."""
    tell(path, "UPDATE commands SET receipt = '{'")
    for ask in (lambda: queries.commands(Wanted()), lambda: queries.command("c1")):
        with pytest.raises(StoreError, match=str(path)):
            ask()


def test_a_name_with_special_characters(tmp_path: Path) -> None:
    """A question mark or a percent sign in the path is part of the name."""
    path = tmp_path / "a?mode=rw&b%20#c.db"
    with closing(SqliteJournal(path)) as journal:
        journal.commit(Batch(commands=[command("a")]), durable=True)
        assert ids(Queries(path, at_once).commands(Wanted())) == ["a"]


def test_a_file_that_was_replaced_is_read_anew(path: Path, tmp_path: Path, filled: SqliteJournal) -> None:
    """Every query opens the file that is there now."""
    queries = Queries(path, at_once)
    queries.commands(Wanted())
    filled.close()
    with closing(SqliteJournal(tmp_path / "other.db")) as other:
        other.commit(Batch(commands=[command("other")]), durable=True)
    (tmp_path / "other.db").replace(path)
    assert ids(queries.commands(Wanted())) == ["other"]
