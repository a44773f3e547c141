"""What was measured, over time: from the database, up to this moment as long as there is a daemon to write it down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

from neasmart_gateway.domain.series import BY_NUMBER, SAMPLE_SECONDS, Series
from neasmart_gateway.domain.times import iso
from neasmart_gateway.errors import CallerError, GatewayError
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.manager.health import HealthReader
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.series.reading import MeasurementQueries, Recorded, Sample
from neasmart_gateway.store.series.rollup import HOUR, Bucket

DAY = 86400
MOST_POINTS = 100_000
"""Of all series of one answer together."""
_ENOUGH = 1000
"""Points of a series for which a step is chosen when none is asked for."""
_ROWS_A_TURN = 100
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


class _Written(NamedTuple):
    """Until when (Unix seconds) the file has every point but those that the daemon holds back, and these."""

    until: int
    held: Sequence[Sample]


class Measured:
    """What was measured of some series within a range. `step` 0: as it was recorded. Times are Unix seconds.

    Nothing is known from `known_until` on. Rows are unpacked while they are asked for; `turn` lets others have a turn.
    """

    def __init__(
        self, series: Sequence[Series], recorded: Sequence[Recorded], start: int, end: int, step: int, known_until: int,
        turn: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.series = series
        self._turn = turn
        self.start, self.end, self.step, self.known_until = start, end, step, known_until
        self._recorded = recorded

    def rows(self, number: int) -> Iterator[Value | Step]:
        """Yield the rows of the series at a place of `series`, by time, a few at a time before others have a turn."""
        for count, row in enumerate(self._rows(number)):
            if count % _ROWS_A_TURN == 0:
                self._turn()
            yield row

    def _rows(self, number: int) -> Iterator[Value | Step]:
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
        extents = self._queries.extents(self._caught_up().held)
        return [Known(BY_NUMBER[e.series], e.first, e.last) for e in extents if e.series in BY_NUMBER]

    def measured(self, series: Sequence[Series], wanted: Range) -> Measured:
        """Return what was measured. CallerError says which step to ask for when it would be too much."""
        written, now = self._caught_up(), self._now()
        end = now if wanted.end is None else wanted.end
        start = max(end - DAY, 0.0) if wanted.start is None else wanted.start
        if start >= end:
            what = "now" if wanted.end is None else "to"
            raise CallerError(f"from, {iso(start)}, must be earlier than {what}, {iso(end)}", field="from")
        span = ceil(end - start)
        step = _usual(span, HOUR if start < now - 14 * DAY else 0) if wanted.step is None else wanted.step
        _check(step, span, len(series))
        first, behind = int(start) // (step or 1) * (step or 1), ceil(end / (step or 1)) * (step or 1)
        recorded = self._queries.recorded([one.number for one in series], first, behind, written.held)
        _check_recorded(recorded, first, step, span)
        until = min(written.until, ceil(now))
        return Measured(series, recorded, first, behind, step, until, self._queries.turn)

    # Inside

    def _caught_up(self) -> _Written:
        """Have what waits written down; without daemon or disk what the last flush had, but for what was held back."""
        found = self._asked()
        if found is not None:
            return _Written(ceil(found["at"]), tuple(Sample(*sample) for sample in found["held"]))
        flushed_at = self._memory.status.read().get("database", {}).get("flushed_at") or 0.0
        return _Written(max(int(flushed_at - SAMPLE_SECONDS), 0), ())

    def _asked(self) -> dict[str, Any] | None:
        if not self._health.daemon_alive():
            return None
        try:
            found: dict[str, Any] = self._link.call("measured", {})
        except GatewayError:
            return None
        return found if found["written"] else None

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
