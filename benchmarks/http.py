"""A read over HTTP: one zone from the gateway beside a bare Flask route under the same gunicorn settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import figures
from benchmarks.figures import Figures
from benchmarks.servers import ask, gateway, server
from benchmarks.table import Row, Table
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
    seconds: float = 0.7
    connections: int = 16
    workers: int = 1


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure both in turns; they run side by side, and only one is asked at a time."""
    size = size or Size()
    with gateway(folder / "gateway", NEASMART_WORKERS=str(size.workers)) as ours:
        zone = _zone(ours)
        with _bare_flask(folder / "flask", ours, zone) as floor:
            rows = (
                *_rows((ours.api_port, floor), size, size.connections, ("rate",)),
                *_rows((ours.api_port, floor), size, 1, ("p50", "p99")),
            )
    return Table("HTTP  GET of one zone, ours / a bare Flask route with the same JSON", rows, _notes(size, len(zone)))


def _rows(ports: tuple[int, int], size: Size, connections: int, names: tuple[str, ...]) -> list[Row]:
    ours, theirs = ports
    both = in_turns(
        size.repetitions, lambda: _client(ours, size, connections), lambda: _client(theirs, size, connections)
    )
    return figures.rows(f"{connections} connection{'s' * (connections > 1)}", *both, names)


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


def _client(port: int, size: Size, connections: int) -> Figures:
    limits = size.requests, size.seconds
    seconds = size.seconds + _SPARE_SECONDS
    return ask("benchmarks.children.http_client", port, _PATH, connections, *limits, seconds=seconds)


def _notes(size: Size, length: int) -> tuple[str, ...]:
    return (
        f"connections kept alive, one request under way on each, from one Python process on loopback; medians of "
        f"{size.repetitions} repetitions in turns, each of {size.requests} requests or {size.seconds:g} s",
        f"gunicorn as the gateway configures it, gevent workers: {size.workers} each. A body of {length} bytes. The "
        "gateway looks at the shared image, adds headers, and logs every request to a file; the bare route does not",
        "p50 and p99 are of one connection: with more, a gevent worker goes on with the connection at hand as long as "
        "that has another request, and the figures tell more about the client than about the server",
    )
