"""`import`: measurements of an older gateway, and never anything else."""

import gzip
import os
import pickle
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from neasmart_gateway.daemon.claims import stopped_gateway
from neasmart_gateway.store import upkeep
from neasmart_gateway.store.journal import Batch, Remembered
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.cli.test_commands import run as run_as_a_person_does
from tests.moving.databases import GIACOMO, HOUSE, MATTEO, MEASURED, Bomb, made
from tests.moving.here import run
from tests.store.files import DAMAGES, fill

OURS = Path("data/registers.db")
FEW = 300
LONG_AGO = 1_600_000_000.0


def kept(folder: Path) -> dict[int, int]:
    """The words by address in our database."""
    with closing(sqlite3.connect(folder / OURS)) as connection:
        return dict(connection.execute("SELECT address, word FROM registers"))


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of every file below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.mark.parametrize(("name", "first_key", "size"), [("matteo", MATTEO, 65536), ("giacomo", GIACOMO, FEW)])
def test_measurements_arrive_under_their_addresses(tmp_path: Path, name: str, first_key: int, size: int) -> None:
    """Of either gateway: exactly the measurements that say something, and what was left out is told."""
    os.utime(made(tmp_path / "old.db", first_key, registers=size), (LONG_AGO, LONG_AGO))
    done = run_as_a_person_does(tmp_path, "import", "--from", name, "old.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert kept(tmp_path) == MEASURED
    assert done.stdout.startswith("13 of 13 measurements imported, as of ")
    assert "left out: 8 modes, states and setpoints; commands are never taken over" in done.stdout
    assert "left out: 2 registers that nobody knows: 103, 9000" in done.stdout
    assert "left out: register 202 holds 32767: zone 1.2 temperature: invalid" in done.stdout
    assert "left out: register 210 holds 101: zone 1.2 relative humidity: implausible" in done.stdout
    assert upkeep.check(tmp_path / OURS).rows["commands"] == 0
    with closing(sqlite3.connect(tmp_path / OURS)) as connection:
        assert connection.execute("SELECT DISTINCT written_at FROM registers").fetchall() == [(LONG_AGO,)]


def test_it_must_be_told_whose_it_is(tmp_path: Path) -> None:
    """There is no default; who says the wrong one is told, and nothing is imported."""
    made(tmp_path / "old.db", GIACOMO, registers=FEW)
    untold = run(tmp_path, "import", "old.db")
    assert untold.returncode == 2
    assert "--from" in untold.stderr
    wrong = run(tmp_path, "import", "--from", "matteo", "old.db")
    assert wrong.returncode == 2
    assert wrong.stderr.endswith("Nothing was imported; say --from giacomo\n")
    assert not (tmp_path / OURS).exists()


def test_a_file_that_may_be_of_either_is_warned_of(tmp_path: Path) -> None:
    """With so few rows nobody can tell; it is imported all the same, because whoever says so may know."""
    made(tmp_path / "old.db", words={102: 3123, 202: 3123}, registers=FEW)
    for more in (["--dry-run"], []):
        done = run(tmp_path, "import", "--from", "matteo", *more, "old.db")
        assert done.returncode == 0
        assert done.stderr.startswith("warning: too little is in this file to tell matteo's gateway from giacomo's")
    assert kept(tmp_path) == {102: 3123, 202: 3123}
    made(tmp_path / "empty.db", words={}, registers=FEW)
    assert run(tmp_path, "import", "--from", "matteo", "empty.db").stderr == ""


def test_no_word_of_a_fault_is_a_command_to_the_terminal(tmp_path: Path) -> None:
    """Whatever a file is called, or holds."""
    assert run(tmp_path, "import", "--from", "matteo", "\x1b[2J.db").stderr == "there is no file \\x1b[2J.db\n"


def test_a_dry_run_shows_a_table_and_makes_nothing(tmp_path: Path) -> None:
    """One line a value, in words; not even a folder is made."""
    made(tmp_path / "old.db", registers=FEW)
    done = run(tmp_path, "import", "--from", "matteo", "--dry-run", "old.db")
    assert done.returncode == 0
    shown = [line.split(maxsplit=1) for line in done.stdout.splitlines()[:13]]
    values = {int(address): " ".join(rest.split()) for address, rest in shown}
    assert values.keys() == MEASURED.keys()
    assert values[102] == "zone 1.1 temperature 20.74 °C"
    assert values[11] == "mixed group 1 pump on"
    assert values[6010] == "zone 5.12 relative humidity 55 %"
    assert "13 of 13 measurements would be imported" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["old.db"]


def test_no_value_is_of_the_future(tmp_path: Path) -> None:
    """Whatever time a copied file claims."""
    os.utime(made(tmp_path / "old.db", registers=FEW), (9e9, 9e9))
    assert run(tmp_path, "import", "--from", "matteo", "old.db").returncode == 0
    with closing(sqlite3.connect(tmp_path / OURS)) as connection:
        assert connection.execute("SELECT max(written_at) FROM registers").fetchone()[0] <= time.time()


def test_what_we_have_heard_ourselves_stays(tmp_path: Path) -> None:
    """A register that our database knows is newer than anything in the old one; a second import adds nothing."""
    made(tmp_path / "old.db", registers=FEW)
    with closing(SqliteJournal(tmp_path / OURS)) as journal:
        journal.commit(Batch([Remembered(102, 2345, 1e9)]), durable=True)
    done = run(tmp_path, "import", "--from", "matteo", "old.db")
    assert done.stdout.startswith("12 of 13 measurements imported")
    assert kept(tmp_path) == MEASURED | {102: 2345}
    again = run(tmp_path, "import", "--from", "matteo", "old.db").stdout
    assert again.startswith("0 of 13 measurements imported")
    assert "\nknown already: 13, heard by this gateway or imported before; they stay as they are\n" in again


@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
def test_a_malicious_pickle_is_refused_and_never_run(tmp_path: Path, protocol: int) -> None:
    """Status 2, nothing imported; and the same pickle would have run, had anybody unpickled it."""
    trace, pickled = tmp_path / "trace", pickle.dumps(Bomb(tmp_path / "trace"), protocol)
    made(tmp_path / "old.db", registers=FEW)
    tell(tmp_path / "old.db", "UPDATE holding_registers SET value = ? WHERE key = '110'", pickled)
    done = run(tmp_path, "import", "--from", "matteo", "old.db")
    assert done.returncode == 2
    assert "something else than a whole number in row 110. It was not unpickled" in done.stderr
    assert not trace.exists()
    assert not (tmp_path / OURS).exists()
    pickle.loads(pickled)  # noqa: S301 - our own: it proves that the bomb is one
    assert trace.exists()


def test_a_bomb_of_sqlitedict_itself_is_refused(tmp_path: Path) -> None:
    """As the old gateway's own library would have written it."""
    made(tmp_path / "old.db", words=HOUSE | {120: Bomb(tmp_path / "trace")}, registers=FEW)
    assert run(tmp_path, "import", "--from", "matteo", "old.db").returncode == 2
    assert not (tmp_path / "trace").exists()
    assert not (tmp_path / OURS).exists()


def tell(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, values)


def recreated(path: Path, *script: str) -> None:
    path.unlink()
    for sql in script:
        tell(path, sql)


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "there is no file old.db"),
    "folder": (lambda old: (old.unlink(), old.mkdir()), "there is no file old.db"),
    "text": (lambda old: old.write_text("no database" * 1000), "not a SQLite database, or is damaged"),
    "zipped": (lambda old: old.write_bytes(gzip.compress(old.read_bytes())), "not a SQLite database"),
    "cut off": (lambda old: old.write_bytes(old.read_bytes()[:8000]), "damaged"),
    "other table": (lambda old: tell(old, "ALTER TABLE holding_registers RENAME TO r"), "has no table holding_reg"),
    "other columns": (lambda old: recreated(old, "CREATE TABLE holding_registers (a, b)"), "has no table holding_reg"),
    "a view": (
        lambda old: recreated(old, "CREATE TABLE t (key, value)", "CREATE VIEW holding_registers AS SELECT * FROM t"),
        "has no table holding_registers",
    ),
    "a virtual table": (
        lambda old: recreated(old, "CREATE VIRTUAL TABLE holding_registers USING fts5(key, value)"),
        "has no table holding_registers",
    ),
    "ours": (lambda old: (old.unlink(), fill(old)), "has no table holding_registers"),
    "strange key": (lambda old: tell(old, "INSERT INTO holding_registers VALUES ('07', x'80054b002e')"), "row '07'"),
    "no key": (lambda old: tell(old, "INSERT INTO holding_registers VALUES (NULL, x'80054b002e')"), "row None"),
    "text value": (lambda old: tell(old, "UPDATE holding_registers SET value = '5' WHERE key = '9'"), "in row 9."),
    "huge value": (
        lambda old: tell(old, "UPDATE holding_registers SET value = zeroblob(9999999) WHERE key = '0'"),
        "in row 0.",
    ),
    "too many rows": (
        lambda old: tell(
            old,
            "INSERT INTO holding_registers WITH RECURSIVE n(i) AS (SELECT 100000 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 180000) SELECT i, x'80054b002e' FROM n",
        ),
        "more than 70000 rows",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_refused(tmp_path: Path, wrong: str) -> None:
    """One sentence, status 2, no database of ours."""
    spoil, said = WRONG[wrong]
    spoil(made(tmp_path / "old.db", registers=FEW))
    done = run(tmp_path, "import", "--from", "matteo", "old.db")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr
    assert not (tmp_path / OURS).exists()


def test_a_bigger_file_than_ever_is_not_read(tmp_path: Path) -> None:
    """However big it is, little is done with it."""
    old = made(tmp_path / "old.db", registers=FEW)
    with old.open("r+b") as file:
        file.truncate(10**12)
    assert "larger than a database of an old gateway" in run(tmp_path, "import", "--from", "matteo", "old.db").stderr


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_what_is_no_file_beside_it_is_not_read(tmp_path: Path, ending: str, kind: str) -> None:
    """A device says that it is empty and never ends, a pipe never begins."""
    beside = made(tmp_path / "old.db", registers=FEW).with_name(f"old.db{ending}")
    beside.symlink_to("/dev/zero") if kind == "device" else os.mkfifo(beside)
    ended = subprocess.run(  # in a process of its own, which may not write without end
        [sys.executable, "-m", "neasmart_gateway", "import", "--from", "matteo", "old.db"], cwd=tmp_path, text=True,
        capture_output=True, timeout=60, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000_000, 100_000_000)),
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (2, f"{beside} is no regular file; nothing was read\n")
    assert not (tmp_path / OURS).exists()


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_what_a_killed_gateway_left_is_read_and_not_touched(tmp_path: Path, mode: str) -> None:
    """Its unfinished business is finished in a copy: committed words arrive, others do not, no byte there changes."""
    folder = tmp_path / "old"
    folder.mkdir()
    live = made(tmp_path / "live.db", registers=FEW)
    committed = "UPDATE holding_registers SET value = x'80054b212e' WHERE key = '110'"
    unfinished = "UPDATE holding_registers SET value = x'80054b222e' WHERE key IN ('110', '210')"
    with closing(sqlite3.connect(live, isolation_level=None)) as killed:
        killed.execute(f"PRAGMA journal_mode = {mode}")
        killed.execute("PRAGMA cache_size = 1")  # what is not committed goes to the file all the same
        killed.execute(committed)
        killed.execute("BEGIN")
        killed.execute(unfinished)
        killed.execute("UPDATE holding_registers SET value = value")
        for path in tmp_path.glob("live.db*"):
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "live.db-shm").unlink(missing_ok=True)
    assert len(state(folder)) == 2
    before = state(folder)
    done = run(tmp_path, "import", "--from", "matteo", str(folder / "live.db"))
    assert done.returncode == 0, done.stderr
    assert kept(tmp_path)[110] == 0x21
    assert state(folder) == before


