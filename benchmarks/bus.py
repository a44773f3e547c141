"""Round trip on the bus: the gateway beside pymodbus's own server as shipped."""

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
from tests.running import free_ports

_KINDS = {"read": "read of 3 registers", "write": "write of 3 registers"}
_SPARE_SECONDS = 30
"""What a client may need besides its measuring: to start, to connect, to warm up."""


@dataclass(frozen=True, slots=True)
class Size:
    """How often each is measured, and how long: until either limit is reached."""

    repetitions: int = 5
    requests: int = 20_000
    seconds: float = 0.6


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure both servers in turns; they run side by side, and only one is asked at a time."""
    size = size or Size()
    with gateway(folder / "gateway") as ours, _pymodbus(folder / "pymodbus") as theirs:
        rows = [row for kind in _KINDS for row in _rows(kind, ours.modbus_port, theirs, size)]
    return Table(
        "BUS  round trip of one request at a time, ours / pymodbus's server as shipped", tuple(rows), _notes(size)
    )


def _rows(kind: str, ours: int, theirs: int, size: Size) -> list[Row]:
    both = in_turns(size.repetitions, lambda: _client(ours, kind, size), lambda: _client(theirs, kind, size))
    return figures.rows(_KINDS[kind], *both)


def _client(port: int, kind: str, size: Size) -> Figures:
    seconds = size.seconds + _SPARE_SECONDS
    return ask("benchmarks.children.bus_client", port, kind, size.requests, size.seconds, seconds=seconds)


@contextmanager
def _pymodbus(folder: Path) -> Iterator[int]:
    port = free_ports(1)[0]
    with server(folder, port, "benchmarks.children.pymodbus_server", str(port)):
        yield port


def _notes(size: Size) -> tuple[str, ...]:
    return (
        f"one TCP connection on loopback, a Python client in a process of its own; medians of {size.repetitions} "
        f"repetitions in turns, each of {size.requests} requests or {size.seconds:g} s",
        "unit 240, registers 100 to 102; every write changes all three values. The client's own time is in all figures",
        "pymodbus's SimDevice only keeps the words; ours also judges them, shares them with HTTP and notes changes for "
        "the journal",
    )
