"""The history of measurements: how big it gets, what it writes, how long a look at it and a step of its upkeep take."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.house_life import DAY, MINUTES, life, series_of
from benchmarks.store_of_days import Minutes, Span, fill, tended
from benchmarks.table import Row, Table
from benchmarks.written import Written, is_counted, settle
from neasmart_gateway.domain.series import BY_SERIES_NAME, fine_of
from neasmart_gateway.store.journal import Batch, Remembered
from neasmart_gateway.store.series.reading import MeasurementQueries
from neasmart_gateway.store.series.rollup import HOUR
from neasmart_gateway.store.sqlite import SqliteJournal

_TITLE = "HISTORY  of measurements, ours / a row of time, series and value for each sample, with an index"
_START = 1_767_225_600
_PLAIN = (
    "CREATE TABLE samples (at INTEGER NOT NULL, series INTEGER NOT NULL, value INTEGER); "
    "CREATE INDEX samples_by_series ON samples (series, at);"
)


@dataclass(frozen=True, slots=True)
class Size:
    """Days that are kept, of which the newest `raw_days` were recorded one by one; houses of so many zones.

    The house lives `model_days`, more than a row of hours holds, which are repeated; of older days the hours are
    written as the gateway makes them.
    """

    days: int = 400
    raw_days: int = 18
    zones: tuple[int, ...] = (12, 60)
    model_days: int = 8
    repetitions: int = 5


@dataclass(frozen=True, slots=True)
class _Measured:
    zones: int
    samples_a_day: float
    size: int
    plain_size: float
    day: list[float]
    plain_day: list[float]
    year: list[float]
    year_of_all: float
    steps: list[float]
    a_day_written: float | None

    def rows(self, days: int) -> list[Row]:
        name = f"{self.zones} zones"
        return [
            Row(f"{name}, {days} days: the file", "MB", "lower", (self.size / 1e6,), (self.plain_size / 1e6,)),
            Row(f"{name}: all of a series' day", "ms", "lower", tuple(self.day), tuple(self.plain_day)),
        ]

    def notes(self, days: int) -> list[str]:
        written = "not counted here" if self.a_day_written is None else f"{self.a_day_written / 1e6:.2f} MB a day"
        return [
            f"{self.zones} zones: {self.samples_a_day:,.0f} samples a day; {self.size / days * 365 / 1e6:.1f} MB a "
            f"year while it grows; written to disk because of it: {written}",
            f"{self.zones} zones: a series' year in 1000 steps {median(self.year):.0f} ms, "
            f"{days} days of 12 series {self.year_of_all:.0f} ms",
            f"{self.zones} zones: {len(self.steps)} steps of packing, thinning and forgetting, "
            f"median {median(self.steps):.1f} ms, longest {max(self.steps):.1f} ms of work",
        ]


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure each house."""
    size = size or Size()
    found = [_measured(folder, zones, size) for zones in size.zones]
    rows = tuple(row for one in found for row in one.rows(size.days))
    return Table(_TITLE, rows, (*(note for one in found for note in one.notes(size.days)), *_notes(size)))


def _measured(folder: Path, zones: int, size: Size) -> _Measured:
    minutes = list(life(zones, size.model_days, _START))
    samples = sum(map(len, minutes))
    path, plain = folder / f"ours-{zones}.db", folder / f"plain-{zones}.db"
    steps = fill(path, minutes, Span(_START, size.days, size.raw_days, size.model_days))
    plain_bytes = _fill_plainly(plain, minutes)
    end = _START + size.raw_days * DAY
    queries = MeasurementQueries(path, lambda work: work(), fine_of)
    number = BY_SERIES_NAME["zone.1.1.temperature"].number
    a_dozen = [one.number for one in series_of(zones)][:12]
    times = range(size.repetitions)
    return _Measured(
        zones=zones,
        samples_a_day=samples / size.model_days,
        size=path.stat().st_size,
        plain_size=plain_bytes / size.model_days * size.days,
        day=[_ms(lambda: _look(queries, [number], end - DAY, end, 60)) for _ in times],
        plain_day=[_ms(lambda: _look_plainly(plain, number)) for _ in times],
        year=[_ms(lambda: _look(queries, [number], end - 365 * DAY, end, 9 * HOUR)) for _ in times],
        year_of_all=_ms(lambda: _look(queries, a_dozen, end - size.days * DAY, end, 12 * HOUR)),
        steps=steps,
        a_day_written=_written_a_day(folder / f"day-{zones}", minutes) if is_counted(folder) else None,
    )


def _fill_plainly(path: Path, minutes: Minutes) -> int:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_PLAIN)
        rows = [(s.at, s.series, s.value) for minute in minutes for s in minute]
        connection.executemany("INSERT INTO samples VALUES (?, ?, ?)", rows)
    return path.stat().st_size


def _written_a_day(folder: Path, minutes: Minutes) -> float:
    """Return how many bytes more are written in a day, a flush a minute, with a history than without."""
    folder.mkdir()
    day = minutes[:MINUTES]
    with_it, without = (_written(folder, name, day) for name in ("with", "without"))
    return float(with_it - without) * MINUTES / len(day)


def _written(folder: Path, name: str, day: Minutes) -> int:
    own = folder / name
    own.mkdir()
    with closing(SqliteJournal(own / "registers.db")) as journal:
        journal.load(0.0)
        before = Written.by("self")
        for number, minute in enumerate(day):
            registers = [Remembered(s.series, (s.value or 0) & 0xFFFF, float(s.at)) for s in minute]
            journal.commit(Batch(registers, samples=minute if name == "with" else ()), durable=False)
            if number % 60 == 59:
                list(tended(journal, float(_START + number * 60)))
            settle(own)
        return Written.by("self").since(before).gross


def _look(queries: MeasurementQueries, series: list[int], start: int, end: int, step: int) -> None:
    for one in queries.recorded(series, start // step * step, end):
        assert [*one.buckets(start // step * step, end, step, end)][-1][1].low is not None or series[1:]


def _look_plainly(path: Path, series: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        select = "SELECT at, value FROM samples WHERE series = ? AND at >= ? AND at < ? ORDER BY at"
        rows = connection.execute(select, (series, _START, _START + DAY)).fetchall()
    at, sums = _START, defaultdict(list)
    for at, value in rows:
        sums[at // 60].append(value)
    assert {minute: (min(v), sum(v) / len(v), max(v), v[-1]) for minute, v in sums.items()}


def _ms(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _notes(size: Size) -> tuple[str, ...]:
    return (
        f"the simulated house, whose thermostats tremble by 0.03 K so that nearly every minute has a change, lives "
        f"{size.model_days} days, which are repeated; the newest {size.raw_days} of {size.days} days were recorded an "
        "hour at a time, packed and thinned by the gateway's own steps; of the older ones the hours were written",
        f"theirs: the size of {size.model_days} days of plain rows, by {size.days} days: there is no thinning in it",
        "written to disk: a day, flush by flush with a sync behind each, of the journal with and without a history",
        "a step begins nothing more after 1 ms; whoever writes a command down waits for one step at most. "
        "What a step waits for the disk is not counted: a commit, and now and then the checkpoint of the log",
    )
