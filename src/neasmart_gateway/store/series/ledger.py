"""Writes the history of measurements into the database: a tail that grows, blocks packed from it, hours made of them.

All of it happens in the journal's thread, in steps that are over in a few milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

from neasmart_gateway.store.series.codec import (
    BadBlock,
    Hour,
    Point,
    Sample,
    pack,
    pack_hours,
    pack_samples,
    unpack,
    unpack_hours,
)
from neasmart_gateway.store.series.rollup import HOUR, roll_up
from neasmart_gateway.store.series.runs import Run, cut_into_runs, run_at, visible
from neasmart_gateway.store.series.tail import read_tail

DAY = 86400
RAW_DAYS = 14
TAIL_SAMPLES, TAIL_ROWS = 20_000, 1440
"""How much the tail holds, at most, before it is packed into blocks: about a day of a house of ordinary size.

What is a day old is packed anyhow: what is made into hours, which is older, must not lie in the tail still."""
HOURS_IN_A_BLOCK = 168
_POINTS = 1500
"""Points of a block: more than a day has."""
_ROWS_AT_ONCE = 50
_STEP_SECONDS = 0.001
"""After this much time a step begins nothing more."""


@dataclass(slots=True)
class _Round:
    """What is to be done, thing by thing: series to pack, the tail row behind which nothing may go, series to thin."""

    to_pack: list[int] = field(default_factory=list)
    packed_tail: int = 0
    to_thin: list[int] = field(default_factory=list)


class Ledger:
    """Keeps in memory what the tail holds, so that packing reads nothing. `fine` tells how exactly a mean is kept.

    After any error `forget` must be called: what was in memory may not be what is in the file.
    """

    def __init__(self, fine: Callable[[int], int], clock: Callable[[], float] = perf_counter) -> None:
        self._fine = fine
        self._clock = clock
        self._open: dict[int, list[Point]] | None = None
        self._samples = self._oldest = self._newest = 0
        self._round: _Round | None = None

    def forget(self) -> None:
        """Read the tail anew before the next use."""
        self._open, self._round = None, None

    def append(self, connection: sqlite3.Connection, samples: Sequence[Sample]) -> None:
        """Write samples down as one row, within the caller's transaction."""
        if not samples:
            return
        held = self._held(connection)
        ordered = sorted(samples, key=lambda sample: sample.series)  # those of one series keep their order
        row = connection.execute("INSERT INTO history_tail (samples) VALUES (?)", (pack_samples(ordered),))
        self._newest = row.lastrowid or 0
        self._oldest = self._oldest or self._newest
        for sample in ordered:
            held.setdefault(sample.series, []).append((sample.at, sample.value))
        self._samples += len(ordered)

    def unbroken(self, connection: sqlite3.Connection) -> list[Sample]:
        """Return where the series break off that ended with a value: at the last value that was written down at all.

        All of these were recorded by the same clock: every series ends when it is set.
        """
        ends = [sample for sample in self._ends(connection) if sample.value is not None]
        alive = max((sample.at for sample in ends), default=0)
        return [Sample(sample.series, alive, None) for sample in ends]

    def tend(self, connection: sqlite3.Connection, now: float, keep_seconds: float) -> bool:
        """Pack, thin out and forget a little; false when there is nothing left to do for now."""
        until = self._clock() + _STEP_SECONDS
        thin_before = int(now - min(RAW_DAYS * DAY, keep_seconds)) // HOUR * HOUR
        if self._round is None:
            self._round = self._planned(connection, now, thin_before)
        while self._one_thing(connection, self._round, thin_before, int(now - keep_seconds)):
            if self._clock() >= until:
                return True
        self._round = None
        return False

    # Inside

    def _held(self, connection: sqlite3.Connection) -> dict[int, list[Point]]:
        if self._open is None:
            self._open, self._samples = {}, 0
            self._oldest, self._newest, samples = read_tail(connection)
            for sample in samples:
                self._open.setdefault(sample.series, []).append((sample.at, sample.value))
                self._samples += 1
        return self._open

    def _ends(self, connection: sqlite3.Connection) -> list[Sample]:
        held = self._held(connection)
        ends = [Sample(series, *points[-1]) for series, points in held.items()]
        newest = "SELECT max(seq) FROM history_blocks GROUP BY series"
        rows = connection.execute(f"SELECT series, points FROM history_blocks WHERE seq IN ({newest})")  # noqa: S608
        blocks = [(series, _readable(series, block)) for series, block in rows if series not in held]
        return ends + [Sample(series, *points[-1]) for series, points in blocks if points]

    def _planned(self, connection: sqlite3.Connection, now: float, thin_before: int) -> _Round:
        held, plan = self._held(connection), _Round()
        is_old = any(points[0][0] <= now - DAY for points in held.values())
        if is_old or self._samples >= TAIL_SAMPLES or self._newest - self._oldest >= TAIL_ROWS:
            plan.to_pack, plan.packed_tail = list(held), self._newest
        due = "SELECT DISTINCT series FROM history_blocks WHERE first <= ?"
        plan.to_thin = [series for (series,) in connection.execute(due, (thin_before - DAY,))]
        return plan

    def _one_thing(self, connection: sqlite3.Connection, plan: _Round, thin_before: int, keep_from: int) -> bool:
        """Do one thing that is to be done; false when all is done."""
        if plan.to_pack:
            self._pack(connection, plan.to_pack.pop())
        elif plan.packed_tail:
            self._cut_tail(connection, plan)
        elif plan.to_thin:
            if not self._thin(connection, plan.to_thin[-1], thin_before):
                plan.to_thin.pop()
        else:
            return _forget_hours(connection, keep_from)
        return True

    def _pack(self, connection: sqlite3.Connection, series: int) -> None:
        points = self._held(connection).pop(series, [])
        self._samples -= len(points)
        runs = [run[n : n + _POINTS] for run in cut_into_runs(points) for n in range(0, len(run), _POINTS)]
        rows = [(series, run[0][0], run[-1][0], len(run), self._newest, pack(series, run)) for run in runs]
        columns = "(series, first, last, count, upto, points) VALUES (?, ?, ?, ?, ?, ?)"
        connection.executemany(f"INSERT INTO history_blocks {columns}", rows)

    def _cut_tail(self, connection: sqlite3.Connection, plan: _Round) -> None:
        """Take the oldest rows away, all of which are in blocks."""
        end = min(plan.packed_tail, self._oldest + _ROWS_AT_ONCE - 1)
        connection.execute("DELETE FROM history_tail WHERE seq <= ?", (end,))
        self._oldest = end + 1
        if end == plan.packed_tail:
            plan.packed_tail = 0

    def _thin(self, connection: sqlite3.Connection, series: int, before: int) -> bool:
        """Make hours of a day of one series; false when there is no whole day left to make them of."""
        (first,) = connection.execute("SELECT min(first) FROM history_blocks WHERE series = ?", (series,)).fetchone()
        if first is None or first > before - DAY:
            return False
        start = first // HOUR * HOUR
        end = start + DAY
        blocks = _blocks(connection, series, end, self._held(connection).get(series, []))
        points = visible([block.run for block in blocks if block.run is not None])
        _add_hours(connection, series, roll_up(points, start, end, self._fine(series)))
        _leave_rest(connection, series, blocks, end)
        return True


