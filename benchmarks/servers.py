"""The processes that are measured and those that measure, each in a session of its own and gone at the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.running import Gateway, children, eventually, running

ROOT = Path(__file__).parents[1]
_STOP_SECONDS = 5


@contextmanager
def gateway(folder: Path, **settings: str) -> Iterator[Gateway]:
    """A gateway that is ready, on loopback; stopped in good order, or else killed."""
    folder.mkdir(exist_ok=True)
    with running(folder, **settings) as started:
        try:
            yield started
        finally:
            started.stop()


@contextmanager
def server(
    folder: Path, port: int, module: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python module that serves a port of loopback, with the folder as its current one and for its log."""
    folder.mkdir()
    with program(folder, port, [sys.executable, "-m", module, *arguments], environment=environment) as process:
        yield process


@contextmanager
def program(
    folder: Path, port: int, command: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Any program that serves a port of loopback, once it does."""
    with launched(folder, command, environment=environment) as process:
        eventually(lambda: _serves(port, process), f"{command} serving; see {folder}/server.log")
        yield process


@contextmanager
def launched(
    folder: Path, command: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs, with the folder as its current one and for its log."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=_importing(environment), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        _end(process)


def ask(module: str, *arguments: object, seconds: float) -> dict[str, Any]:
    """Run a module that prints one JSON object, and return that; after `seconds` it is killed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, timeout=seconds, check=True, start_new_session=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def sweep() -> None:
    """Kill what we started and lost: an interrupt may come while a process is being made, before anybody holds it."""
    for child in children(os.getpid()):
        _tell(child, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)  # it may not have got as far as a group of its own


def _importing(environment: Mapping[str, str] | None) -> dict[str, str]:
    """Let a process find this package wherever it runs."""
    return {**(os.environ if environment is None else environment), "PYTHONPATH": str(ROOT)}


def _serves(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"ended with status {process.returncode}: {process.args!r}"
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the whole session to stop, then see to it."""
    _tell(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    _tell(process.pid, signal.SIGKILL)
    process.wait()


def _tell(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
