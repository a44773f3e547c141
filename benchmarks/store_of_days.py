"""A database as it is after so many days of a house, packed and thinned by the gateway's own steps."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.house_life import DAY
from neasmart_gateway.domain.series import fine_of
from neasmart_gateway.store.journal import Batch, Sample
from neasmart_gateway.store.series.codec import Hour, Point, pack_hours
from neasmart_gateway.store.series.ledger import HOURS_IN_A_BLOCK
from neasmart_gateway.store.series.rollup import HOUR, roll_up
from neasmart_gateway.store.sqlite import SqliteJournal

_KEEP = 400.0 * DAY
Minutes = list[list[Sample]]
"""The samples of each minute of the model days."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days that are kept, of which the newest `raw_days`, from `start` on, were recorded one by one.

    The house lives `model_days`, which are repeated. `start` is Unix time, at the beginning of an hour.
    """

    start: int
    days: int
    raw_days: int
    model_days: int


def fill(path: Path, minutes: Minutes, span: Span) -> list[float]:
    """Make the database; return how long each step of tending took, in ms."""
    steps: list[float] = []
    with closing(SqliteJournal(path)) as journal:
        journal.load(0.0)
        _write_old_hours(path, minutes, span)
        for hour in range(span.raw_days * 24):
            journal.commit(Batch(samples=_shifted(minutes, hour)), durable=False)
            steps += tended(journal, float(span.start + (hour + 1) * HOUR))
    return steps


def _shifted(minutes: Minutes, hour: int) -> list[Sample]:
    """Return the samples of an hour, of the model days over and over."""
    hours = len(minutes) // 60
    first, later = hour % hours * 60, hour // hours * len(minutes) * 60
    return [Sample(s.series, s.at + later, s.value) for minute in minutes[first : first + 60] for s in minute]


def tended(journal: SqliteJournal, now: float) -> Iterator[float]:
    """Give for each step how long it worked, in ms; what it waited for the disk or for others is not in it."""
    more = True
    while more:
        began = time.thread_time()
        more = journal.tend(now, _KEEP)
        yield (time.thread_time() - began) * 1000


def _write_old_hours(path: Path, minutes: Minutes, span: Span) -> None:
    """Write the hours of the days before, a row a week, as thinning leaves them."""
    points: dict[int, list[Point]] = defaultdict(list)
    for minute in minutes:
        for sample in minute:
            points[sample.series].append((sample.at, sample.value))
    end = span.start + len(minutes) * 60
    with closing(sqlite3.connect(path)) as connection, connection:
        for series, recorded in points.items():
            model = roll_up(recorded, span.start, end, fine_of(series))
            rows = [(series, *row) for row in _old_rows(series, model, span)]
            connection.executemany("INSERT INTO history_hours (series, first, last, hours) VALUES (?, ?, ?, ?)", rows)


def _old_rows(series: int, model: list[Hour], span: Span) -> Iterator[tuple[int, int, bytes]]:
    first = span.start // HOUR - (span.days - span.raw_days) * 24
    period = span.model_days * 24
    hours = [
        hour._replace(number=hour.number + shift)
        for shift in range(first - span.start // HOUR, 0, period)
        for hour in model
        if hour.number + shift < span.start // HOUR
    ]
    for n in range(0, len(hours), HOURS_IN_A_BLOCK):
        week = hours[n : n + HOURS_IN_A_BLOCK]
        yield week[0].number * HOUR, week[-1].number * HOUR, pack_hours(series, week)