@dataclass(frozen=True, slots=True)
class _Block:
    """A row of blocks; one that cannot be read has no run."""

    seq: int
    run: Run | None


def _blocks(connection: sqlite3.Connection, series: int, end: int, tail: Sequence[Point]) -> list[_Block]:
    """Return the blocks that begin before a moment; how far they reach is seen from all that there is of the series."""
    select = "SELECT seq, points FROM history_blocks WHERE series = ? AND first < ? ORDER BY seq"
    found = {seq: _readable(series, block) for seq, block in connection.execute(select, (series, end))}
    every = connection.execute("SELECT seq, first, last FROM history_blocks WHERE series = ? ORDER BY seq", (series,))
    rows = [(seq, (first, last)) for seq, first, last in every if found.get(seq, True)]
    spans = [span for _, span in rows] + [(run[0][0], run[-1][0]) for run in cut_into_runs(tail)]
    numbers = {seq: number for number, (seq, _) in enumerate(rows)}
    return [
        _Block(seq, run_at(numbers[seq], spans, partial(_same, points)) if points else None)
        for seq, points in found.items()
    ]


def _same(points: list[Point]) -> list[Point]:
    return points


def _readable(series: int, block: bytes) -> list[Point]:
    """Return the points of a block, none when it cannot be read: then nothing can be made of it any more."""
    try:
        return unpack(series, block)
    except BadBlock:
        return []


def _leave_rest(connection: sqlite3.Connection, series: int, blocks: Sequence[_Block], end: int) -> None:
    """Leave of each block what it says from a moment on, so that all of them together say there what they said."""
    older_is_left = False
    for n, block in enumerate(blocks):
        later = [other.run for other in blocks[n + 1 :] if other.run is not None]
        rest = [] if block.run is None else _rest(block.run, later, end, hides=older_is_left)
        if not rest:
            connection.execute("DELETE FROM history_blocks WHERE seq = ?", (block.seq,))
            continue
        older_is_left = True
        values = (rest[0][0], rest[-1][0], len(rest), pack(series, rest), block.seq)
        connection.execute("UPDATE history_blocks SET first = ?, last = ?, count = ?, points = ? WHERE seq = ?", values)


def _rest(run: Run, later: Sequence[Run], end: int, *, hides: bool) -> list[Point]:
    """Return what a run says from a moment on, with what it held there; nothing when later ones hide all of it."""
    if any(other.first <= end and other.until >= run.until for other in later):
        return []
    rest = [point for point in run.points() if point[0] >= end]
    held = next(value for at, value in reversed(run.points()) if at < end)
    if run.until > end and (held is not None or hides) and not (rest and rest[0][0] == end):
        return [(end, held), *rest]
    return rest


def _add_hours(connection: sqlite3.Connection, series: int, hours: Sequence[Hour]) -> None:
    """Put hours behind those that there are, or into a row of their own when that is full, or the clock went back."""
    if not hours:
        return
    newest = "SELECT seq, last, hours FROM history_hours WHERE series = ? ORDER BY last DESC LIMIT 1"
    row = connection.execute(newest, (series,)).fetchone()
    there: list[Hour] = []
    if row is not None and row[1] < hours[0].number * HOUR:
        try:
            there = unpack_hours(series, row[2])
        except BadBlock:
            there = []
    if there and len(there) + len(hours) <= HOURS_IN_A_BLOCK:
        block = pack_hours(series, [*there, *hours])
        connection.execute(
            "UPDATE history_hours SET last = ?, hours = ? WHERE seq = ?", (hours[-1].number * HOUR, block, row[0])
        )
    else:
        values = (series, hours[0].number * HOUR, hours[-1].number * HOUR, pack_hours(series, hours))
        connection.execute("INSERT INTO history_hours (series, first, last, hours) VALUES (?, ?, ?, ?)", values)


def _forget_hours(connection: sqlite3.Connection, keep_from: int) -> bool:
    old = f"SELECT seq FROM history_hours WHERE last + {HOUR} <= ? LIMIT {_ROWS_AT_ONCE}"  # noqa: S608
    return connection.execute(f"DELETE FROM history_hours WHERE seq IN ({old})", (keep_from,)).rowcount > 0  # noqa: S608
