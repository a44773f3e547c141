"""What was measured, over time: from the database, up to this moment as long as there is a daemon to write it down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from neasmart_gateway.domain.series import BY_NUMBER, Series
from neasmart_gateway.domain.times import iso
from neasmart_gateway.errors import CallerError, GatewayError
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.manager.health import HealthReader
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.series.reading import MeasurementQueries, Recorded
from neasmart_gateway.store.series.rollup import HOUR, Bucket

DAY = 86400
MOST_POINTS = 100_000
"""Of all series of one answer together."""
_ENOUGH = 1000
"""Points of a series for which a step is chosen when none is asked for."""
_STEPS = (60, 300, 600, 900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY)


@dataclass(frozen=True, slots=True)
class Range:
    """What is wanted: from and to in Unix seconds, a step in seconds, 0 for what was recorded; None: the usual."""

    start: float | None = None
    end: float | None = None
    step: int | None = None


class Known(NamedTuple):
    """A series of which there is something: when the first and the last was recorded, Unix seconds."""

    series: Series
    first: int
    last: int


class Value(NamedTuple):
    """A recorded value, None where it ended; `at` in Unix seconds."""

    at: int
    value: float | None


class Step(NamedTuple):
    """What a value did within one step, all None where there was none; `at` in Unix seconds is its beginning."""

    at: int
    low: float | None
    mean: float | None
    high: float | None
    last: float | None


class Measured:
    """What was measured of some series within a range. `step` 0: as it was recorded. Times are Unix seconds.

    Nothing is known from `known_until` on. Rows are unpacked while they are asked for.
    """

    def __init__(
        self, series: Sequence[Series], recorded: Sequence[Recorded], start: int, end: int, step: int, known_until: int
    ) -> None:  # fmt: skip
        self.series = series
        self.start, self.end, self.step, self.known_until = start, end, step, known_until
        self._recorded = recorded

    def rows(self, number: int) -> Iterator[Value | Step]:
        """Yield the rows of the series at a place of `series`, by time."""
        series, recorded = self.series[number], self._recorded[number]
        if self.step == 0:
            for at, steps in recorded.raw(self.start, self.end, self.known_until):
                yield Value(at, None if steps is None else round(steps, 3) / series.kind.scale)
            return
        for at, bucket in recorded.buckets(self.start, self.end, self.step, self.known_until):
            yield _step(series, at, bucket)


class MeasurementReader:
    """Asks the daemon to write down what waits, then reads the file; without a daemon what the file has."""

    def __init__(
        self, queries: MeasurementQueries, link: LinkClient, health: HealthReader, memory: SharedMemory
    ) -> None:
        self._queries = queries
        self._link = link
        self._health = health
        self._memory = memory

    def known(self) -> list[Known]:
        """Return every series of which there is something; StoreError when the file cannot be read."""
        self._catch_up()
        extents = self._queries.extents()
        return [Known(BY_NUMBER[e.series], e.first, e.last) for e in extents if e.series in BY_NUMBER]

    def measured(self, series: Sequence[Series], wanted: Range) -> Measured:
        """Return what was measured. CallerError says which step to ask for when it would be too much."""
        until = self._known_until()
        now = self._now()
        end = now if wanted.end is None else wanted.end
        start = end - DAY if wanted.start is None else wanted.start
        if start >= end:
            raise CallerError(f"from {iso(start)} to {iso(end)} there is no time", field="from")
        span = ceil(end - start)
        step = _usual(span, HOUR if start < now - 14 * DAY else 0) if wanted.step is None else wanted.step
        _check(step, span, len(series))
        first, behind = int(start) // (step or 1) * (step or 1), ceil(end / (step or 1)) * (step or 1)
        recorded = self._queries.recorded([one.number for one in series], first, behind)
        _check_recorded(recorded, first, step, span)
        return Measured(series, recorded, first, behind, step, min(until, ceil(now)))

    # Inside

    def _known_until(self) -> int:
        if self._catch_up():
            return ceil(self._now())
        flushed_at = self._memory.status.read().get("database", {}).get("flushed_at")
        return int(flushed_at or 0)

    def _catch_up(self) -> bool:
        """Have what waits written down; false when that is not possible, so that what came last is not known."""
        if not self._health.daemon_alive():
            return False
        try:
            return bool(self._link.call("flush", {"samples": True}))
        except GatewayError:
            return False

    def _now(self) -> float:
        return self._health.clock() + self._memory.header.wall_offset


def _usual(span: int, least: int) -> int:
    """Return the smallest of the usual steps that makes few enough points of so many seconds."""
    enough = ceil(span / _ENOUGH)
    return next((step for step in _STEPS if step >= enough and step >= least), ceil(enough / DAY) * DAY)


def _check(step: int, span: int, series: int) -> None:
    if step and series * (span / step) > MOST_POINTS:
        _refuse(span, series)


def _check_recorded(recorded: Sequence[Recorded], start: int, step: int, span: int) -> None:
    raw_from = max((one.raw_from for one in recorded), default=0)
    if 0 < step < HOUR and raw_from > start:
        raise CallerError(
            f"before {iso(raw_from)} only hours are kept: ask for step={HOUR} or more, or for a later from",
            field="step",
        )
    if not step and sum(one.raw_count + 168 * len(one.hour_blocks) for one in recorded) > MOST_POINTS:
        _refuse(span, len(recorded))


def _refuse(span: int, series: int) -> None:
    least = ceil(series * span / MOST_POINTS)
    step = next((step for step in _STEPS if step >= least), ceil(least / DAY) * DAY)
    raise CallerError(
        f"that would be more than {MOST_POINTS:,} points: ask for step={step} or more, for less time, or fewer series",
        field="step",
    )


def _step(series: Series, at: int, bucket: Bucket) -> Step:
    kind = series.kind
    if bucket.low is None or bucket.high is None or bucket.last is None or bucket.mean is None:
        return Step(at, None, None, None, None)
    mean = kind.mean(bucket.mean * kind.fine)
    return Step(at, kind.value(bucket.low), mean, kind.value(bucket.high), kind.value(bucket.last))
