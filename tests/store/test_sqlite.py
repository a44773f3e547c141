"""What the SQLite journal does beyond the contract: durability, and what it says when it cannot."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.journal import Batch, Remembered
from neasmart_gateway.store.migrations import NEWEST
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import change, command
from tests.store.files import KEPT, ask

NEWER = Remembered(102, 2200, KEPT.written_at + 60)


@pytest.fixture
def journal(sqlite_journal: SqliteJournal) -> SqliteJournal:
    return sqlite_journal


def save(journal: SqliteJournal, *registers: Remembered) -> None:
    """Keep registers."""
    journal.commit(Batch(registers), durable=False)


def loaded(journal: SqliteJournal) -> list[Remembered]:
    """The registers that are kept."""
    return journal.load(0.0).registers


def test_nothing_is_opened_before_it_is_needed(path: Path) -> None:
    """Making a journal touches no disk."""
    SqliteJournal(path / "deeper" / "registers.db")
    assert not path.exists()


def test_missing_folders_are_made(tmp_path: Path) -> None:
    """The database may be put where no folder is yet."""
    path = tmp_path / "a" / "b" / "registers.db"
    with closing(SqliteJournal(path)) as journal:
        save(journal, KEPT)
    assert path.is_file()


def test_file_is_in_wal_mode(journal: SqliteJournal, path: Path) -> None:
    """Write-ahead mode: readers and the writer do not block each other, and SD cards are spared."""
    save(journal, KEPT)
    assert ask(path, "PRAGMA journal_mode") == "wal"


def test_schema_version_is_noted(journal: SqliteJournal, path: Path) -> None:
    """A later gateway can tell which schema it finds."""
    save(journal, KEPT)
    assert ask(path, "PRAGMA user_version") == NEWEST


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_durable_waits_for_the_disk(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, durable: bool, level: int
) -> None:
    """A durable commit is made with synchronous=FULL, others with NORMAL, in whatever order they come."""
    real, connections = sqlite3.connect, list[sqlite3.Connection]()

    def connect(*args: object, **kwargs: object) -> sqlite3.Connection:
        connections.append(real(*args, **kwargs))  # type: ignore[arg-type]
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    for way in (not durable, durable):
        journal.commit(Batch([KEPT]), durable=way)
    assert len(connections) == 1
    assert connections[0].execute("PRAGMA synchronous").fetchone() == (level,)


def test_survives_reopening(path: Path) -> None:
    """What was kept is there for the next journal on the same file, closed properly …"""
    with closing(SqliteJournal(path)) as journal:
        save(journal, KEPT)
    with closing(SqliteJournal(path)) as journal:
        assert loaded(journal) == [KEPT]


def test_survives_without_being_closed(journal: SqliteJournal, path: Path) -> None:
    """… or not closed at all: a batch is in the file when commit returns."""
    save(journal, KEPT)
    with closing(SqliteJournal(path)) as another:
        assert loaded(another) == [KEPT]


def test_what_a_row_holds(journal: SqliteJournal, path: Path) -> None:
    """Whoever looks with sqlite3 finds commands with state, receipt and key, and the changes in their order."""
    journal.commit(Batch([], [command("a", "confirmed", 5.5, ("key", "print"))], [change(0), change(1)]), durable=True)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT id, created_at, state, receipt ->> 'id', idempotency_key FROM commands")
        assert rows.fetchall() == [("a", 5.5, "confirmed", "a", "key")]
        rows = connection.execute("SELECT seq, before, word, cause, who, command_id FROM audit ORDER BY seq")
        assert rows.fetchall() == [(1, None, 0, "base", "base", None), (2, 0, 1, "base", "base", None)]


def test_a_command_keeps_its_place(journal: SqliteJournal, path: Path) -> None:
    """Commands are numbered as they were accepted; a new receipt gives no new number."""
    for row in (command("a"), command("b"), command("a", "expired")):
        journal.commit(Batch(commands=[row]), durable=True)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id, state FROM commands ORDER BY seq").fetchall() == [
            ("a", "expired"),
            ("b", "accepted"),
        ]


def test_pruning_goes_in_small_steps_from_the_oldest_on(journal: SqliteJournal, path: Path) -> None:
    """A step takes 500 rows of a kind at most, so that a commit never waits long behind it."""
    journal.commit(Batch(audit=[change(n, at=float(n)) for n in range(1200)]), durable=False)
    assert journal.prune(1100.0, 0.0) == 500
    assert ask(path, "SELECT min(at) FROM audit") == 500.0
    assert (journal.prune(1100.0, 0.0), journal.prune(1100.0, 0.0), journal.prune(1100.0, 0.0)) == (500, 100, 0)
    assert ask(path, "SELECT count(*) FROM audit") == 100


@pytest.mark.parametrize("fault", [Remembered(202, 70_000, 0.0), Remembered(-1, 1, 0.0), Remembered(202, -1, 0.0)])
def test_batch_is_kept_whole_or_not_at_all(journal: SqliteJournal, path: Path, fault: Remembered) -> None:
    """If one row of a batch cannot be kept, none of it is, and what was there before stays."""
    save(journal, KEPT)
    with pytest.raises(StoreError):
        journal.commit(Batch([NEWER, fault], [command("a")], [change(1)]), durable=True)
    assert loaded(journal) == [KEPT]
    assert ask(path, "SELECT (SELECT count(*) FROM commands) + (SELECT count(*) FROM audit)") == 0


def test_database_of_somebody_else(journal: SqliteJournal, path: Path) -> None:
    """Another program's database keeps every row: it is set aside, or left where it is, and never written to."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE registers (old TEXT); INSERT INTO registers VALUES ('theirs');")
    with pytest.raises(StoreError, match=str(path)):
        save(journal, KEPT)
    (theirs,) = [file for file in path.parent.iterdir() if file.name.startswith(path.name) and file.stat().st_size]
    assert ask(theirs, "SELECT old FROM registers") == "theirs"
    assert ask(theirs, "SELECT count(*) FROM sqlite_schema") == 1


