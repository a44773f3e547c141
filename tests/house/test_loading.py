"""What each process loads before it works: what another one needs, or nobody, costs time and memory for nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_MASTER = "import neasmart_gateway.gunicorn_config"
_WORKER = f"""{_MASTER}
import importlib.metadata
importlib.metadata.entry_points = None  # read by nobody
from neasmart_gateway.http_worker import HttpWorker
worker = object.__new__(HttpWorker)
worker.sockets = []
worker.patch()
import os
os.environ["PROMETHEUS_MULTIPROC_DIR"] = "."
import neasmart_gateway.wsgi"""
_DAEMON = f"{_MASTER}; import neasmart_gateway.supervised"
_NOBODY = "rich redis pygments typer flasgger neasmart_gateway.simulator neasmart_gateway.cli"
_HTTP = "flask werkzeug jinja2 limits prometheus_client neasmart_gateway.api neasmart_gateway.manager"
_BUS = "pymodbus serial aiomqtt paho tenacity neasmart_gateway.desk neasmart_gateway.mqtt neasmart_gateway.faults"


@pytest.mark.parametrize(
    ("code", "others"),
    [(_MASTER, f"{_NOBODY} {_HTTP} {_BUS} sqlite3"), (_WORKER, f"{_NOBODY} {_BUS}"), (_DAEMON, f"{_NOBODY} {_HTTP}")],
    ids=["master", "HTTP worker", "daemon"],
)
def test_a_process_loads_nothing_of_others(tmp_path: Path, code: str, others: str) -> None:
    """Neither our own folders nor libraries."""
    assert loaded(tmp_path, code) & set(others.split()) == set()


def test_what_is_passed_over_can_be_loaded_afterwards(tmp_path: Path) -> None:
    """Limits that count in a Redis load it, and the command line shows its help by rich."""
    code = f"{_DAEMON}; import neasmart_gateway.manager.breaker, redis, rich.console"
    assert {"redis", "rich", "rich.console", "pybreaker"} <= loaded(tmp_path, code)


def loaded(folder: Path, code: str) -> set[str]:
    """The names of all modules that there are in a new Python once it has run the code."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEASMART_")}
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(command, cwd=folder, env=clean, check=True, capture_output=True, text=True)
    return set(done.stdout.split())
