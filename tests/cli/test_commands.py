"""The command line, run as a person runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEASMART_")}
    return subprocess.run(
        [sys.executable, "-m", "neasmart_gateway", *arguments],
        cwd=folder, env=environment | settings, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_check_config_prints_what_is_in_force(tmp_path: Path) -> None:
    """One NAME=value a line, secrets masked, status 0."""
    done = run(tmp_path, "check-config", NEASMART_API_KEY="open-sesame", NEASMART_SERVER_PORT="5020")
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
    done = run(tmp_path, "simulate", *arguments)
    assert done.returncode == 2
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr


def test_version_and_help(tmp_path: Path) -> None:
    """--help names every command."""
    assert run(tmp_path, "version").stdout.strip()
    shown = run(tmp_path, "--help").stdout
    assert [c for c in ("serve", "demo", "simulate", "check-config", "version") if c not in shown] == []
