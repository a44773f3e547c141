"""What a value did in a stretch of time: least, mean by time, greatest, last; of points, and of hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from neasmart_gateway.store.series.codec import Hour, Point

HOUR = 3600


@dataclass(slots=True)
class Bucket:
    """What is known of one stretch of time. `area` is value × seconds, `seconds` for how long there was a value."""

    low: int | None = None
    high: int | None = None
    last: int | None = None
    area: float = 0.0
    seconds: float = 0.0
    count: int = 0

    def hold(self, value: int | None, seconds: float) -> None:
        """Note that a value held for so long; a moment counts for the least and greatest too."""
        if value is None:
            return
        self.last = value
        self.low = value if self.low is None or value < self.low else self.low
        self.high = value if self.high is None or value > self.high else self.high
        self.area += value * seconds
        self.seconds += seconds

    def add(self, hour: Hour, fine: int) -> None:
        """Take in an hour that was rolled up."""
        self.low = hour.low if self.low is None else min(self.low, hour.low)
        self.high = hour.high if self.high is None else max(self.high, hour.high)
        self.last = hour.last
        self.area += hour.mean / fine * hour.seconds
        self.seconds += hour.seconds
        self.count += hour.points

    def follow(self, later: Bucket) -> None:
        """Take in what came later."""
        if later.low is None or later.high is None:
            return
        self.low = later.low if self.low is None else min(self.low, later.low)
        self.high = later.high if self.high is None else max(self.high, later.high)
        self.last = later.last
        self.area += later.area
        self.seconds += later.seconds
        self.count += later.count

    @property
    def mean(self) -> float | None:
        """The mean by time; that of a moment is its value."""
        if self.seconds:
            return self.area / self.seconds
        return self.low


def buckets(points: Iterable[Point], start: int, end: int, step: int) -> Iterator[tuple[int, Bucket]]:
    """Yield the beginning of every step from `start` on, which lies on one, and what the value did in it.

    Points go by time; those before `start` only say what held there. A value holds until the next point, and the last
    one until `end`.
    """
    value: int | None = None
    at, bucket, since = start, Bucket(), start
    for time, new in points:
        if time >= end:
            break
        while time >= at + step:
            _close(bucket, value, at + step - since)
            yield at, bucket
            at, bucket, since = at + step, Bucket(), at + step
        if time > since:
            _close(bucket, value, time - since)
            since = time
        value = new
        if time >= start and new is not None:
            bucket.hold(new, 0)
            bucket.count += 1
    while at < end:
        _close(bucket, value, min(at + step, end) - since)
        yield at, bucket
        at, bucket, since = at + step, Bucket(), at + step


def _close(bucket: Bucket, value: int | None, seconds: int) -> None:
    if seconds > 0:
        bucket.hold(value, seconds)


def roll_up(points: Iterable[Point], start: int, end: int, fine: int) -> list[Hour]:
    """Return the hours from `start` to `end`, both on the hour, in which there was a value."""
    return [_hour(at // HOUR, b, fine) for at, b in buckets(points, start, end, HOUR) if b.low is not None]


def _hour(number: int, bucket: Bucket, fine: int) -> Hour:
    low, high, last = bucket.low or 0, bucket.high or 0, bucket.last or 0  # none of them is None
    return Hour(number, low, round((bucket.mean or 0.0) * fine), high, last, bucket.count, round(bucket.seconds))
