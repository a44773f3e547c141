"""What becomes of start, memory, commands and a look at the past when the store holds more days."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.end_to_end import Ends
from benchmarks.figures import percentile
from benchmarks.house import Rest, tell
from benchmarks.house_life import DAY, life
from benchmarks.processes import memory, session
from benchmarks.store_of_days import Span, fill
from benchmarks.table import Row, Table
from benchmarks.turns import in_turns
from benchmarks.weight import started
from tests.wire import Master

_STORE = "data/registers.db"
_HISTORY = "/api/v1/zones/1/1/history"
_UNITS = {
    "start to first answer over HTTP, ready": "s", "memory (PSS)": "MB", "the file": "MB",
    "a zone's last day over REST: p50": "ms", "REST write -> base reads it: p99": "ms",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """Stores of so many days, the first of which the others are compared with; a house of so many zones.

    The house lives `model_days`, which are repeated. Each is asked `times`, and started `starts` times.
    """

    days: tuple[int, ...] = (1, 100, 400)
    zones: int = 60
    model_days: int = 8
    raw_days: int = 18
    times: int = 100
    starts: int = 3


def measure(folder: Path, size: Size) -> Table:
    """Make the stores, all of the same life, and start the gateway with each in turns."""
    raw = min(size.raw_days, max(size.days))
    today = int(time.time()) // DAY * DAY
    paths = [_filled(folder / str(days), days, today, size) for days in size.days]
    started_in_turns = in_turns(size.starts, *(partial(_started, path, size) for path in paths))
    found = {
        days: dict(zip(_UNITS, zip(*figures, strict=True), strict=True))
        for days, figures in zip(size.days, started_in_turns, strict=True)
    }
    first, *others = size.days
    rows = tuple(
        Row(f"{days} days, {name}", unit, "lower", found[days][name], found[first][name])
        for days in others
        for name, unit in _UNITS.items()
    )
    notes = (
        f"{size.zones} zones; the newest {raw} days minute by minute, of the others the hours, as the gateway packs "
        f"and thins them; {size.starts} starts, {size.times} looks and commands each time, in turns",
    )
    return Table(f"GROWTH  a store of more days / of {first}", rows, notes)


def _filled(folder: Path, days: int, today: int, size: Size) -> Path:
    """Make a store of so many days where a gateway in this folder keeps it."""
    path = folder / _STORE
    path.parent.mkdir(parents=True)
    raw = min(size.raw_days, days)
    span = Span(today - raw * DAY, days, raw, size.model_days)
    fill(path, list(life(size.zones, size.model_days, span.start)), span)
    return path


def _started(path: Path, size: Size) -> tuple[float, ...]:
    """Start the gateway of a store once; return the figures of that."""
    with started(path.parents[1]) as (ours, (_, ready)):
        tell(ours, size.zones)
        with Master(ours.modbus_port) as master, Rest(ours.api_port) as rest:
            both = Ends(master, rest, size.zones, count())
            commands = sorted(both.rest_to_bus() for _ in range(size.times))
            looks = sorted(_seconds(rest) for _ in range(size.times))
        weighs = sum(memory(session(ours.master)).values())
        p50, p99 = percentile(looks, 0.5) * 1000, percentile(commands, 0.99) * 1000
        return ready, weighs / 1e6, path.stat().st_size / 1e6, p50, p99


def _seconds(rest: Rest) -> float:
    began = time.perf_counter()
    rest.ask("GET", _HISTORY)
    return time.perf_counter() - began
