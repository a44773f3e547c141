"""A scrape by Prometheus: a house of many zones beside one of a single zone, all of which live."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import figures
from benchmarks.figures import Figures
from benchmarks.real_rate import minute
from benchmarks.servers import ask, gateway
from benchmarks.table import Table
from benchmarks.turns import in_turns
from tests.running import Gateway
from tests.wire import Master

_PATH = "/metrics"
_SPARE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Size:
    """How often each is measured, and how long: until either limit is reached; the zones of the larger house."""

    repetitions: int = 5
    requests: int = 200
    seconds: float = 2.0
    zones: int = 60


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure both in turns; they run side by side, and only one is asked at a time."""
    size = size or Size()
    with _house(folder / "large", size.zones) as large, _house(folder / "small", 1) as small:
        both = in_turns(size.repetitions, lambda: _scrapes(large, size), lambda: _scrapes(small, size))
        length = len(large.get(_PATH).text)
    rows = figures.rows(f"a scrape of {size.zones} zones", *both, ("p50", "p99"))
    return Table(f"metrics  {size.zones} zones / 1 zone", tuple(rows), _notes(size, length))


@contextmanager
def _house(folder: Path, zones: int) -> Iterator[Gateway]:
    with gateway(folder, NEASMART_WORKERS="1", NEASMART_API_RATE_LIMIT_PER_MINUTE="1000000") as ours:
        with Master(ours.modbus_port) as master:
            for address, word in minute(0, zones):
                master.write(240, address, [word])
        yield ours


def _scrapes(ours: Gateway, size: Size) -> Figures:
    limits = size.requests, size.seconds
    seconds = size.seconds + _SPARE_SECONDS
    return ask("benchmarks.children.http_client", ours.api_port, _PATH, 1, *limits, seconds=seconds)


def _notes(size: Size, length: int) -> tuple[str, ...]:
    return (
        f"one connection kept alive, one worker, a text of {length:,} bytes; medians of {size.repetitions} repetitions "
        f"in turns, each of {size.requests} scrapes or {size.seconds:g} s.",
    )
