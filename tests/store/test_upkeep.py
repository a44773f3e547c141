"""What an operator does with a database: copy it in use, put a copy back, look whether it is sound."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.store import upkeep
from neasmart_gateway.store.journal import Batch
from neasmart_gateway.store.migrations import NEWEST
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import change, command
from tests.store.files import (
    COUNTS,
    KEPT,
    ROWS,
    ask,
    fill,
    newer_schema,
    no_database,
    scramble_the_middle,
    tell,
    truncate,
    unreadable_schema,
    version_1,
)

Damage = Callable[[Path], None]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


def test_a_backup_holds_everything(path: Path, copy: Path) -> None:
    """It is a database like the one it was made of."""
    fill(path)
    upkeep.backup(path, copy)
    assert upkeep.check(copy) == upkeep.check(path)
    assert upkeep.check(copy).rows == COUNTS


def test_a_backup_while_it_is_written_to(path: Path, copy: Path) -> None:
    """The writer goes on, and the copy is of one moment: each of its commands has its change, none is torn."""
    stop, begun, written = threading.Event(), threading.Event(), list[int]()

    def write() -> None:
        with closing(SqliteJournal(path)) as journal:
            for n in count():
                journal.commit(Batch([], [command(f"c{n}")], [change(n)]), durable=False)
                written.append(n)
                begun.set()
                if stop.is_set():
                    return

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    before = len(written)
    upkeep.backup(path, copy)
    stop.set()
    writer.join()
    verdict = upkeep.check(copy)
    assert verdict.faults == []
    assert verdict.rows["commands"] == verdict.rows["audit"] >= before
    assert upkeep.check(path).rows["commands"] == len(written)


def test_a_backup_holds_what_is_not_in_the_main_file_yet(path: Path, copy: Path, sqlite_journal: SqliteJournal) -> None:
    """What was committed counts, wherever SQLite keeps it: copying the file alone would lose it."""
    sqlite_journal.commit(Batch([KEPT]), durable=True)
    upkeep.backup(path, copy)
    assert ask(copy, "SELECT word FROM registers") == KEPT.word


def test_a_backup_overwrites_nothing(path: Path, copy: Path) -> None:
    """A target that exists is refused, and stays."""
    fill(path)
    copy.write_text("precious")
    with pytest.raises(OperatorError, match=f"{copy} exists already"):
        upkeep.backup(path, copy)
    assert copy.read_text() == "precious"


def test_a_backup_of_nothing(path: Path, copy: Path) -> None:
    """A database that is not there is named, and nothing is made."""
    with pytest.raises(OperatorError, match=str(path)):
        upkeep.backup(path, copy)
    assert list(path.parent.iterdir()) == []


def test_a_backup_to_where_nothing_can_be_written(path: Path, tmp_path: Path) -> None:
    """The target is named."""
    fill(path)
    target = tmp_path / "missing" / "copy.db"
    with pytest.raises(OperatorError, match=str(target)):
        upkeep.backup(path, target)


def test_a_backup_that_fails_leaves_nothing(path: Path, copy: Path) -> None:
    """Neither an empty target, which the next try would refuse, nor anything beside it."""
    fill(path)
    scramble_the_middle(path)
    no_database(path)
    with pytest.raises(OperatorError, match=str(path)):
        upkeep.backup(path, copy)
    assert list(copy.parent.iterdir()) == [path]


def test_a_backup_is_one_file(path: Path, copy: Path) -> None:
    """Also while it is looked at, so that it can be read from where nothing can be written."""
    fill(path)
    upkeep.backup(path, copy)
    assert ask(copy, "PRAGMA journal_mode") == "delete"


def test_nothing_is_left_beside_what_was_only_read(path: Path, copy: Path, tmp_path: Path) -> None:
    """Not beside a copy that was restored, though in write-ahead mode, nor beside a database that was checked."""
    fill(copy)
    upkeep.restore(copy, path)
    upkeep.check(path)
    upkeep.check(copy)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "registers.db"]


def test_restoring_through_a_link(path: Path, copy: Path, tmp_path: Path) -> None:
    """The link stays a link, and what it led to is set aside where it was."""
    fill(copy)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    fill(folder / "real.db")
    path.symlink_to(folder / "real.db")
    old = upkeep.restore(copy, path)
    assert path.is_symlink()
    assert old is not None
    assert old.parent == folder
    assert upkeep.check(path) == upkeep.check(copy)


def test_restoring(path: Path, copy: Path) -> None:
    """The copy takes the place of the database, whose file is set aside whole; the copy stays where it is."""
    fill(copy)
    with closing(SqliteJournal(path)) as journal:
        journal.commit(Batch(commands=[command("newer")]), durable=True)
    before = path.read_bytes()
    old = upkeep.restore(copy, path)
    assert old is not None
    assert old.name.startswith("registers.db.replaced-")
    assert old.read_bytes() == before
    assert upkeep.check(path) == upkeep.check(copy)
    with closing(SqliteJournal(path)) as journal:
        assert journal.load(0.0).registers == [KEPT]


def test_restoring_takes_the_old_companions_away(path: Path, copy: Path, sqlite_journal: SqliteJournal) -> None:
    """A write-ahead log that a crash has left belongs to the old file, and would spoil the new one."""
    fill(copy)
    sqlite_journal.commit(Batch(commands=[command("newer")]), durable=True)
    wal = path.with_name(f"{path.name}-wal").read_bytes()
    assert wal
    old = upkeep.restore(copy, path)
    assert old is not None
    assert old.with_name(f"{old.name}-wal").read_bytes() == wal
    assert upkeep.check(path).rows["commands"] == ROWS
    assert ask(path, "SELECT count(*) FROM commands WHERE id = 'newer'") == 0


def test_restoring_where_nothing_was(tmp_path: Path, copy: Path) -> None:
    """A new machine has neither file nor folder."""
    fill(copy)
    path = tmp_path / "new" / "registers.db"
    assert upkeep.restore(copy, path) is None
    assert upkeep.check(path) == upkeep.check(copy)


def test_restoring_an_older_schema(path: Path, copy: Path) -> None:
    """It is taken as it is; the gateway migrates it when it starts."""
    version_1(copy)
    upkeep.restore(copy, path)
    with closing(SqliteJournal(path)) as journal:
        assert journal.load(0.0).registers == [KEPT]


def newer(path: Path) -> None:
    fill(path)
    newer_schema(path)


def damaged(path: Path) -> None:
    fill(path)
    scramble_the_middle(path)


def short(path: Path) -> None:
    fill(path)
    truncate(path)


def empty(path: Path) -> None:
    path.touch()


def foreign(path: Path) -> None:
    tell(path, "CREATE TABLE photos (name TEXT);")


def impostor(path: Path) -> None:
    tell(path, f"CREATE TABLE commands (name TEXT); PRAGMA user_version = {NEWEST};")


def missing(path: Path) -> None:
    del path


@pytest.mark.parametrize("spoil", [newer, damaged, short, no_database, empty, foreign, impostor, missing])
def test_what_cannot_be_restored_changes_nothing(path: Path, copy: Path, spoil: Damage) -> None:
    """A newer schema, a damaged copy, no database, somebody else's: refused by name, the database stays."""
    fill(path)
    spoil(copy)
    before = path.read_bytes()
    with pytest.raises(OperatorError, match=str(copy)):
        upkeep.restore(copy, path)
    assert path.read_bytes() == before
    assert not [file for file in path.parent.iterdir() if "replaced" in file.name or "restoring" in file.name]


