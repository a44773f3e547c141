"""What becomes of the figures when the house grows, and when its history does; for event clients see `events`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import end_to_end, figures, growth_store, http
from benchmarks.bus_servers import Asking, Client, client, of_round_trips
from benchmarks.house import house
from benchmarks.http_load import measured
from benchmarks.processes import memory, session
from benchmarks.table import Row, Table
from benchmarks.turns import in_turns
from tests.running import Gateway

_MEGA = 1e6


@dataclass(frozen=True, slots=True)
class Size:
    """Houses of so many zones, the first of which the others are compared with; how often and how long each."""

    zones: tuple[int, ...] = (1, 12, 60)
    repetitions: int = 3
    asking: Asking = field(default_factory=Asking)
    http_seconds: float = 1.0
    ways: end_to_end.Size = field(default_factory=lambda: end_to_end.Size(times=50))
    store: growth_store.Size = field(default_factory=growth_store.Size)


LONG = Size(repetitions=10, asking=Asking(seconds=2.0, requests=100_000), http_seconds=3.0)


@dataclass(frozen=True, slots=True)
class Grown:
    """One house."""

    zones: int
    gateway: Gateway


def measure(folder: Path, size: Size | None = None) -> tuple[Table, ...]:
    """Measure houses side by side, in turns, then stores one after the other."""
    size = size or Size()
    ask, asker = client(folder)
    with ExitStack() as stack:
        houses = [Grown(zones, stack.enter_context(house(folder / str(zones), zones))) for zones in size.zones]
        rows = [row for kind in ("read", "write") for row in _on_the_bus(houses, ask, kind, size)]
        rows += _over_http(houses, size)
        rows += _end_to_end(houses, size)
        rows += _memory(houses)
    notes = (
        f"gateways side by side, one of which is asked at a time; medians of {size.repetitions} repetitions in turns",
        f"bus: one connection, {asker}. HTTP: one connection, with a key. Otherwise as those measurements say",
    )
    first = size.zones[0]
    return (Table(f"GROWTH  more zones / {first} zone{'s' * (first > 1)}", tuple(rows), notes),
            growth_store.measure(folder / "store", size.store))  # fmt: skip


def _on_the_bus(houses: Sequence[Grown], ask: Client, kind: str, size: Size) -> list[Row]:
    def asked(one: Grown) -> figures.Figures:
        return of_round_trips(ask(one.gateway.modbus_port, size.asking.of(kind, zones=one.zones)))

    return _compared(houses, asked, f"bus {kind}", size.repetitions, ("rate", "p50", "p99"))


def _over_http(houses: Sequence[Grown], size: Size) -> list[Row]:
    found = {one.zones: http.routes(one.gateway.api_port, one.zones) for one in houses}
    names = ("one zone", "zone list", "snapshot", "snapshot 304", "command")
    rows: list[Row] = []
    for number, name in enumerate(names):

        def asked(one: Grown, number: int = number) -> figures.Figures:
            port = one.gateway.api_port
            return measured(port, found[one.zones][number].of_ours(port), 1, size.http_seconds)

        rows += _compared(houses, asked, f"HTTP {name}", size.repetitions, ("p50", "p99"))
    return rows


def _compared(
    houses: Sequence[Grown], asked: Callable[[Grown], figures.Figures], what: str, repetitions: int,
    names: Sequence[str],
) -> list[Row]:  # fmt: skip
    first, *others = in_turns(repetitions, *(partial(asked, one) for one in houses))
    pairs = zip(houses[1:], others, strict=True)
    return [row for one, found in pairs for row in figures.rows(f"{one.zones} zones, {what}", found, first, names)]


def _end_to_end(houses: Sequence[Grown], size: Size) -> list[Row]:
    first, *others = (end_to_end.measured(one.gateway, size.ways, one.zones) for one in houses)
    return [
        Row(f"{one.zones} zones, {row.what}", row.unit, row.better, row.ours, of_first.ours)
        for one, rows in zip(houses[1:], others, strict=True)
        for row, of_first in zip(rows, first, strict=True)
    ]


def _memory(houses: Sequence[Grown]) -> list[Row]:
    first, *others = (sum(memory(session(one.gateway.master)).values()) / _MEGA for one in houses)
    pairs = zip(houses[1:], others, strict=True)
    return [Row(f"{one.zones} zones, memory (PSS)", "MB", "lower", (found,), (first,)) for one, found in pairs]
