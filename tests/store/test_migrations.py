"""An older database becomes one of the newest schema: whole or not at all, with a copy of the file before."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store import migrations
from neasmart_gateway.store.faults import WrongSchema
from neasmart_gateway.store.journal import Batch, NonceRow, Sample
from neasmart_gateway.store.migrations import NEWEST, migrate, version_of
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import NOW, command
from tests.store.files import KEPT, SCHEMAS, ask, tell, version_1


def structure(path: Path) -> list[tuple[str, str]]:
    """Tables and indexes of a database, as they were made."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def copy_of(path: Path) -> Path:
    """Where the file before is kept."""
    return path.with_name(f"{path.name}.before-v{NEWEST}")


def test_there_is_a_script_for_every_version() -> None:
    """The newest version is that of the last script."""
    assert sorted(file.name for file in SCHEMAS.glob("*.sql")) == sorted(f"{n}.sql" for n in range(1, NEWEST + 1))


def test_a_version_1_file_is_migrated(path: Path, sqlite_journal: SqliteJournal) -> None:
    """Its registers are kept, it can hold commands, it was not started anew, and a copy stands beside it."""
    version_1(path)
    assert sqlite_journal.load(0.0).registers == [KEPT]
    sqlite_journal.commit(Batch(commands=[command("a")]), durable=True)
    assert sqlite_journal.load(0.0).open_commands == [command("a")]
    assert ask(path, "PRAGMA user_version") == NEWEST
    assert sqlite_journal.generation == 0
    assert ask(copy_of(path), "PRAGMA user_version") == 1
    assert ask(copy_of(path), "SELECT word FROM registers") == KEPT.word


def test_a_version_3_file_is_migrated(path: Path, sqlite_journal: SqliteJournal) -> None:
    """Its nonces are kept, and it can hold measurements."""
    tell(path, "".join(migrations._script(version) for version in (1, 2, 3)) + "PRAGMA user_version = 3;")
    tell(path, f"INSERT INTO nonces VALUES ('house', 'nonce-1', {NOW});")  # noqa: S608 - a number of ours
    assert sqlite_journal.load(0.0).nonces == [NonceRow("house", "nonce-1", NOW)]
    sqlite_journal.commit(Batch(samples=[Sample(102, int(NOW), 2100)]), durable=True)
    assert sqlite_journal.load(0.0).broken_off == [Sample(102, int(NOW), None)]
    assert ask(copy_of(path), "PRAGMA user_version") == 3


def test_a_migrated_file_is_like_a_new_one(path: Path, tmp_path: Path) -> None:
    """Whichever version it began with, the tables are the same."""
    version_1(path)
    for file in (path, tmp_path / "new.db"):
        with closing(SqliteJournal(file)) as journal:
            journal.load(0.0)
    assert structure(path) == structure(tmp_path / "new.db")


def test_a_new_or_current_file_needs_no_copy(path: Path, sqlite_journal: SqliteJournal) -> None:
    """Only a migration makes a copy."""
    for _ in range(2):
        sqlite_journal.load(0.0)
        sqlite_journal.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_newer_version_is_refused(path: Path) -> None:
    """It is told from a damaged one, and nothing in it is changed."""
    tell(path, f"PRAGMA user_version = {NEWEST + 1};")
    with closing(sqlite3.connect(path)) as connection, pytest.raises(WrongSchema, match=f"version {NEWEST + 1}"):
        migrate(connection, path)
    assert (ask(path, "PRAGMA user_version"), structure(path)) == (NEWEST + 1, [])


@pytest.mark.parametrize("old", [0, 1])
def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, old: int) -> None:
    """Whichever statement of whichever step fails: schema, version and data are those of before; the next try works."""
    if old:
        version_1(path)
    before = structure(path)
    real = migrations._script

    def spoilt(version: int) -> str:
        return real(version) + ("SELECT nonsense;" if version == NEWEST else "")

    with closing(SqliteJournal(path)) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(migrations, "_script", spoilt)
            with pytest.raises(StoreError, match="nonsense"):
                journal.load(0.0)
        assert (ask(path, "PRAGMA user_version"), structure(path)) == (old, before)
        assert journal.load(0.0).registers == ([KEPT] if old else [])
        assert ask(path, "PRAGMA user_version") == NEWEST


def test_a_half_made_copy_is_replaced(path: Path, sqlite_journal: SqliteJournal) -> None:
    """What an interrupted migration left beside the file is no hindrance, and ends as a sound copy."""
    version_1(path)
    copy_of(path).write_bytes(b"half")
    sqlite_journal.load(0.0)
    assert ask(copy_of(path), "PRAGMA user_version") == 1


def test_a_copy_that_cannot_be_made_stops_the_migration(path: Path, sqlite_journal: SqliteJournal) -> None:
    """Without a copy nothing is changed."""
    version_1(path)
    copy_of(path).mkdir()
    with pytest.raises(StoreError):
        sqlite_journal.load(0.0)
    assert ask(path, "PRAGMA user_version") == 1


def test_version_of_a_new_database() -> None:
    """A database without tables has version 0."""
    with closing(sqlite3.connect(":memory:")) as connection:
        assert version_of(connection) == 0
