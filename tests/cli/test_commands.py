"""The command line, run as a person runs it."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.moving import here
from tests.running import free_ports
from tests.store.files import fill, scramble_the_middle


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEASMART_")}
    return subprocess.run(
        [sys.executable, "-m", "neasmart_gateway", *arguments],
        cwd=folder, env=environment | settings, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_check_config_prints_what_is_in_force(tmp_path: Path) -> None:
    """One NAME=value a line, secrets masked, status 0."""
    done = run(tmp_path, "check-config", NEASMART_API_KEY="open-sesame-please", NEASMART_SERVER_PORT="5020")
    assert done.returncode == 0
    assert {"NEASMART_SERVER_PORT=5020", "NEASMART_API_KEY=********", "LOG_FORMAT=text"} <= set(done.stdout.split("\n"))
    assert "sesame" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["check-config", "serve", "demo"])
def test_wrong_settings_end_with_status_2(tmp_path: Path, command: str) -> None:
    """One line for each fault on standard error, no traceback, and nothing made in the folder."""
    done = run(tmp_path, command, NEASMART_SERVER_PORT="0", NEASMART_SERVER_PROT="1")
    assert done.returncode == 2
    assert done.stdout == ""
    unknown, wrong = done.stderr.splitlines()
    assert unknown == "NEASMART_SERVER_PROT is not a setting; did you mean NEASMART_SERVER_PORT?"
    assert wrong.startswith("NEASMART_SERVER_PORT ('0'): ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("taken", ["NEASMART_API_PORT", "NEASMART_SERVER_PORT"])
def test_the_demo_takes_no_other_gateway_for_its_own(tmp_path: Path, taken: str) -> None:
    """Where somebody listens already it does not start, so that the simulated house is not written into a real one."""
    ports = dict(zip(("NEASMART_API_PORT", "NEASMART_SERVER_PORT"), free_ports(2), strict=True))
    with socket.create_server(("127.0.0.1", ports[taken])):
        done = run(tmp_path, "demo", **{name: str(port) for name, port in ports.items()})
    assert done.returncode == 2
    assert done.stderr.startswith(f"{taken} ({ports[taken]}): Address already in use; is another gateway running?")
    assert done.stdout == ""


def test_gunicorn_itself_ends_with_status_2(tmp_path: Path) -> None:
    """`gunicorn -c gunicorn_config.py` says the same as the command does."""
    arguments = [sys.executable, "-m", "gunicorn", "-c", "python:neasmart_gateway.gunicorn_config"]
    environment = os.environ | {"NEASMART_SERVER_PORT": "x"}
    done = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("NEASMART_SERVER_PORT ('x'): ")


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--connect", "nowhere"], "HOST:PORT"),
        (["--connect", "127.0.0.1:5020", "--bases", "6"], "bases 6"),
        (["--connect", "127.0.0.1:5020", "--speed", "0"], "speed 0"),
        ([], "--connect"),
    ],
)
def test_simulate_refuses_nonsense(tmp_path: Path, arguments: list[str], wanted: str) -> None:
    """A wrong option is a readable sentence and status 2."""
    done = here.run(tmp_path, "simulate", *arguments)
    assert done.returncode == 2
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr


def test_version_and_help(tmp_path: Path) -> None:
    """--help names every command."""
    assert run(tmp_path, "version").stdout.strip()
    shown = run(tmp_path, "--help").stdout
    assert [c for c in ("serve", "demo", "simulate", "check-config", "version") if c not in shown] == []


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with rows, at the place where the commands look for it."""
    path = tmp_path / "data" / "registers.db"
    path.parent.mkdir()
    fill(path)
    return path


def test_a_damaged_database_is_salvaged_and_put_in_place(tmp_path: Path, database: Path) -> None:
    """The commands that the log names, one after the other: check, salvage, restore, check."""
    scramble_the_middle(database)
    assert run(tmp_path, "db", "check").returncode == 1
    done = run(tmp_path, "db", "salvage", str(database), "saved.db")
    assert done.returncode == 0, done.stderr
    registers, commands, *_others, how = done.stdout.splitlines()
    assert registers == "registers: 1 saved"
    assert "cannot be read" in commands or "make no sense" in commands
    assert "neasmart-gateway restore saved.db" in how
    assert run(tmp_path, "restore", "saved.db").returncode == 0
    checked = run(tmp_path, "db", "check")
    assert (checked.returncode, "sound" in checked.stdout) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["db", "salvage", "data/registers.db", "taken.db"], "taken.db exists already"),
        (["db", "salvage", "taken.db", "new.db"], "taken.db cannot be used"),
        (["db", "salvage", "missing.db", "new.db"], "no file missing.db"),
        (["restore", "taken.db"], "taken.db is damaged"),
    ],
)
def test_what_cannot_be_done_ends_with_status_2(
    tmp_path: Path, database: Path, arguments: list[str], said: str
) -> None:
    """A sentence that names the file, no traceback, and the database stays."""
    (tmp_path / "taken.db").write_text("precious" * 1000)
    before = database.read_bytes()
    done = here.run(tmp_path, *arguments)
    assert (done.returncode, database.read_bytes()) == (2, before)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "new.db").exists()


def test_check_of_a_locked_database_says_so(tmp_path: Path, database: Path) -> None:
    """Status 2: nothing is known of its pages; 1 is for damage."""
    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.executescript("BEGIN EXCLUSIVE; COMMIT;")
        done = run(tmp_path, "db", "check")
    assert done.returncode == 2
    assert "locked by another program" in done.stderr
