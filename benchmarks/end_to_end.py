"""From end to end of the gateway: what REST writes and the base reads, what the base writes and others see."""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Self

from benchmarks import figures
from benchmarks.figures import Figures
from benchmarks.house import KEY, UNIT, Rest, house
from benchmarks.real_rate import ZONES
from benchmarks.table import Row, Table
from benchmarks.turns import in_turns
from neasmart_gateway.domain import dpt9
from tests.running import Gateway
from tests.wire import Master

WAYS = ("REST write -> base reads it", "bus write -> REST", "bus write -> SSE")
_ZONE = "/api/v1/zones/1/1"
_SETPOINT, _TEMPERATURE = 101, 102
_LOOK = 0.0005
"""Seconds between two reads of the base."""
_SPREAD = 0.03
"""Seconds over which the beginnings are spread, more than events take to gather."""
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Size:
    """How often each is measured, and how many times each."""

    repetitions: int = 3
    times: int = 100


LONG = Size(repetitions=10, times=1000)


class Stream:
    """One event stream of zones."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._received = b""
        head = f"GET /api/v1/events?kinds=zone HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {KEY}\r\n\r\n"
        self._socket.sendall(head.encode())
        self.wait_for(b": alive")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def wait_for(self, text: bytes) -> None:
        """Read on until this has come, and forget what came up to it."""
        while text not in self._received:
            part = self._socket.recv(65536)
            assert part, "the stream has ended"
            self._received += part
        self._received = self._received.partition(text)[2]


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of one gateway, and the numbers that make every value another one."""

    master: Master
    rest: Rest
    zones: int
    numbers: Iterator[int]

    def rest_to_bus(self) -> float:
        """Command a setpoint; return the seconds until the base has read it. It echoes it, as a base does."""
        round_, zone = divmod(next(self.numbers), self.zones)
        setpoint = 15 + round_ % 40 / 2
        base, number = divmod(zone, 12)
        word, address = dpt9.encode(setpoint), _SETPOINT + 100 * zone
        began = perf_counter()
        self.rest.send("PATCH", f"/api/v1/zones/{base + 1}/{number + 1}", {"setpoint": setpoint})
        while self.master.read(UNIT, address, 1) != [word]:
            assert perf_counter() - began < _PATIENCE, "the base never reads it"
            time.sleep(_LOOK)
        took = perf_counter() - began
        self.rest.received()
        self.master.write(UNIT, address, [word])
        return took

    def bus_to_rest(self) -> float:
        """Write a temperature; return the seconds until REST shows it."""
        shown = self._temperature()
        began = perf_counter()
        self.master.write(UNIT, _TEMPERATURE, [dpt9.encode(shown)])
        while self.rest.get(_ZONE)["temperature"] != shown:
            assert perf_counter() - began < _PATIENCE, "REST never shows it"
        return perf_counter() - began

    def bus_to_stream(self, stream: Stream) -> float:
        """Write a temperature; return the seconds until a client has its event."""
        shown = self._temperature()
        time.sleep(random.uniform(0, _SPREAD))
        began = perf_counter()
        self.master.write(UNIT, _TEMPERATURE, [dpt9.encode(shown)])
        stream.wait_for(f'"temperature":{json.dumps(shown)},'.encode())
        return perf_counter() - began

    def nothing(self) -> float:
        """Read a zone over REST and its register on the bus; return the seconds that both took."""
        began = perf_counter()
        self.rest.get(_ZONE)
        self.master.read(UNIT, _TEMPERATURE, 1)
        return perf_counter() - began

    def _temperature(self) -> float:
        return dpt9.decode(dpt9.encode(10 + next(self.numbers) % 1000 / 100)) or 0.0


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure all ways in turns, one after the other."""
    size = size or Size()
    with house(folder / "gateway") as ours:
        rows = measured(ours, size)
    return Table(
        "END TO END  from writing to seeing / a read at either end, which waits for nothing", rows, _notes(size)
    )


def measured(ours: Gateway, size: Size, zones: int = ZONES) -> tuple[Row, ...]:
    """Return the rows of each way through a gateway that has heard of so many zones."""
    numbers = count()
    ways = (Ends.rest_to_bus, Ends.bus_to_rest, None, Ends.nothing)
    *found, nothing = in_turns(size.repetitions, *(partial(_batch, ours, zones, numbers, way, size) for way in ways))
    pairs = zip(WAYS, found, strict=True)
    return tuple(row for what, of_way in pairs for row in figures.rows(what, of_way, nothing, ("p50", "p99", "max")))


def _batch(
    ours: Gateway, zones: int, numbers: Iterator[int], way: Callable[[Ends], float] | None, size: Size
) -> Figures:
    """Go one way so many times on connections of its own, which are never idle; without a way, that to a stream."""
    with Master(ours.modbus_port) as master, Rest(ours.api_port) as rest:
        both = Ends(master, rest, zones, numbers)
        if way is not None:
            taken = [way(both) for _ in range(size.times)]
        else:
            with Stream(ours.api_port) as stream:
                taken = [both.bus_to_stream(stream) for _ in range(size.times)]
    return figures.figures(taken, sum(taken))


def _notes(size: Size) -> tuple[str, ...]:
    return (
        f"one Python process at both ends, one thing at a time, on loopback; medians of {size.repetitions} repetitions "
        f"in turns, each of {size.times} times",
        "REST write: from sending the PATCH, with a key, until an answer to the base holds the word; the base reads "
        f"again {_LOOK * 1000:g} ms after each answer, where a line of 38400 baud would take 5.7 ms for each. The "
        "command is synced to disk first, and the disk is in the figure",
        "bus write: from sending it until an answer of REST (asked as soon as the write is answered), or an event, "
        "shows the value; events gather for 25 ms, and the writes come at any time of these",
    )
