"""When the base polls which unit, and when it publishes which part of the house."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import cycle

from neasmart_gateway.simulator.requests import Read

UNITS = (240, 241)
"""The base polls both, in turn (docs/protocol.md §1)."""

POLL_PERIOD = 1.0
PUBLISH_PERIOD = 55.0
"""Seconds in which everything is published once: about 300 writes a minute for 60 zones (docs/protocol.md §6)."""


class Schedule:
    """Deals out polls and publications as they fall due, in turn, so that neither starves the other.

    A poll of a unit reads every command register once. What cannot be kept up with is left out, never piled up.
    """

    def __init__(self, polled: Sequence[range], published: Sequence[Sequence[range]]) -> None:
        self._polled = polled
        self._published = cycle(published)
        self._gap = PUBLISH_PERIOD / len(published)
        self._publish_due = self._gap
        self._poll_due = {unit: number * POLL_PERIOD / len(UNITS) for number, unit in enumerate(UNITS)}
        self._reads: deque[Read | range] = deque()
        self._runs: deque[Read | range] = deque()
        self._turns = deque((self._reads, self._runs))

    def next(self, now: float) -> Read | range | None:
        """Return the next read, or the next run to publish; None when nothing is due at `now`."""
        self._begin_poll(now)
        self._begin_publication(now)
        self._turns.rotate()
        return next((queue.popleft() for queue in self._turns if queue), None)

    def wait(self, now: float) -> float:
        """Return in how many seconds something falls due."""
        if self._reads or self._runs:
            return 0.0
        return max(0.0, min(self._publish_due, *self._poll_due.values()) - now)

    def _begin_poll(self, now: float) -> None:
        unit, due = min(self._poll_due.items(), key=lambda item: item[1])
        if due <= now and not self._reads:
            self._reads.extend(Read(unit, run) for run in self._polled)
            self._poll_due[unit] = max(due + POLL_PERIOD, now)

    def _begin_publication(self, now: float) -> None:
        if self._publish_due <= now and not self._runs:
            self._runs.extend(next(self._published))
            self._publish_due = max(self._publish_due + self._gap, now)
