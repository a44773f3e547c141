"""Event streams of one worker: from a write on the bus to each client, and what REST feels of it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from benchmarks.servers import ROOT, gateway
from benchmarks.table import Row, Table
from tests.process.raw_http import memory
from tests.running import Gateway

_PAUSE = 0.05
"""Seconds between two reads over REST."""
_UNITS = {
    "p50": "ms", "p95": "ms", "p99": "ms", "max": "ms", "lost": "events", "dropped": "clients",
    "REST p95": "ms", "memory": "KiB/client",
}  # fmt: skip
Figures = Mapping[str, float]


def _seconds() -> float:
    return float(os.environ.get("BENCH_EVENT_SECONDS", "10"))


@dataclass(frozen=True, slots=True)
class Size:
    """How many clients, the first of which the others are compared with; how long; how many changes a second."""

    clients: tuple[int, ...] = (1, 50, 500)
    seconds: float = field(default_factory=_seconds)
    rate: float = 20.0


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure one number of clients after the other, each with a gateway of its own."""
    size = size or Size()
    found = {count: _measured(folder / str(count), count, size) for count in size.clients}
    first, *others = size.clients
    rows = tuple(
        Row(f"{count} clients: {name}", unit, "lower", (found[count][name],), (found[first][name],))
        for count in others
        for name, unit in _UNITS.items()
    )
    return Table(f"events  one worker, many clients / {first} client", rows, _notes(size))


def _measured(folder: Path, count: int, size: Size) -> Figures:
    with gateway(folder, NEASMART_WORKERS="1", NEASMART_API_RATE_LIMIT_PER_MINUTE="1000000") as ours:
        (worker,) = ours.workers
        rest = _rest(ours, 1.0)
        before = memory(worker)
        with _clients(ours, count, size) as child:
            assert child.stdout is not None
            json.loads(child.stdout.readline())
            opened = memory(worker)
            rest = _rest(ours, size.seconds)
            figures: dict[str, float] = json.loads(child.stdout.readline())
            child.wait(60)
    return figures | {"REST p95": rest, "memory": (opened - before) / count / 1024}


def _clients(ours: Gateway, count: int, size: Size) -> subprocess.Popen[str]:
    arguments = [ours.api_port, ours.modbus_port, count, size.seconds, size.rate]
    command = [sys.executable, "-m", "benchmarks.children.event_clients", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def _rest(ours: Gateway, seconds: float) -> float:
    """Return the milliseconds in which 95 of 100 reads of a zone are answered."""
    ends, taken = perf_counter() + seconds, []
    while perf_counter() < ends:
        connection = http.client.HTTPConnection("127.0.0.1", ours.api_port, timeout=10)
        began = perf_counter()
        connection.request("GET", "/api/v1/zones/1/1")
        assert connection.getresponse().read()
        taken.append(perf_counter() - began)
        connection.close()
        time.sleep(_PAUSE)
    return sorted(taken)[int(len(taken) * 0.95)] * 1000


def _notes(size: Size) -> tuple[str, ...]:
    return (
        f"{size.seconds:g} s each (BENCH_EVENT_SECONDS), {size.rate:g} changes a second; a house of 60 zones has 30 a "
        "minute. All clients in one Python process on the same machine, whose own work is in the figures",
        "latency: from before the write on the bus until the client has read the event; lost: of all changes times "
        "clients; memory: of the worker, when all streams are open; REST: a zone on a new connection, 20 a second",
    )
