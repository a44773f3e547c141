"""What the SQLite journal does beyond the contract: durability, and what it says when it cannot."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.journal import Remembered
from neasmart_gateway.store.sqlite import SCHEMA_VERSION, SqliteJournal

KEPT = Remembered(102, 2100, 1_767_225_600.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registers.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(path)) as journal:
        yield journal


def ask(path: Path, sql: str) -> object:
    """What somebody else reads from the file."""
    with closing(sqlite3.connect(path)) as connection:
        (value,) = connection.execute(sql).fetchone()
        return value


def tell(path: Path, script: str) -> None:
    """What somebody else does to the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def test_nothing_is_opened_before_it_is_needed(path: Path) -> None:
    """Making a journal touches no disk."""
    SqliteJournal(path / "deeper" / "registers.db")
    assert not path.exists()


def test_missing_folders_are_made(tmp_path: Path) -> None:
    """The database may be put where no folder is yet."""
    path = tmp_path / "a" / "b" / "registers.db"
    with closing(SqliteJournal(path)) as journal:
        journal.save([KEPT])
    assert path.is_file()


def test_file_is_in_wal_mode(journal: SqliteJournal, path: Path) -> None:
    """Write-ahead mode: readers and the writer do not block each other, and SD cards are spared."""
    journal.save([KEPT])
    assert ask(path, "PRAGMA journal_mode") == "wal"


def test_schema_version_is_noted(journal: SqliteJournal, path: Path) -> None:
    """A later gateway can tell which schema it finds."""
    journal.save([KEPT])
    assert ask(path, "PRAGMA user_version") == SCHEMA_VERSION


def test_survives_reopening(path: Path) -> None:
    """What was saved is there for the next journal on the same file, closed properly …"""
    with closing(SqliteJournal(path)) as journal:
        journal.save([KEPT])
    with closing(SqliteJournal(path)) as journal:
        assert journal.load() == [KEPT]


def test_survives_without_being_closed(journal: SqliteJournal, path: Path) -> None:
    """… or not closed at all: a batch is on disk when save returns."""
    journal.save([KEPT])
    with closing(SqliteJournal(path)) as another:
        assert another.load() == [KEPT]


@pytest.mark.parametrize("fault", [Remembered(202, 70_000, 0.0), Remembered(-1, 1, 0.0), Remembered(202, -1, 0.0)])
def test_batch_is_kept_whole_or_not_at_all(journal: SqliteJournal, fault: Remembered) -> None:
    """If one register of a batch cannot be kept, none of it is, and what was there before stays."""
    journal.save([KEPT])
    with pytest.raises(StoreError):
        journal.save([Remembered(102, 1, 1.0), Remembered(302, 2, 2.0), fault])
    assert journal.load() == [KEPT]


@pytest.mark.parametrize("content", [b"this is no database at all, but a text\n" * 100, b"\x00" * 4096])
def test_file_that_is_no_database(journal: SqliteJournal, path: Path, content: bytes) -> None:
    """A file that is something else is named in the error and left as it is."""
    path.write_bytes(content)
    with pytest.raises(StoreError, match=f"{path} .*not a database"):
        journal.load()
    with pytest.raises(StoreError, match=str(path)):
        journal.save([KEPT])
    assert path.read_bytes() == content


def test_schema_of_another_version(journal: SqliteJournal, path: Path) -> None:
    """A database of a later gateway is refused with both versions named, and its data stay."""
    tell(path, "CREATE TABLE registers (x); INSERT INTO registers VALUES (7); PRAGMA user_version = 99;")
    with pytest.raises(StoreError, match=f"{path} .*version 99, .* {SCHEMA_VERSION}"):
        journal.load()
    with pytest.raises(StoreError, match=str(path)):
        journal.save([KEPT])
    assert ask(path, "PRAGMA user_version") == 99
    assert ask(path, "SELECT x FROM registers") == 7


def test_database_of_somebody_else(journal: SqliteJournal, path: Path) -> None:
    """Another program's database with a table of the same name (the old gateways' default) is left alone."""
    tell(path, "CREATE TABLE registers (old TEXT); INSERT INTO registers VALUES ('theirs');")
    with pytest.raises(StoreError, match=str(path)):
        journal.save([KEPT])
    assert ask(path, "SELECT old FROM registers") == "theirs"
    assert ask(path, "PRAGMA user_version") == 0


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A path that cannot be opened is named in the error."""
    journal = SqliteJournal(tmp_path)
    with pytest.raises(StoreError, match=str(tmp_path)):
        journal.save([KEPT])


@pytest.mark.parametrize("path", ["/proc/neasmart/registers.db", "/dev/null/registers.db"])
def test_folder_that_cannot_be_made(path: str) -> None:
    """Where not even root can write, the error names the path too."""
    with pytest.raises(StoreError, match=path):
        SqliteJournal(Path(path)).save([KEPT])


def test_error_keeps_its_cause(journal: SqliteJournal, path: Path) -> None:
    """The foreign exception is translated, not lost."""
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError) as caught:
        journal.load()
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)


def test_works_again_once_the_fault_is_gone(journal: SqliteJournal, path: Path) -> None:
    """After an error the next call starts from nothing."""
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError):
        journal.save([KEPT])
    path.unlink()
    journal.save([KEPT])
    assert journal.load() == [KEPT]


def test_next_call_after_an_error_opens_the_file_anew(journal: SqliteJournal, path: Path) -> None:
    """A file that was put aside after an error is not written to any more."""
    journal.save([KEPT])
    with pytest.raises(StoreError):
        journal.save([Remembered(102, 70_000, 0.0)])
    path.rename(path.with_suffix(".aside"))
    newer = Remembered(202, 2200, 1_767_225_660.0)
    journal.save([newer])
    assert journal.load() == [newer]


def test_locked_database_is_an_error_and_not_a_wait_for_ever(journal: SqliteJournal, path: Path) -> None:
    """While somebody else holds the file, saving fails within its second and works afterwards."""
    journal.save([KEPT])
    newer = Remembered(102, 2200, 1_767_225_660.0)
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=f"{path} .*locked"):
            journal.save([newer])
        assert journal.load() == [KEPT]
    journal.save([newer])
    assert journal.load() == [newer]
