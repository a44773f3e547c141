"""When a measurement becomes a point of its history: at change, at most once a minute, and at once when it ends."""

from __future__ import annotations

from collections.abc import Iterator

MINUTE = 60.0
Found = tuple[float, int | None]
"""Monotonic seconds, and the value in the steps of its series; None from there on nothing is known."""


class Sampling:
    """The rule for one series.

    The first value after a minute without one is a point at once. What comes within the minute after a point is held
    back, and the last of it becomes a point when the minute is over, with the time at which it came. An end is a point
    at once, behind what was held back. As long as a value is held back after an end, the end stands: what is live may
    be missing for a minute, what is not is never shown.
    """

    def __init__(self) -> None:
        self._told: int | None = None
        self._minute_ends = float("-inf")
        self._held: Found | None = None
        self._told_at = float("-inf")

    @property
    def waits(self) -> bool:
        """Whether a value is held back."""
        return self._held is not None

    def see(self, value: int | None, at: float) -> Iterator[Found]:
        """See what the series is at a moment; yields what becomes a point."""
        yield from self.tick(at)
        if value is None:
            yield from self._end(at)
        elif value == self._told:
            self._held = None
        elif at >= self._minute_ends:
            yield self._tell(value, at, at)
        elif self._held is None or self._held[1] != value:
            self._held = (at, value)

    def tick(self, now: float) -> Iterator[Found]:
        """Yield what was held back until now."""
        if self._held is not None and now >= self._minute_ends:
            at, value = self._held
            yield self._tell(value, at, self._minute_ends)

    def _tell(self, value: int | None, at: float, minute_from: float) -> Found:
        self._held, self._told, self._told_at = None, value, at
        self._minute_ends = minute_from + MINUTE
        return at, value

    def _end(self, at: float) -> Iterator[Found]:
        held, self._held = self._held, None
        if self._told is None:
            return  # it has ended before; what came and went within the minute is not shown
        if held is not None:
            self._told_at = held[0]
            yield held
        self._told = None
        yield max(at, self._told_at), None
