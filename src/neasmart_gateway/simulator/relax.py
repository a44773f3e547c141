"""First-order motion in fixed ticks of model time: everything in the house follows something else with a delay."""

from __future__ import annotations

from math import exp

TICK = 5.0
"""Seconds of model time that one tick of the house covers."""

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def share(seconds: float) -> float:
    """Return how much of the way to its target a thing with this time constant goes in one tick."""
    return 1.0 - exp(-TICK / seconds)
