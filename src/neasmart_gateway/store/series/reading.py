"""Reads the history of measurements from an HTTP worker: read-only, all of it still packed, unpacked bit by bit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, takewhile
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.series.codec import BadBlock, Hour, Point, Sample, check, unpack, unpack_hours
from neasmart_gateway.store.series.rollup import HOUR, Bucket, buckets
from neasmart_gateway.store.series.runs import Run, cut_into_runs, run_of, visible
from neasmart_gateway.store.series.tail import read_tail

T = TypeVar("T")
_BUSY_SECONDS = 1.0


class Runner(Protocol):
    """Runs blocking work where it holds up nobody."""

    def __call__(self, work: Callable[[], T]) -> T: ...


@dataclass(frozen=True, slots=True)
class Extent:
    """What there is of a series: the times of the first and the last that was recorded, Unix seconds."""

    series: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is kept of one series within a range of time, and what held at its beginning; packed."""

    series: int
    runs: Sequence[Run]
    hour_blocks: Sequence[bytes]
    raw_count: int
    raw_from: int
    """Before this Unix time only hours are kept; 0 when there are none in the range."""
    fine: int

    def points(self, until: int) -> Iterator[Point]:
        """Yield points by time; nothing is known from `until` on."""
        return chain(takewhile(lambda point: point[0] < until, visible(self.runs)), [(until, None)])

    def hours(self) -> list[Hour]:
        """Return the hours that were rolled up, by time; of the same hour twice the one that was made later."""
        found = {hour.number: hour for block in self.hour_blocks for hour in unpack_hours(self.series, block)}
        return [found[number] for number in sorted(found)]

    def buckets(self, start: int, end: int, step: int, until: int) -> Iterator[tuple[int, Bucket]]:
        """Yield every step from `start` on, and what the value did in it; an hour counts where it begins."""
        hours = [hour for hour in self.hours() if start <= hour.number * HOUR < end]
        next_hour = 0
        for at, raw in buckets(self.points(until), start, end, step):
            bucket = Bucket()
            while next_hour < len(hours) and hours[next_hour].number * HOUR < at + step:
                bucket.add(hours[next_hour], self.fine)
                next_hour += 1
            bucket.follow(raw)
            yield at, bucket

    def raw(self, start: int, end: int, until: int) -> Iterator[tuple[int, float | None]]:
        """Yield what was recorded, in steps of the series; of rolled-up hours the mean, and the gaps between them."""
        known_to: int | None = None
        for hour in self.hours():
            at = hour.number * HOUR
            if not start <= at < end:
                continue
            if known_to is not None and at > known_to:
                yield known_to, None
            yield at, hour.mean / self.fine
            known_to = at + HOUR
        for at, value in self.points(until):
            if known_to is not None and known_to < min(at, end):
                yield known_to, None
            known_to = None
            if start <= at < end:
                yield at, value


class MeasurementQueries:
    """Every method raises StoreError when the file cannot be read, or is not there yet."""

    def __init__(self, path: Path, run: Runner, fine: Callable[[int], int]) -> None:
        self._path = path
        self._run = run
        self._fine = fine

    def extents(self) -> list[Extent]:
        """Return every series of which there is anything, by number."""
        return self._read(_extents)

    def recorded(self, series: Sequence[int], start: int, end: int) -> list[Recorded]:
        """Return what is kept of these series from `start` until before `end`, in their order."""
        return self._read(lambda connection: _recorded(connection, series, start, end, self._fine))

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            uri = f"file:{quote(str(self._path))}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
                connection.execute("BEGIN")  # all of it as it was at one moment
                return work(connection)

        try:
            return self._run(run)
        except (sqlite3.Error, OSError, BadBlock) as error:
            raise StoreError(f"the database {self._path} cannot be read: {error}", retry_after=5.0) from error


def _extents(connection: sqlite3.Connection) -> list[Extent]:
    found: dict[int, tuple[int, int]] = {}
    for series, first, last in chain(
        connection.execute("SELECT series, min(first), max(last) FROM history_blocks GROUP BY series"),
        connection.execute("SELECT series, min(first), max(last) FROM history_hours GROUP BY series"),
        ((sample.series, sample.at, sample.at) for sample in read_tail(connection)[2]),
    ):
        before = found.get(series, (first, last))
        found[series] = min(before[0], first), max(before[1], last)
    return [Extent(series, *found[series]) for series in sorted(found)]


def _recorded(
    connection: sqlite3.Connection, wanted: Sequence[int], start: int, end: int, fine: Callable[[int], int]
) -> list[Recorded]:
    tail = read_tail(connection)[2]
    return [_one(connection, series, start, end, fine(series), tail) for series in wanted]


def _one(
    connection: sqlite3.Connection, series: int, start: int, end: int, fine: int, tail: Sequence[Sample]
) -> Recorded:
    within = (series, start, end)
    select = "SELECT seq, first, last, count, points FROM history_blocks WHERE series = ? AND last {} ORDER BY {}"
    blocks = connection.execute(select.format(">= ? AND first < ?", "seq"), within).fetchall()
    before = connection.execute(select.format("< ?", "last DESC, seq DESC LIMIT 1"), (series, start)).fetchall()
    rows = sorted([*before, *blocks], key=lambda row: row[0])
    open_runs = [run_of(run) for run in cut_into_runs([(s.at, s.value) for s in tail if s.series == series])]
    runs = [Run(first, last, partial(unpack, series, block)) for _, first, last, _, block in rows]
    hours = "SELECT last, hours FROM history_hours WHERE series = ? AND last > ? AND first < ? ORDER BY seq"
    rolled = connection.execute(hours, (series, start - HOUR, end)).fetchall()
    for block in [*(row[4] for row in rows), *(block for _, block in rolled)]:
        check(series, block)  # now, when it can still be said
    return Recorded(
        series=series,
        runs=[*runs, *open_runs],
        hour_blocks=[block for _, block in rolled],
        raw_count=sum(row[3] for row in blocks) + sum(len(run.points()) for run in open_runs),
        raw_from=max((last + HOUR for last, _ in rolled), default=0),
        fine=fine,
    )
