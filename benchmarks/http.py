"""Reads and commands over HTTP: the gateway beside a bare Flask route and a bare WSGI callable, all under gunicorn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import figures, http_load
from benchmarks.figures import Figures
from benchmarks.house import HEADERS, Rest, house, living
from benchmarks.http_load import Request, measured
from benchmarks.real_rate import ZONES
from benchmarks.servers import server
from benchmarks.table import Row, Table
from benchmarks.turns import in_turns
from tests.running import Gateway, free_ports

_FLOORS = {"Flask": "benchmarks.children.bare_flask:app", "WSGI": "benchmarks.children.bare_wsgi:app"}
_SETPOINTS = (20.0, 20.5)
_HEAD_BYTES = 1500
"""More than the head of an answer has, and less than a snapshot."""


@dataclass(frozen=True, slots=True)
class Size:
    """How often each is measured, and for how many seconds: whole ones, because wrk knows no others."""

    repetitions: int = 3
    seconds: float = 1.0
    connections: int = http_load.FULL
    zones: int = ZONES


LONG = Size(repetitions=10, seconds=5.0)


@dataclass(frozen=True, slots=True)
class Route:
    """What is asked, and what a floor serves in its place: a kind of view (get, revalidated, command), and of what."""

    name: str
    request: Request
    kind: str
    document: Any

    def of_ours(self, port: int) -> Request:
        """Return what the gateway is asked: a tag must be the newest."""
        return replace(self.request, headers=_tagged(port)) if self.kind == "revalidated" else self.request

    def of_floor(self) -> Request:
        """Return the same for a floor, where each route has a path of its own."""
        return replace(self.request, path=f"/floor/{self.name.replace(' ', '-')}")


@dataclass(frozen=True, slots=True)
class Floor:
    """Where it listens, and the process that leads its session."""

    port: int
    master: int


def measure(folder: Path, size: Size | None = None) -> tuple[Table, ...]:
    """Measure all in turns; they run side by side, and only one is asked at a time."""
    size = size or Size()
    with house(folder / "gateway", size.zones) as ours:
        found = routes(ours.api_port, size.zones)
        with floor(folder, "Flask", ours, found) as flask, floor(folder, "WSGI", ours, found) as wsgi:
            rows = []
            for route in found:
                # A tag does not hold any longer than until the base's next write.
                with nullcontext() if route.kind == "revalidated" else living(ours, size.zones):
                    rows.append(_rows(route, (ours.api_port, flask.port, wsgi.port), size))
    notes = _notes(size, found)
    titles = (
        "HTTP  ours / a bare Flask route with the same JSON",
        "HTTP  ours / a bare WSGI callable with ready bytes",
    )
    return tuple(
        Table(title, tuple(row for of_route in rows for row in of_route[n]), (notes, ())[n])
        for n, title in enumerate(titles)
    )


def routes(port: int, zones: int) -> list[Route]:
    """Return what is measured of a house that has been heard of; its last zone is commanded."""
    base, zone = divmod(zones - 1, 12)
    commanded = f"/api/v1/zones/{base + 1}/{zone + 1}"
    bodies = tuple(json.dumps({"setpoint": setpoint}) for setpoint in _SETPOINTS)
    typed = {**HEADERS, "Content-Type": "application/json"}
    with Rest(port) as rest:
        receipt = json.loads(rest.ask("PATCH", commanded, {"setpoint": _SETPOINTS[-1]})[0])
        paths = {"one zone": "/api/v1/zones/1/1", f"{zones} zones": "/api/v1/zones", "snapshot": "/api/v1/snapshot"}
        reads = [Route(name, Request(path), "get", rest.get(path)) for name, path in paths.items()]
    known = Request("/api/v1/snapshot", headers=_tagged(port), status=304)
    return [
        *reads,
        Route("snapshot 304", known, "revalidated", known.headers["If-None-Match"]),
        Route("command", Request(commanded, "PATCH", typed, bodies, status=202), "command", receipt),
    ]


def _tagged(port: int) -> dict[str, str]:
    with Rest(port) as rest:
        return {**HEADERS, "If-None-Match": rest.ask("GET", "/api/v1/snapshot")[1]["ETag"]}


@contextmanager
def floor(folder: Path, kind: str, ours: Gateway, served: Sequence[Route] = ()) -> Iterator[Floor]:
    """A floor: gunicorn with the gateway's configuration, but for the application and the port."""
    port = free_ports(1)[0]
    documents = folder / f"{kind}.json"
    documents.write_text(json.dumps({one.of_floor().path: (one.kind, one.document) for one in served}))
    own = {"NEASMART_API_PORT": str(port), "BENCH_DOCUMENTS": str(documents), "BENCH_APP": _FLOORS[kind]}
    command = ("-c", "python:benchmarks.children.floor_config")
    with server(folder / kind, port, "gunicorn", *command, environment={**ours.environment, **own}) as master:
        yield Floor(port, master.pid)


def _rows(route: Route, ports: tuple[int, int, int], size: Size) -> tuple[list[Row], list[Row]]:
    """Return the rows beside either floor: the rate of many, and the round trip of one."""
    both: tuple[list[Row], list[Row]] = ([], [])
    for connections, names in ((size.connections, ("rate",)), (1, ("p50", "p99"))):
        found = in_turns(size.repetitions, *(partial(_asked, route, ports, n, connections, size) for n in range(3)))
        many = f"{connections} connection{'s' * (connections > 1)}"
        for rows, name, theirs in zip(both, _FLOORS, found[1:], strict=True):
            rows += figures.rows(f"{name}, {route.name}, {many}", found[0], theirs, names)
    return both


def _asked(route: Route, ports: tuple[int, int, int], number: int, connections: int, size: Size) -> Figures:
    port = ports[number]
    request = route.of_floor() if number else route.of_ours(port)
    found = measured(port, request, connections, size.seconds)
    assert route.kind != "revalidated" or found["bytes"] < _HEAD_BYTES, f"not 304 but a body: {found}"
    return found


def _notes(size: Size, found: Sequence[Route]) -> tuple[str, ...]:
    lengths = ", ".join(f"{one.name} {len(json.dumps(one.document))}" for one in found if one.kind == "get")
    return (
        f"connections kept alive, one request under way on each, from {http_load.what()} on loopback; medians of "
        f"{size.repetitions} repetitions in turns, each of {size.seconds:g} s",
        "ours: a client with a key, whom no address exempts; every request is authenticated, counted by the limits and "
        "the metrics, and logged to a file. The floors do none of that. All: gunicorn as the gateway configures it, "
        "one gevent worker each",
        "meanwhile the base writes to the gateway at its real rate, so that bodies that it keeps have to be made anew; "
        "not while it is asked by a tag, which would be another one",
        f"bytes of JSON: {lengths}. Flask renders a dictionary each time, the WSGI callable returns ready bytes; 304: "
        "both only look at the header",
        "a command: each replaces the one before and is synced to disk before it is answered; the floors parse it "
        "(Flask) or pass over it (WSGI), and keep nothing",
        "p50 and p99 are of one connection: with more, a gevent worker goes on with the connection at hand as long as "
        "that has another request, and the figures tell more about the client than about the server",
    )
