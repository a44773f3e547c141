"""What can be read of a damaged database is saved, without any other program."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.store import upkeep
from neasmart_gateway.store.salvage import salvage
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.files import KEPT, ROWS, ask, fill, newer_schema, no_database, scramble_the_middle, tell, truncate

Damage = Callable[[Path], None]
HISTORY = ("history_tail", "history_blocks", "history_hours")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "saved.db"


def test_of_a_sound_file_everything_is_saved(path: Path, new: Path) -> None:
    """Row by row as it was, with the numbers."""
    fill(path)
    saved = salvage(path, new)
    assert {table: part.rows for table, part in saved.items()} == {
        **dict.fromkeys(HISTORY, 0),
        "registers": 1,
        "commands": ROWS,
        "audit": ROWS,
        "history_tail": 1,
    }
    assert not any(part.gaps or part.senseless or part.failure for part in saved.values())
    for table in ("registers", "commands", "audit", *HISTORY):
        assert everything(new, table) == everything(path, table)


def everything(path: Path, table: str) -> list[tuple[Any, ...]]:
    """All rows of a table."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT rowid, * FROM {table}").fetchall()  # noqa: S608


@pytest.mark.parametrize("damage", [truncate, scramble_the_middle, newer_schema])
def test_of_a_damaged_file_what_can_be_read_is_saved(path: Path, new: Path, damage: Damage) -> None:
    """What cannot is told; the result is sound and the gateway takes it, and the damaged one stays as it is."""
    fill(path)
    damage(path)
    before = path.read_bytes()
    saved = salvage(path, new)
    assert path.read_bytes() == before
    assert saved["registers"].rows == 1
    for table in ("commands", "audit"):
        part = saved[table]
        assert part.rows == len(everything(new, table))
        assert part.rows == ROWS or part.gaps or part.senseless
    assert upkeep.check(new).faults == []
    with closing(SqliteJournal(new)) as journal:
        assert journal.load(0.0).registers == [KEPT]


def test_rows_behind_the_damage_are_saved(path: Path, new: Path) -> None:
    """Whatever lies before and behind a page that cannot be read."""
    fill(path)
    size = ask(path, "PRAGMA page_size")
    assert isinstance(size, int)
    with path.open("r+b") as file:
        content = file.read()
        # A page of the audit's table has 20 rows or so; each has the word "base" twice.
        page = max(range(0, len(content), size), key=lambda at: content[at : at + size].count(b"basebase"))
        file.seek(page)
        file.write(b"\xff" * size)
    saved = salvage(path, new)
    assert saved["commands"].rows == ROWS
    ((first, last),) = saved["audit"].gaps
    assert saved["audit"].rows == ROWS - (last - first + 1)
    assert not {number for number, *_ in everything(new, "audit")} & set(range(first, last + 1))


def test_rows_of_no_sense_are_left_out(path: Path, new: Path) -> None:
    """A receipt that is none would make the gateway set the saved file aside too."""
    fill(path)
    tell(path, "UPDATE commands SET receipt = '{' WHERE seq < 4; UPDATE commands SET state = 'x' WHERE seq = 9;")
    saved = salvage(path, new)
    assert (saved["commands"].rows, saved["commands"].senseless) == (ROWS - 4, 4)


def test_what_a_crash_has_left_in_the_log_is_saved_too(path: Path, new: Path) -> None:
    """The log that was set aside with the file belongs to it."""
    fill(path)
    with closing(SqliteJournal(path)) as journal:
        journal.load(0.0)
        tell(path, "DELETE FROM audit WHERE seq > 100;")
        assert salvage(path, new)["audit"].rows == 100


def test_nothing_is_overwritten(path: Path, new: Path) -> None:
    fill(path)
    new.write_text("precious")
    with pytest.raises(OperatorError, match="exists already"):
        salvage(path, new)
    assert new.read_text() == "precious"


@pytest.mark.parametrize("spoil", [no_database, Path.touch, lambda path: tell(path, "CREATE TABLE photos (name TEXT)")])
def test_a_file_of_which_nothing_can_be_read(path: Path, new: Path, spoil: Damage) -> None:
    """It is named, and nothing is made."""
    spoil(path)
    with pytest.raises(OperatorError, match=str(path)):
        salvage(path, new)
    assert not new.exists()


def test_a_file_that_is_not_there(path: Path, new: Path) -> None:
    with pytest.raises(OperatorError, match=str(path)):
        salvage(path, new)
    assert not new.exists()