def test_check_of_a_sound_file(path: Path) -> None:
    """Its version, its rows, no fault; and it stays as it is."""
    fill(path)
    before = path.read_bytes()
    assert upkeep.check(path) == upkeep.Verdict(NEWEST, [], COUNTS)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [truncate, scramble_the_middle, no_database, unreadable_schema])
def test_check_finds_damage(path: Path, damage: Damage) -> None:
    """What is wrong is named; the file stays where it is."""
    fill(path)
    damage(path)
    assert upkeep.check(path).faults
    assert path.exists()


def test_check_finds_an_index_that_is_wrong(path: Path) -> None:
    """Every page is looked at, also those that a start does not look at."""
    fill(path)
    tell(path, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'audit_by_time';")
    assert upkeep.check(path).faults


def test_check_of_nothing(path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(OperatorError, match=str(path)):
        upkeep.check(path)


@pytest.mark.parametrize("spoil", [empty, foreign, impostor])
def test_check_of_a_database_of_another_program(path: Path, spoil: Damage) -> None:
    """It may be sound, but it is none of ours, whatever version it says."""
    spoil(path)
    with pytest.raises(OperatorError, match=f"{path} is not a database of a neasmart-gateway"):
        upkeep.check(path)


def test_a_locked_file_is_not_damaged(path: Path, copy: Path) -> None:
    """Another program that keeps it for itself is named as the reason, by check, by backup and by restore."""
    fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.executescript("BEGIN EXCLUSIVE; COMMIT;")
        for do in (
            lambda: upkeep.check(path),
            lambda: upkeep.backup(path, copy),
            lambda: upkeep.restore(path, copy),
        ):
            with pytest.raises(OperatorError, match=f"{path} is locked by another program"):
                do()
    assert not copy.exists()
