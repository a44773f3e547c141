"""Turnaround on a serial line: the gateway beside pymodbus's own serial server, each on a pseudo terminal."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
import tty
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import figures
from benchmarks.house import SETTINGS
from benchmarks.http_load import loading
from benchmarks.servers import gateway, launched
from benchmarks.table import Row, Table
from benchmarks.turns import in_turns
from neasmart_gateway.bus.traffic import TURNAROUND_BOUNDS
from neasmart_gateway.modbus.crc import sealed
from tests.running import Gateway, eventually

_ASK = sealed(bytes.fromhex("f0 03 0064 0003"))
_ANSWER_BYTES = 11
_PAUSE = 0.003
"""Seconds between an answer and the next request: a base does not ask again within the silent interval."""
_LOST = 1.0
_LOADS = {"idle": False, "16 HTTP connections": True}


@dataclass(frozen=True, slots=True)
class Size:
    """How often each is measured, and how many requests each time."""

    repetitions: int = 3
    requests: int = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A pseudo terminal: the device that a server opens, and our end of it."""

    device: str
    hand: int


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure both servers in turns, idle and with the gateway under full HTTP load."""
    size = size or Size()
    rows: list[Row] = []
    histograms: list[str] = []
    with _line() as ours, _line() as theirs, _both(folder, ours, theirs) as served:
        for load, loaded in _LOADS.items():
            both: tuple[list[float], list[float]] = ([], [])
            with loading(served.api_port) if loaded else contextlib.nullcontext():
                asking = (_asking(ours, size, both[0]), _asking(theirs, size, both[1]))
                mine, others = in_turns(size.repetitions, *asking)
            rows += figures.rows(load, mine, others, ("p50", "p99"))
            histograms += [_histogram(f"{load}, {whose}", times) for whose, times in zip(_WHOSE, both, strict=True)]
    return Table(
        "LINE  request to answer on a pty, ours / pymodbus's serial server", tuple(rows), _notes(size, histograms)
    )


_WHOSE = ("ours", "pymodbus")


def _asking(line: Line, size: Size, into: list[float]) -> Callable[[], figures.Figures]:
    def ask() -> figures.Figures:
        began = time.perf_counter()
        times = [_round_trip(line.hand) for _ in range(size.requests)]
        into.extend(times)
        return figures.figures(times, time.perf_counter() - began)

    return ask


def _round_trip(hand: int) -> float:
    time.sleep(_PAUSE)
    sent = time.perf_counter()
    os.write(hand, _ASK)
    answer = b""
    while len(answer) < _ANSWER_BYTES:
        if not select.select([hand], [], [], _LOST)[0]:
            return _LOST
        answer += os.read(hand, 512)
    return time.perf_counter() - sent


@contextmanager
def _both(folder: Path, ours: Line, theirs: Line) -> Iterator[Gateway]:
    (folder / "pymodbus").mkdir()
    with (
        gateway(
            folder / "gateway", **SETTINGS, NEASMART_SERVER_TYPE="serial", NEASMART_SERVER_ADDRESS=ours.device
        ) as served,
        launched(folder / "pymodbus", [sys.executable, "-m", "benchmarks.children.pymodbus_line", theirs.device]),
    ):
        for line in (ours, theirs):
            eventually(lambda line=line: _round_trip(line.hand) < _LOST, f"{line.device} answers")
        yield served


@contextmanager
def _line() -> Iterator[Line]:
    hand, device = os.openpty()
    tty.setraw(device)
    try:
        yield Line(os.ttyname(device), hand)
    finally:
        os.close(hand)
        os.close(device)


def _histogram(what: str, times: Sequence[float]) -> str:
    counts = [0] * (len(TURNAROUND_BOUNDS) + 1)
    for seconds in times:
        counts[bisect_left(TURNAROUND_BOUNDS, seconds)] += 1
    names = [f"<={bound * 1000:g}" for bound in TURNAROUND_BOUNDS] + [f">{TURNAROUND_BOUNDS[-1] * 1000:g}"]
    return f"{what}, ms: " + "  ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True) if count)


def _notes(size: Size, histograms: Sequence[str]) -> tuple[str, ...]:
    return (
        f"function 3, unit 240, 3 registers; medians of {size.repetitions} repetitions in turns, each of "
        f"{size.requests} requests",
        "ours waits for the silent interval of 1.75 ms before it speaks, pymodbus answers at once",
        "a pty has no baud rate: real timing of characters and switching of the direction are not shown by this",
        *histograms,
    )
