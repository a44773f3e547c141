"""Round-trip times made into the few figures that are compared."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Literal

from benchmarks.table import Row

Figures = Mapping[str, float]
"""p50, p99, p99.9 and max in milliseconds, rate in requests a second."""

_SHOWN: tuple[tuple[str, str, Literal["lower", "higher"]], ...] = (
    ("rate", "1/s", "higher"),
    ("p50", "ms", "lower"),
    ("p99", "ms", "lower"),
    ("p99.9", "ms", "lower"),
    ("max", "ms", "lower"),
)
ALL = tuple(name for name, _, _ in _SHOWN)


def figures(round_trips: Sequence[float], elapsed: float) -> Figures:
    """Return the figures of these round trips, in seconds, that took `elapsed` seconds altogether."""
    ordered = sorted(round_trips)
    return {
        "p50": percentile(ordered, 0.50) * 1000,
        "p99": percentile(ordered, 0.99) * 1000,
        "p99.9": percentile(ordered, 0.999) * 1000,
        "max": ordered[-1] * 1000,
        "rate": len(ordered) / elapsed,
    }


def report(round_trips: Sequence[float], elapsed: float) -> None:
    """Print the figures as a line of JSON, for the process that waits for them."""
    print(json.dumps(figures(round_trips, elapsed)))


def rows(
    what: str, ours: Sequence[Figures], theirs: Sequence[Figures], names: Sequence[str] = ("rate", "p50", "p99")
) -> list[Row]:
    """Return a row for each of the named figures of these repetitions."""
    return [
        Row(f"{what}: {name}", unit, better, tuple(f[name] for f in ours), tuple(f[name] for f in theirs))
        for name, unit, better in _SHOWN
        if name in names
    ]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of all does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
