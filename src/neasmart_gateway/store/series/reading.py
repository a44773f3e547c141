"""Reads the history of measurements from an HTTP worker: read-only, all of it still packed, unpacked bit by bit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, takewhile
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

from neasmart_gateway.errors import StoreError
from neasmart_gateway.store.faults import FAULTS
from neasmart_gateway.store.series.codec import BadBlock, Hour, Point, check, unpack, unpack_hours
from neasmart_gateway.store.series.codec import Sample as Sample
from neasmart_gateway.store.series.rollup import HOUR, Bucket, buckets
from neasmart_gateway.store.series.runs import Run, cut_into_runs, reach, run_at, visible
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
    """What is kept of one series within a range of time, and what held at its beginning; packed.

    `turn` lets others have a turn; it is called before each piece of work that takes some milliseconds.
    """

    series: int
    runs: Sequence[Run]
    hour_blocks: Sequence[bytes]
    raw_count: int
    raw_from: int
    """Before this Unix time only hours are kept; 0 when there are none in the range."""
    fine: int
    turn: Callable[[], None]

    def points(self, until: int) -> Iterator[Point]:
        """Yield points by time; nothing is known from `until` on."""
        return chain(takewhile(lambda point: point[0] < until, visible(self.runs)), [(until, None)])

    def hours(self) -> list[Hour]:
        """Return the hours that were rolled up, by time; of the same hour twice the one that was made later."""
        found: dict[int, Hour] = {}
        for block in self.hour_blocks:
            self.turn()
            found |= {hour.number: hour for hour in unpack_hours(self.series, block)}
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
        """Yield what held at `start`, if anything did, and what was recorded from then on, in steps of the series."""
        held: float | None = None
        is_told = False
        for at, value in chain(self._everything(until), [(end, None)]):
            if at <= start and at < end:
                held = value
                continue
            if not is_told and held is not None:
                yield start, held
            is_told = True
            if at >= end:
                return
            yield at, value

    def _everything(self, until: int) -> Iterator[tuple[int, float | None]]:
        """Yield what was recorded; of rolled-up hours the mean, and the gaps between them."""
        known_to: int | None = None
        for hour in self.hours():
            at = hour.number * HOUR
            if known_to is not None and at > known_to:
                yield known_to, None
            yield at, hour.mean / self.fine
            known_to = at + HOUR
        for at, value in self.points(until):
            if known_to is not None and known_to < at:
                yield known_to, None
            known_to = None
            yield at, value


class MeasurementQueries:
    """Every method raises StoreError when the file cannot be read, or is not there yet.

    `turn` lets others have a turn. `held` are samples that the file may not have yet: the newest of their series.
    """

    def __init__(
        self, path: Path, run: Runner, fine: Callable[[int], int], turn: Callable[[], None] = lambda: None
    ) -> None:
        self._path = path
        self._run = run
        self._fine = fine
        self.turn = turn

    def extents(self, held: Sequence[Sample] = ()) -> list[Extent]:
        """Return every series of which there is anything, by number."""
        return self._read(lambda connection: _extents(connection, held))

    def recorded(self, series: Sequence[int], start: int, end: int, held: Sequence[Sample] = ()) -> list[Recorded]:
        """Return what is kept of these series from `start` until before `end`, in their order."""

        def work(connection: sqlite3.Connection) -> list[Recorded]:
            tail = read_tail(connection)[2]
            return [_one(connection, one, (start, end), self._fine(one), (tail, held), self.turn) for one in series]

        return self._read(work)

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            uri = f"file:{quote(str(self._path))}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
                connection.execute("BEGIN")  # all of it as it was at one moment
                return work(connection)

        try:
            return self._run(run)
        except (*FAULTS, BadBlock) as error:
            raise StoreError(f"the database {self._path} cannot be read: {error}", retry_after=5.0) from error


def _extents(connection: sqlite3.Connection, held: Sequence[Sample]) -> list[Extent]:
    found: dict[int, tuple[int, int]] = {}
    for series, first, last in chain(
        connection.execute("SELECT series, min(first), max(last) FROM history_blocks GROUP BY series"),
        connection.execute("SELECT series, min(first), max(last) FROM history_hours GROUP BY series"),
        ((sample.series, sample.at, sample.at) for sample in chain(read_tail(connection)[2], held)),
    ):
        before = found.get(series, (first, last))
        found[series] = min(before[0], first), max(before[1], last)
    return [Extent(series, *found[series]) for series in sorted(found)]


def _one(
    connection: sqlite3.Connection, series: int, within: tuple[int, int], fine: int,
    unpacked: tuple[Sequence[Sample], Sequence[Sample]], turn: Callable[[], None],
) -> Recorded:  # fmt: skip
    start, end = within
    select = "SELECT seq, first, last, count FROM history_blocks WHERE series = ? ORDER BY seq"
    rows = connection.execute(select, (series,)).fetchall()
    open_runs = cut_into_runs(_unpacked(series, unpacked, rows[-1][2] if rows else None))
    spans = [(first, last) for _, first, last, _ in rows] + [(run[0][0], run[-1][0]) for run in open_runs]
    wanted = [n for n in range(len(rows)) if spans[n][0] < end and reach(n, spans) > start]
    blocks = {n: _block(connection, rows[n][0]) for n in wanted}
    hours = "SELECT last, hours FROM history_hours WHERE series = ? AND last > ? AND first < ? ORDER BY seq"
    rolled = connection.execute(hours, (series, start - HOUR, end)).fetchall()
    for block in [*blocks.values(), *(block for _, block in rolled)]:
        check(series, block)  # now, when it can still be said
    packed = [run_at(n, spans, partial(unpack, series, block)) for n, block in blocks.items()]
    opened = [run_at(len(rows) + n, spans, partial(_same, run)) for n, run in enumerate(open_runs)]
    return Recorded(
        series=series,
        runs=[*(replace(run, points=partial(_in_turn, turn, run.points)) for run in packed), *opened],
        hour_blocks=[block for _, block in rolled],
        raw_count=sum(rows[n][3] for n in wanted if spans[n][1] >= start) + sum(map(len, open_runs)),
        raw_from=max((last + HOUR for last, _ in rolled), default=0),
        fine=fine,
        turn=turn,
    )


def _unpacked(series: int, unpacked: tuple[Sequence[Sample], Sequence[Sample]], last_packed: int | None) -> list[Point]:
    """Return the points of the tail, and behind them the one that is held back unless the file has it by now."""
    tail, held = unpacked
    points: list[Point] = [(sample.at, sample.value) for sample in tail if sample.series == series]
    newest = points[-1] if points else (last_packed, None)
    more = [(sample.at, sample.value) for sample in held if sample.series == series]
    return points + [point for point in more if newest[0] is None or (point[0] >= newest[0] and point != newest)]


def _block(connection: sqlite3.Connection, seq: int) -> bytes:
    found: bytes
    (found,) = connection.execute("SELECT points FROM history_blocks WHERE seq = ?", (seq,)).fetchone()
    return found


def _in_turn(turn: Callable[[], None], points: Callable[[], Sequence[Point]]) -> Sequence[Point]:
    turn()
    return points()


def _same(points: Sequence[Point]) -> Sequence[Point]:
    return points