def test_database_of_somebody_else_keeps_nobody_waiting(
    journal: SqliteJournal, path: Path, moved: list[tuple[Path, str]]
) -> None:
    """It is of a wrong schema as one of a newer gateway is: set aside, and the next commit works."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE registers (old TEXT); INSERT INTO registers VALUES ('theirs');")
    with pytest.raises(StoreError):
        save(journal, KEPT)
    save(journal, KEPT)
    assert loaded(journal) == [KEPT]
    assert [to.name.startswith("registers.db.corrupt-") for to, _ in moved] == [True]


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A path that cannot be opened is named in the error, and the folder stays where it is."""
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(StoreError, match=str(folder)):
        save(SqliteJournal(folder), KEPT)
    assert folder.is_dir()


@pytest.mark.parametrize("path", ["/proc/neasmart/registers.db", "/dev/null/registers.db"])
def test_folder_that_cannot_be_made(path: str) -> None:
    """Where not even root can write, the error names the path too."""
    with pytest.raises(StoreError, match=path):
        save(SqliteJournal(Path(path)), KEPT)


def test_error_keeps_its_cause(journal: SqliteJournal, path: Path) -> None:
    """The foreign exception is translated, not lost."""
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError) as caught:
        journal.load(0.0)
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)


@pytest.mark.parametrize("held", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_locked_database_is_an_error_and_not_a_wait_for_ever(journal: SqliteJournal, path: Path, held: str) -> None:
    """While somebody else holds the file committing fails, reading goes on, and afterwards all works; no new start."""
    save(journal, KEPT)
    with closing(sqlite3.connect(path)) as holder:
        holder.execute(held)
        with pytest.raises(StoreError, match=f"{path} .*locked"):
            save(journal, NEWER)
        assert loaded(journal) == [KEPT]
    save(journal, NEWER)
    assert loaded(journal) == [NEWER]
    assert journal.generation == 1


def test_an_empty_commit_tells_whether_the_medium_can_be_written(journal: SqliteJournal, path: Path) -> None:
    """The recorder asks so whether the disk is back: with nothing to keep the answer must be just as true."""
    save(journal, KEPT)
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            save(journal)
    save(journal)


def test_a_file_that_is_deleted_underneath_is_noticed(journal: SqliteJournal, path: Path) -> None:
    """The next commit makes a new file, and says by its generation that nothing of before is in it."""
    save(journal, KEPT)
    before = journal.generation
    path.unlink()
    other = Remembered(202, 1, 1.0)
    save(journal, other)
    assert journal.generation == before + 1
    with closing(SqliteJournal(path)) as another:
        assert loaded(another) == [other]


def test_a_file_that_is_deleted_with_all_that_belongs_to_it(journal: SqliteJournal, path: Path) -> None:
    """The same with the whole folder gone."""
    save(journal, KEPT)
    for file in path.parent.iterdir():
        file.unlink()
    path.parent.rmdir()
    save(journal, NEWER)
    assert loaded(journal) == [NEWER]
    assert journal.generation == 2


def test_a_file_that_is_replaced_is_noticed(journal: SqliteJournal, path: Path, tmp_path: Path) -> None:
    """The next commit goes to the file that is there now; it was not started anew, and keeps what it had."""
    save(journal, KEPT)
    other = tmp_path / "other.db"
    with closing(SqliteJournal(other)) as another:
        save(another, Remembered(302, 3, 3.0))
    other.replace(path)
    save(journal, Remembered(202, 2, 2.0))
    journal.close()
    with closing(SqliteJournal(path)) as another:
        assert loaded(another) == [Remembered(202, 2, 2.0), Remembered(302, 3, 3.0)]
    assert journal.generation == 1
