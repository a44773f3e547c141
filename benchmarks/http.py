"""A read over HTTP: one zone from the gateway beside a bare Flask route under the same gunicorn settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import figures
from benchmarks.figures import Figures
from benchmarks.servers import ask, gateway, server
from benchmarks.table import Table
from benchmarks.turns import in_turns
from neasmart_gateway.domain import dpt9
from tests.running import Gateway, free_ports
from tests.wire import Master

_PATH = "/api/v1/zones/1/1"
_SPARE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Size:
    """How often each is measured, and how long: until either limit is reached."""

    repetitions: int = 5
    requests: int = 10_000
    seconds: float = 1.5
    connections: int = 16
    workers: int = 1


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure both in turns; they run side by side, and only one is asked at a time."""
    size = size or Size()
    with gateway(folder / "gateway", NEASMART_WORKERS=str(size.workers)) as ours:
        zone = _zone(ours)
        with _bare_flask(folder / "flask", ours, zone) as port:
            measured = in_turns(size.repetitions, lambda: _client(ours.api_port, size), lambda: _client(port, size))
    rows = tuple(figures.rows(f"GET {_PATH}", *measured))
    return Table("HTTP  one zone, ours / a bare Flask route with the same JSON", rows, _notes(size, len(zone)))


def _zone(ours: Gateway) -> str:
    """Let the zone have been heard of, in all its values; return it as JSON."""
    with Master(ours.modbus_port) as master:
        master.write(240, 100, [1, dpt9.encode(21.0), dpt9.encode(20.5)])
        master.write(240, 110, [45])
    answer = ours.get(_PATH)
    assert answer.json["temperature"] == 20.5
    return answer.text


@contextmanager
def _bare_flask(folder: Path, ours: Gateway, zone: str) -> Iterator[int]:
    """The floor: gunicorn with the gateway's configuration, but for the application and the port."""
    port = free_ports(1)[0]
    environment = {**ours.environment, "NEASMART_API_PORT": str(port), "BENCH_PATH": _PATH, "BENCH_JSON": zone}
    with server(folder, port, "gunicorn", "-c", "python:benchmarks.children.floor_config", environment=environment):
        yield port


def _client(port: int, size: Size) -> Figures:
    return ask(
        "benchmarks.children.http_client", port, _PATH, size.connections, size.requests, size.seconds,
        seconds=size.seconds + _SPARE_SECONDS,
    )  # fmt: skip


def _notes(size: Size, length: int) -> tuple[str, ...]:
    return (
        f"{size.connections} connections kept alive, one request under way on each, from one Python process on "
        f"loopback; medians of {size.repetitions} repetitions in turns, each of {size.requests} requests or "
        f"{size.seconds:g} s",
        f"gunicorn as the gateway configures it, {size.workers} gevent worker(s) each; a body of {length} bytes. The "
        "gateway logs every request (INFO, to a file), the bare route logs nothing",
        "p50 and p99 are those of a server that is kept busy: they contain the waiting behind the other connections",
    )
