"""When a measurement becomes a point of its history: at change, at most once a minute, and at once when it ends."""

from __future__ import annotations

from collections.abc import Iterator

from neasmart_gateway.domain.series import SAMPLE_SECONDS

Found = tuple[float, int | None]
"""Monotonic seconds, and the value in the steps of its series; None from there on nothing is known."""


class Sampling:
    """The rule for one series.

    The first value after a minute without one is a point at once. What comes within the minute after a point is held
    back, and the last of it becomes a point when the minute is over, with the time at which it came. An end is a point
    at once, behind what was held back, and so is what comes back after it; only what ends and comes back more than once
    a minute is held back too.

    With `anew` the first that is seen is a point, an end as well: what was told before counts no longer.
    """

    def __init__(self, *, anew: bool = False) -> None:
        self._anew = anew
        self._told: int | None = None
        self._minute_ends = self._may_come_back = float("-inf")
        self._held: Found | None = None
        self._told_at = float("-inf")

    @property
    def held(self) -> Found | None:
        """What is held back: the value that there is now, and since when."""
        return self._held

    def see(self, value: int | None, at: float) -> Iterator[Found]:
        """See what the series is at a moment; yields what becomes a point."""
        yield from self.tick(at)
        if value is None:
            yield from self._end(at)
        elif value == self._told:
            self._held = None
        elif at >= self._minute_ends:
            yield self._tell(value, at, at)
        elif self._told is None and at >= self._may_come_back:
            self._may_come_back = at + SAMPLE_SECONDS
            yield self._tell(value, at, at)
        elif self._held is None or self._held[1] != value:
            self._held = (at, value)

    def tick(self, now: float) -> Iterator[Found]:
        """Yield what was held back until now."""
        if self._held is not None and now >= self._minute_ends:
            at, value = self._held
            yield self._tell(value, at, self._minute_ends)

    def _tell(self, value: int | None, at: float, minute_from: float) -> Found:
        self._held, self._told, self._told_at, self._anew = None, value, at, False
        self._minute_ends = minute_from + SAMPLE_SECONDS
        return at, value

    def _end(self, at: float) -> Iterator[Found]:
        held, self._held = self._held, None
        if self._told is None and not self._anew:
            return  # it has ended before; what came and went within the minute is not shown
        if held is not None:
            self._told_at = held[0]
            yield held
        self._told, self._anew = None, False
        yield max(at, self._told_at), None
