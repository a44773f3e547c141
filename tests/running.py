"""A real gateway for tests: gunicorn with all its processes, on ports and in a folder of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_PORTS = range(10_000, 32_000)
"""Below those that Linux takes for outgoing connections, one of which would be in the way of a server that starts."""
_ANY = random.SystemRandom()
DEADLINE = 20.0
"""Seconds after which something that should have happened never will; not a measure of speed."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody uses now, each another, and none that the kernel would give to a client."""
    with ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            port = _ANY.choice(_PORTS)
            with suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(port)
        return found


def eventually(look: Callable[[], T], what: str, deadline: float = DEADLINE) -> T:
    """Look again and again until there is something true to see."""
    ends = time.monotonic() + deadline
    while not (seen := look()):
        if time.monotonic() > ends:
            raise AssertionError(f"never seen: {what}; last look: {seen!r}")
        time.sleep(0.02)  # between two looks at other processes; nothing is ever assumed to have happened by then
    return seen


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    """The living children of a process."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [child for child in map(int, found) if is_alive(child)]


@dataclass
class Gateway:
    """One gateway: start, ask, kill a part of it, stop."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (sys.executable, "-m", "gunicorn", "-c", "python:neasmart_gateway.gunicorn_config")
    """What `neasmart-gateway serve` becomes."""

    def __post_init__(self) -> None:
        self.api_port, self.modbus_port = free_ports(2)
        self.log = self.folder / "gateway.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Ours without any setting that the machine may have, then what the test sets."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NEASMART_")}
        return clean | {
            "NEASMART_API_PORT": str(self.api_port),
            "NEASMART_SERVER_ADDRESS": "127.0.0.1",
            "NEASMART_SERVER_PORT": str(self.modbus_port),
            "LOG_FORMAT": "json",
            "NEASMART_API_COMMAND_LIMIT_PER_MINUTE": "1000000",
            **self.settings,
        }

    def start(self) -> None:
        """Start it and do not wait."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait_ready(self) -> None:
        eventually(lambda: self.try_get("/health/ready").status == 200, f"ready; log:\n{self.log.read_text()[-3000:]}")

    @property
    def master(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def arbiter(self) -> int:
        """The dirty arbiter: the one child of the master that has a child of its own."""
        return eventually(lambda: next((c for c in children(self.master) if children(c)), 0), "an arbiter")

    @property
    def workers(self) -> list[int]:
        """The HTTP workers."""
        return [child for child in children(self.master) if not children(child)]

    @property
    def daemon(self) -> int:
        """The daemon at work, by its own word; 0 while there is none."""
        return int(self.get("/api/v1/health").json["daemon"]["pid"] or 0)

    def everybody(self) -> list[int]:
        """All processes of this gateway: they share a session."""
        return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and self._is_ours(int(p.name))]

    def _is_ours(self, pid: int) -> bool:
        try:
            return os.getsid(pid) == self.master and is_alive(pid)
        except ProcessLookupError:
            return False

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def patch(self, path: str, body: object) -> Answer:
        return self.ask("PATCH", path, body)

    def ask(self, method: str, path: str, body: object = None, timeout: float = DEADLINE) -> Answer:
        """Send a request and return the answer, whatever its status."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}{path}", data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read().decode())

    def try_get(self, path: str) -> Answer:
        """As `get`; status 0 when nobody answers."""
        try:
            return self.ask("GET", path, timeout=5)
        except OSError as error:
            return Answer(0, {}, str(error))

    def lines(self) -> list[dict[str, Any]]:
        """The log so far; what is not JSON (a traceback) stands under "raw"."""
        return [_parsed(line) for line in self.log.read_text().splitlines()]

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def clean_up(self) -> None:
        """Leave no process behind, whatever the test did."""
        if self.process is not None:
            for pid in self.everybody():
                os.kill(pid, signal.SIGKILL)
            self.process.wait()


def _parsed(line: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {"raw": line}
    return parsed if isinstance(parsed, dict) else {"raw": line}


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Gateway]:
    """A gateway that is ready, with settings such as NEASMART_WORKERS="2"."""
    gateway = Gateway(folder, settings)
    try:
        gateway.start()
        gateway.wait_ready()
        yield gateway
    finally:
        gateway.clean_up()
