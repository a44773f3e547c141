"""Writes on the bus at a steady pace, the journal being flushed every second: those during a flush beside the rest."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bus_servers import Asking, Client, RoundTrip
from benchmarks.figures import figures, rows
from benchmarks.house import house
from benchmarks.table import Row

_LOOK = 0.002
"""Seconds between two looks at the journal's file."""
_BEFORE, _BEHIND = 0.03, 0.005
"""Seconds around a change of the file that belong to the flush: before SQLite writes, the rows are gathered."""


@dataclass(frozen=True, slots=True)
class Size:
    """How often, how long, and how many writes a second: more than a bus can carry, less than we could."""

    repetitions: int = 3
    seconds: float = 6.0
    rate: float = 500.0


LONG = Size(repetitions=10, seconds=10.0)


@dataclass(frozen=True, slots=True)
class Flushes:
    """What was found."""

    rows: list[Row]
    notes: tuple[str, ...]


def measured(folder: Path, ask: Client, size: Size) -> Flushes:
    """Measure a gateway of its own."""
    during: list[float] = []
    beside: list[float] = []
    with house(folder, NEASMART_DATABASE_FLUSH_SECONDS="1") as ours:
        asking = Asking("write", requests=int(size.seconds * size.rate), seconds=size.seconds, rate=size.rate)
        for _ in range(size.repetitions):
            with _watched(folder / "data/registers.db-wal") as changes:
                found = ask(ours.modbus_port, asking)
            met, others = split(found, changes)
            during += met
            beside += others
    if not during or not beside:
        return Flushes([], ("no flush of the journal was seen: its share is not measured",))
    # All repetitions together: a flush meets so few writes that the p99 of one repetition would be the worst of them.
    sides = ([figures(times, size.repetitions * size.seconds)] for times in (during, beside))
    return Flushes(
        rows("ours, write during a flush", *sides, ("p50", "p99", "p99.9", "max")),
        _notes(size, len(during), len(beside)),
    )


def split(found: Sequence[RoundTrip], changes: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the seconds of the round trips that met a flush, and of the others."""
    sides: tuple[list[float], list[float]] = ([], [])
    for due, took in found:
        nearest = bisect_left(changes, due - _BEHIND)
        is_met = nearest < len(changes) and changes[nearest] <= due + took + _BEFORE
        sides[0 if is_met else 1].append(took)
    return sides


@contextmanager
def _watched(path: Path) -> Iterator[list[float]]:
    """Note when a file changes, of the monotonic clock."""
    changes: list[float] = []
    over = threading.Event()

    def look() -> None:
        last = None
        while not over.wait(_LOOK):
            now = path.stat().st_mtime_ns
            if last is not None and now != last:
                changes.append(time.monotonic())
            last = now

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield changes
    finally:
        over.set()
        watcher.join()


def _notes(size: Size, met: int, others: int) -> tuple[str, ...]:
    return (
        f"during a flush: {size.rate:,.0f} writes a second on one connection, each due at its time, so that whoever "
        f"had to wait behind another counts too; a flush a second, of all 60 zones; {size.repetitions} times "
        f"{size.seconds:g} s. {met:,} writes came from {_BEFORE * 1000:g} ms before to {_BEHIND * 1000:g} ms after a "
        f"change of the journal's file, {others:,} did not; figures of all of them together",
    )