def test_nothing_is_imported_under_a_running_gateway(tmp_path: Path) -> None:
    """The daemon would write over it; a dry run may look all the same."""
    made(tmp_path / "old.db", registers=FEW)
    fill(tmp_path / OURS)
    with stopped_gateway(tmp_path / OURS):
        before = (tmp_path / OURS).read_bytes()
        done = run(tmp_path, "import", "--from", "matteo", "old.db")
        assert (done.returncode, done.stderr.endswith(": stop the gateway first\n")) == (2, True)
        assert run(tmp_path, "import", "--from", "matteo", "--dry-run", "old.db").returncode == 0
    assert (tmp_path / OURS).read_bytes() == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_database_of_ours_in_trouble_is_left_alone(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Damaged, of another program, of a newer gateway: told, and not set aside as a starting gateway would."""
    made(tmp_path / "old.db", registers=FEW)
    (tmp_path / "data").mkdir()
    fill(tmp_path / OURS)
    damage(tmp_path / OURS)
    before = (tmp_path / OURS).read_bytes()
    done = run(tmp_path, "import", "--from", "matteo", "old.db")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert (tmp_path / OURS).read_bytes() == before
    assert list((tmp_path / "data").glob("*corrupt*")) == []


def test_a_locked_database_of_ours_is_told(tmp_path: Path) -> None:
    """By whom cannot be known; nothing of the import is in it."""
    made(tmp_path / "old.db", registers=FEW)
    (tmp_path / "data").mkdir()
    fill(tmp_path / OURS)
    with closing(sqlite3.connect(tmp_path / OURS, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        done = run(tmp_path, "import", "--from", "matteo", "old.db")
    assert done.returncode == 2
    assert "locked" in done.stderr
    assert kept(tmp_path).keys() == {102}


def test_the_old_file_in_our_place_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Both gateways call it data/registers.db."""
    (tmp_path / "data").mkdir()
    made(tmp_path / OURS, registers=FEW)
    before = state(tmp_path)
    done = run(tmp_path, "import", "--from", "matteo", str(OURS))
    assert done.returncode == 2
    assert "move the old one elsewhere, and import that" in done.stderr
    assert state(tmp_path) == before
