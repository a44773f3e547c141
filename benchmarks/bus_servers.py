"""Who is asked on the bus besides the gateway, and with what: servers that nobody here wrote, and the client."""

from __future__ import annotations

import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.compiled import NotCompiled, compiled
from benchmarks.figures import Figures, figures
from benchmarks.servers import ROOT, program, server
from tests.running import free_ports

_SPARE_SECONDS = 30
"""What a client may need besides its measuring: to start, to connect, to warm up."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a client asks: `kind` is read or write, of three registers of each zone in turn; until a limit is reached.

    `rate` is requests a second; 0 is as fast as they are answered.
    """

    kind: str = "read"
    connections: int = 1
    requests: int = 20_000
    seconds: float = 0.5
    rate: float = 0.0
    zones: int = 60

    def of(self, kind: str, connections: int = 1, zones: int | None = None) -> Asking:
        """Return the same of another kind."""
        return replace(self, kind=kind, connections=connections, zones=zones or self.zones)


RoundTrip = tuple[float, float]
"""When it was due, of the system's monotonic clock, and how many seconds later its answer was there."""
Client = Callable[[int, Asking], list[RoundTrip]]


def client(folder: Path) -> tuple[Client, str]:
    """Return a client that asks a port of loopback, compiled into the folder if possible, and what it is."""
    try:
        command = [str(compiled("bus_client", folder))]
        what = "a client in C"
    except NotCompiled as why:
        command = [sys.executable, "-m", "benchmarks.children.bus_client"]
        what = f"a client in Python, which costs more than the server ({why})"

    def ask(port: int, asking: Asking) -> list[RoundTrip]:
        limits = asking.connections, asking.requests, asking.seconds, asking.rate, asking.zones
        done = subprocess.run(
            [*command, str(port), asking.kind, *map(str, limits)],
            cwd=ROOT, stdout=subprocess.PIPE, timeout=asking.seconds + _SPARE_SECONDS, check=True,
            start_new_session=True,
        )  # fmt: skip
        found = array("d")
        found.frombytes(done.stdout)
        return list(zip(found[::2], found[1::2], strict=True))

    return ask, what


def of_round_trips(round_trips: Sequence[RoundTrip]) -> Figures:
    """Return the figures of round trips, the first of which was due first."""
    ends = max(due + took for due, took in round_trips)
    return figures([took for _, took in round_trips], ends - round_trips[0][0])


@contextmanager
def pymodbus(folder: Path) -> Iterator[int]:
    """Give the port of pymodbus's own server as shipped."""
    port = free_ports(1)[0]
    with server(folder, port, "benchmarks.children.pymodbus_server", str(port)):
        yield port


@contextmanager
def libmodbus(folder: Path) -> Iterator[int | str]:
    """Give the port of a server on libmodbus; or say why there is none."""
    folder.mkdir()
    port = free_ports(1)[0]
    try:
        built = compiled("libmodbus_server", folder, "modbus")
    except NotCompiled as why:
        yield str(why)
        return
    with program(folder, port, [str(built), str(port)]):
        yield port
