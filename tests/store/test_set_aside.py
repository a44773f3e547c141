"""A file that is beyond use is moved away, whole, and a new one takes its place; nothing is ever deleted."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store import aside
from neasmart_gateway.store.journal import Batch, Remembered
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import NOW, command
from tests.store.files import (
    DAMAGES,
    KEPT,
    ask,
    fill,
    newer_schema,
    no_database,
    scramble_the_middle,
    tell,
    truncate,
    unreadable_schema,
)

Damage = Callable[[Path], None]
Moved = list[tuple[Path, str]]
OTHER = Remembered(202, 2, 2.0)
NAME = re.compile(r"registers\.db\.corrupt-\d{8}T\d{6}(-\d+)?")


@pytest.mark.parametrize("damage", [*DAMAGES, unreadable_schema])
def test_a_damaged_file_is_set_aside(path: Path, sqlite_journal: SqliteJournal, moved: Moved, damage: Damage) -> None:
    """The first call fails and tells where the file is now, byte for byte; the next one works on a new file."""
    fill(path)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=str(path)):
        sqlite_journal.load(0.0)
    ((where, why),) = moved
    assert where.parent == path.parent
    assert NAME.fullmatch(where.name)
    assert why
    assert where.read_bytes() == before
    sqlite_journal.commit(Batch([OTHER]), durable=True)
    assert sqlite_journal.load(0.0).registers == [OTHER]
    assert sqlite_journal.generation == 1
    assert len(moved) == 1


def test_a_newer_schema_is_named(path: Path, sqlite_journal: SqliteJournal, moved: Moved) -> None:
    """The reason says both versions, and the data are there for the newer gateway."""
    fill(path)
    newer_schema(path)
    with pytest.raises(StoreError, match=r"version 99, .* 4"):
        sqlite_journal.load(0.0)
    assert "version 99" in moved[0][1]
    assert ask(moved[0][0], "SELECT word FROM registers") == KEPT.word


@pytest.mark.parametrize("version", [1, 2])
def test_another_programs_database_of_our_version(
    path: Path, sqlite_journal: SqliteJournal, moved: Moved, version: int
) -> None:
    """A version says nothing by itself: without our tables it is of a wrong schema, and stays as it is."""
    tell(path, f"CREATE TABLE registers (old TEXT); PRAGMA user_version = {version};")
    with pytest.raises(StoreError, match="another program"):
        sqlite_journal.load(0.0)
    sqlite_journal.commit(Batch([OTHER]), durable=True)
    assert len(moved) == 1
    assert ask(moved[0][0], "PRAGMA user_version") == version


def test_damage_that_nobody_has_met_is_looked_for(path: Path, sqlite_journal: SqliteJournal, moved: Moved) -> None:
    """A look at all of the file finds it, also beside a journal that has its pages in memory."""
    fill(path)
    sqlite_journal.load(0.0)
    assert sqlite_journal.looks_sound()
    sqlite_journal.check()
    scramble_the_middle(path)
    assert not sqlite_journal.looks_sound()
    with pytest.raises(StoreError):
        sqlite_journal.check()
    assert len(moved) == 1
    assert sqlite_journal.looks_sound()


def test_what_cannot_be_looked_at_is_not_damaged(path: Path) -> None:
    """A file that is not there, or is locked, is another trouble."""
    with closing(SqliteJournal(path)) as journal:
        assert journal.looks_sound()


@pytest.mark.parametrize("kind", ["truncated", "overwritten"])
def test_damage_under_an_open_journal_is_noticed(
    path: Path, sqlite_journal: SqliteJournal, moved: Moved, kind: str
) -> None:
    """A file that has become shorter, or is no database any more, takes no commit that would be lost with it."""
    fill(path)
    sqlite_journal.commit(Batch([OTHER]), durable=True)
    if kind == "truncated":
        truncate(path)
    else:
        with path.open("r+b") as file:
            file.write(b"\xff" * 4096)
    with pytest.raises(StoreError):
        sqlite_journal.commit(Batch([OTHER]), durable=True)
    sqlite_journal.commit(Batch([OTHER]), durable=True)
    assert len(moved) == 1
    sqlite_journal.close()
    with closing(SqliteJournal(path)) as another:
        assert another.load(0.0).registers == [OTHER]


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE commands SET receipt = '{' || receipt",
        "UPDATE commands SET receipt = '7'",
        "UPDATE commands SET receipt = CAST(x'fffefd' AS TEXT)",
    ],
)
def test_rows_that_cannot_be_understood(path: Path, sqlite_journal: SqliteJournal, moved: Moved, fault: str) -> None:
    """Bytes overwritten inside a row leave the pages sound, yet the file is as damaged as any other."""
    fill(path)
    sqlite_journal.commit(Batch(commands=[command("open", "accepted", NOW, ("key", "print"))]), durable=True)
    sqlite_journal.close()
    tell(path, fault)
    with pytest.raises(StoreError):
        sqlite_journal.load(0.0)
    assert len(moved) == 1
    assert sqlite_journal.load(0.0).open_commands == []


def test_companions_go_along(path: Path) -> None:
    """What SQLite keeps beside a file belongs to it, and must not meet the new one."""
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).write_text(ending)
    where = aside.set_aside(path)
    assert {file.name: file.read_text() for file in path.parent.iterdir()} == {
        where.name: "",
        f"{where.name}-wal": "-wal",
        f"{where.name}-shm": "-shm",
    }


def test_nothing_that_was_set_aside_before_is_overwritten(path: Path) -> None:
    """Two files of the same second get two names."""
    for content in ("first", "second", "third"):
        path.write_text(content)
        aside.set_aside(path)
    assert sorted(file.read_text() for file in path.parent.iterdir()) == ["first", "second", "third"]


def test_a_file_that_cannot_be_moved_stays(
    path: Path, sqlite_journal: SqliteJournal, moved: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the folder is read-only the file is met again at every try, and nobody is told that it was moved."""
    no_database(path)

    def refuse(*_: object) -> Path:
        raise PermissionError("read-only")

    with monkeypatch.context() as patch:
        patch.setattr(aside, "set_aside", refuse)
        for _ in range(2):
            with pytest.raises(StoreError, match="not a database"):
                sqlite_journal.load(0.0)
    assert (path.exists(), moved) == (True, [])
    with pytest.raises(StoreError):
        sqlite_journal.load(0.0)
    assert sqlite_journal.load(0.0).registers == []
    assert len(moved) == 1
