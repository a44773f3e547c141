"""Round trip on the bus: ours beside pymodbus's and libmodbus's servers; idle, under HTTP load, during flushes."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from benchmarks import bus_flush, figures, http_load
from benchmarks.bus_servers import Asking, Client, client, libmodbus, of_round_trips, pymodbus
from benchmarks.figures import Figures
from benchmarks.house import house
from benchmarks.http_load import loading
from benchmarks.table import Row, Table
from benchmarks.turns import turned

IDLE, LOADED = "idle", "under HTTP load"
_KINDS = ("read", "write")
_OURS = "ours"
_TITLES = {
    "pymodbus": "BUS  ours / pymodbus's server as shipped",
    "libmodbus": "BUS  ours / a server in C on libmodbus",
    _OURS: "BUS  ours under full HTTP load / ours idle, and during a flush of the journal / beside one",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How often each is measured, on how many connections, and how long: until either limit is reached."""

    repetitions: int = 3
    asking: Asking = field(default_factory=Asking)
    connections: tuple[int, ...] = (1, 8)
    flush: bus_flush.Size = field(default_factory=bus_flush.Size)


LONG = Size(10, Asking(seconds=2.0, requests=100_000), flush=bus_flush.LONG)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one figure is of."""

    load: str
    connections: int
    kind: str
    server: str

    @property
    def name(self) -> str:
        many = f"{self.connections} connection{'s' * (self.connections > 1)}"
        return f"{self.server}, {self.load}, {many}, {self.kind}"


Found = Mapping[Cell, list[Figures]]


def measure(folder: Path, size: Size | None = None) -> tuple[Table, ...]:
    """Measure all servers in turns; they run side by side, and only one is asked at a time."""
    size = size or Size()
    ask, asker = client(folder)
    with house(folder / "gateway") as ours, pymodbus(folder / "pymodbus") as py, libmodbus(folder / "libmodbus") as c:
        asked = {_OURS: ours.modbus_port, "pymodbus": py, "libmodbus": c}
        ports = {server: port for server, port in asked.items() if isinstance(port, int)}
        found = _measured(ask, ports, ours.api_port, size)
    flushes = bus_flush.measured(folder / "flush", ask, size.flush)
    rows = {server: _rows(found, server, size) for server in _TITLES if server in ports}
    rows[_OURS] += flushes.rows
    missing = () if "libmodbus" in ports else (f"not measured: {c}",)
    notes = {"pymodbus": _notes(size, asker), "libmodbus": missing, _OURS: flushes.notes}
    return tuple(Table(title, tuple(rows.get(of, ())), notes[of]) for of, title in _TITLES.items())


def _measured(ask: Client, ports: Mapping[str, int], api_port: int, size: Size) -> Found:
    """Go through everything as often as there are repetitions, each time in another order."""
    found: dict[Cell, list[Figures]] = defaultdict(list)
    for number in range(size.repetitions):
        for load in turned((IDLE, LOADED), number):
            with loading(api_port) if load == LOADED else contextlib.nullcontext():
                for connections, kind, server in product(size.connections, _KINDS, turned(list(ports), number)):
                    answered = ask(ports[server], size.asking.of(kind, connections))
                    found[Cell(load, connections, kind, server)].append(of_round_trips(answered))
    return found


def _rows(found: Found, server: str, size: Size) -> list[Row]:
    """Return the rows beside another server, or beside ourselves when nobody asks over HTTP."""
    loads = (LOADED,) if server == _OURS else (IDLE, LOADED)
    rows: list[Row] = []
    for load, connections, kind in product(loads, size.connections, _KINDS):
        cell = Cell(load, connections, kind, server)
        theirs = found[Cell(IDLE, connections, kind, _OURS)] if server == _OURS else found[cell]
        rows += figures.rows(cell.name, found[Cell(load, connections, kind, _OURS)], theirs, figures.ALL)
    return rows


def _notes(size: Size, asker: str) -> tuple[str, ...]:
    return (
        f"TCP on loopback, one request under way on each connection, {asker} in a process of its own; medians of "
        f"{size.repetitions} repetitions in turns, each of {size.asking.requests:,} requests or "
        f"{size.asking.seconds:g} s. The client's own time is in all figures",
        f"unit 240, three registers of each of {size.asking.zones} zones in turn; every write changes all three values",
        f"under HTTP load: {http_load.FULL} connections of {http_load.what()}, with a key, read a zone of the gateway "
        "as fast as they can, whichever server is asked on the bus: all share the machine with that load",
        "the others only keep the words; ours also judges them, shares them with HTTP, tells events and notes changes "
        "for the journal",
    )
