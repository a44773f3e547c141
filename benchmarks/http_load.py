"""Load over HTTP, from wrk where it is found, else from a client in Python, in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.house import HEADERS
from benchmarks.servers import ROOT

_SCRIPT = Path(__file__).with_name("children") / "load.lua"
_SPARE_SECONDS = 30
_FOR_EVER = 3600
_UNDER_WAY = 0.5
"""Seconds after which a load has begun."""
FULL = 16
"""Connections of what is called full load."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked again and again, with each of the bodies in turn; every answer must have the status."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=lambda: dict(HEADERS))
    bodies: tuple[str, ...] = ()
    status: int = 200


ZONE = Request("/api/v1/zones/1/1")


def what() -> str:
    """Say who asks."""
    return "wrk" if shutil.which("wrk") else "a Python client, which costs more than a bare server"


def measured(port: int, request: Request, connections: int, seconds: float) -> Figures:
    """Return the figures of so many connections, with one request under way on each.

    wrk knows whole seconds only: for less than one it is the client in Python. `bytes` are those of an answer with its
    head, on average.
    """
    command = _command(port, request, connections, seconds)
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, timeout=seconds + _SPARE_SECONDS, check=True,
        start_new_session=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    assert not found.pop("errors"), f"answers that are none to {request}:\n{done.stdout.decode()}"
    return found


@contextmanager
def loading(port: int, request: Request = ZONE, connections: int = FULL) -> Iterator[None]:
    """Let so many connections ask as fast as they can, until the measurement is over."""
    command = _command(port, request, connections, _FOR_EVER)
    client = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        time.sleep(_UNDER_WAY)
        yield
        assert client.poll() is None, f"the load has ended: {client.args!r}"
    finally:
        client.kill()
        client.wait()


def _command(port: int, request: Request, connections: int, seconds: float) -> list[str]:
    if not shutil.which("wrk") or seconds < 1:
        arguments = [str(port), json.dumps(asdict(request)), str(connections), str(seconds)]
        return [sys.executable, "-m", "benchmarks.children.http_client", *arguments]
    headers = [f"--header={name}: {value}" for name, value in request.headers.items()]
    limits = ["--threads=1", f"--connections={connections}", f"--duration={max(1, round(seconds))}s", "--timeout=10s"]
    url = f"http://127.0.0.1:{port}{request.path}"
    return ["wrk", *limits, f"--script={_SCRIPT}", *headers, url, "--", request.method, *request.bodies]
