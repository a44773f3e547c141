"""What the gateway is to reach, and whether a run has reached it: one row for each target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchmarks.table import Row, aligned, figure, shown_ratio

_COLUMNS = ("", "figure", "target", "what")


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of a row of a measurement: of its ratio, of ours alone, or of what ours has more than theirs."""

    what: str
    measurement: str
    row: str
    judged: Literal["ratio", "ours", "more"]
    sense: Literal["at most", "at least"]
    bound: float

    def of(self, row: Row) -> float:
        """Return the figure that is judged."""
        if self.judged == "ratio":
            return row.ratio
        return median(row.ours) - (median(row.theirs) if self.judged == "more" else 0)

    def is_met(self, value: float) -> bool:
        """Whether this is good enough."""
        return value <= self.bound if self.sense == "at most" else value >= self.bound

    def shown(self, value: float, unit: str) -> str:
        """Return a figure, or the bound, as people read it."""
        return f"{shown_ratio(value)} ×" if self.judged == "ratio" else f"{figure(value)} {unit}".strip()


def _under_load(kind: str) -> tuple[Target, Target]:
    row = f"under HTTP load, 1 connection, {kind}: p99"
    return (
        Target(f"bus {kind} p99 under full HTTP load / idle", "bus", f"ours, {row}", "ratio", "at most", 2),
        Target(
            f"bus {kind} p99 under full HTTP load, above libmodbus's", "bus", f"libmodbus, {row}", "more", "at most", 3
        ),
    )


def _of_flask(what: str, route: str, bound: float) -> Target:
    row = f"Flask, {route}, 16 connections: rate"
    return Target(f"{what}: rate / bare Flask's", "http", row, "ratio", "at least", bound)


def _rate(kind: str) -> Target:
    row = f"pymodbus, idle, 1 connection, {kind}: rate"
    return Target(f"bus {kind} rate, 1 connection / pymodbus's server", "bus", row, "ratio", "at least", 2)


TARGETS = (
    *_under_load("read"),
    *_under_load("write"),
    Target("bus write p99 during a journal flush / without one", "bus", "ours, write during a flush: p99", "ratio",
           "at most", 1.5),
    _rate("read"),
    _rate("write"),
    _of_flask("one zone, with key, limits, metrics and logs", "one zone", 0.8),
    _of_flask("list of 60 zones", "60 zones", 0.7),
    _of_flask("snapshot", "snapshot", 0.7),
    _of_flask("snapshot, 304", "snapshot 304", 0.85),
    Target("REST write -> base can read it, p99", "end-to-end", "REST write -> base reads it: p99", "ours",
           "at most", 10),
    Target("bus write -> REST, p99", "end-to-end", "bus write -> REST: p99", "ours", "at most", 5),
    Target("bus write -> SSE, p99", "end-to-end", "bus write -> SSE: p99", "ours", "at most", 150),
    Target("bytes on disk for a register write / the sqlitedict way", "disk",
           "sqlitedict, autocommit: handed to the kernel (write_bytes)", "ratio", "at most", 0.01),
    Target("memory (PSS), one HTTP worker, all features on", "weight", "memory (PSS)", "ours", "at most", 130),
    Target("start to first answer", "weight", "start to first answer over HTTP, ready", "ours", "at most", 2.5),
    Target("CPU at rest, 60 zones at the real rate", "weight", "CPU at rest", "ours", "at most", 2),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run says about a target, by its row; there is none where it was not measured."""

    target: Target
    row: Row | None

    @property
    def figure(self) -> float | None:
        """What is judged; None when it was not measured, or when there was nothing to divide by."""
        value = math.nan if self.row is None else self.target.of(self.row)
        return None if math.isnan(value) else value

    @property
    def word(self) -> str:
        """met, not met, or that nobody knows."""
        if self.figure is None:
            return "not measured"
        return "met" if self.target.is_met(self.figure) else "NOT MET"

    def cells(self) -> tuple[str, ...]:
        """Return what stands under each column."""
        unit = "" if self.row is None else self.row.unit
        shown = "-" if self.figure is None else self.target.shown(self.figure, unit)
        return (self.word, shown, f"{self.target.sense} {self.target.shown(self.target.bound, unit)}", self.target.what)


def verdicts(found: Mapping[str, Sequence[Row]]) -> list[Verdict]:
    """Return one for each target, of the rows of each measurement."""
    rows = {(measurement, row.what): row for measurement, of_one in found.items() for row in of_one}
    return [Verdict(target, rows.get((target.measurement, target.row))) for target in TARGETS]


def render(judged: Sequence[Verdict], why_not: Mapping[str, str]) -> str:
    """Return the table; `why_not` says of a measurement why it gave no row."""
    lines = ["TARGETS  ratios are of this run; what is not a ratio depends on the machine"]
    lines += aligned([_COLUMNS, *(one.cells() for one in judged)], numbers=0)
    missing = dict.fromkeys(one.target.measurement for one in judged if one.figure is None)
    lines += [f"  * {name}: {why_not.get(name, 'has no such row on this machine, see its notes')}" for name in missing]
    met = sum(one.word == "met" for one in judged)
    return "\n".join([*lines, f"  {met} of {len(judged)} met"])
