"""A scrape by Prometheus: a house of many zones beside one of a single zone, all of which live."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import figures, http_load
from benchmarks.house import Rest, house
from benchmarks.http_load import Request, measured
from benchmarks.real_rate import ZONES
from benchmarks.table import Table
from benchmarks.turns import in_turns

_SCRAPE = Request("/metrics")


@dataclass(frozen=True, slots=True)
class Size:
    """How often each is measured, for how many whole seconds; the zones of the larger house."""

    repetitions: int = 5
    seconds: float = 2.0
    zones: int = ZONES


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure both in turns; they run side by side, and only one is asked at a time."""
    size = size or Size()
    with house(folder / "large", size.zones) as large, house(folder / "small", 1) as small:
        sides = [partial(measured, one.api_port, _SCRAPE, 1, size.seconds) for one in (large, small)]
        found, of_one = in_turns(size.repetitions, *sides)
        with Rest(large.api_port) as rest:
            length = len(rest.ask("GET", _SCRAPE.path)[0])
    rows = figures.rows(f"a scrape of {size.zones} zones", found, of_one, ("p50", "p99"))
    return Table(f"METRICS  {size.zones} zones / 1 zone", tuple(rows), _notes(size, length))


def _notes(size: Size, length: int) -> tuple[str, ...]:
    return (
        f"one connection kept alive, from {http_load.what()}, one worker, a text of {length:,} bytes; medians of "
        f"{size.repetitions} repetitions in turns, each of {size.seconds:g} s",
    )
