"""The history in the file is what was recorded: packed, thinned out and forgotten in small steps, crash or no crash."""

from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from neasmart_gateway.domain.series import fine_of
from neasmart_gateway.errors import StoreError
from neasmart_gateway.store import upkeep
from neasmart_gateway.store.journal import Batch, Sample
from neasmart_gateway.store.salvage import salvage
from neasmart_gateway.store.series import ledger as ledger_module
from neasmart_gateway.store.series.ledger import DAY, RAW_DAYS
from neasmart_gateway.store.series.reading import MeasurementQueries
from neasmart_gateway.store.series.rollup import HOUR, buckets
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.files import ask, tell

START = 1_767_225_600
"""On the hour, and on the day."""
KEEP = 400.0 * DAY
A, B = 102, 110


@pytest.fixture
def queries(path: Path) -> MeasurementQueries:
    return MeasurementQueries(path, lambda work: work(), fine_of)


@pytest.fixture(autouse=True)
def small_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tail that is packed after fifty rows, and steps that do one thing each."""
    monkeypatch.setattr(ledger_module, "TAIL_ROWS", 50)
    monkeypatch.setattr(ledger_module, "_STEP_SECONDS", -1.0)


def recorded(days: int, seed: int = 1) -> list[Sample]:
    """Two series of so many days, with gaps."""
    dice, at, found = Random(seed), {A: START, B: START}, []
    while min(at.values()) < START + days * DAY:
        series = min(at, key=lambda one: at[one])
        value = None if dice.random() < 0.05 else dice.randrange(1800, 2200)
        found.append(Sample(series, at[series], value))
        at[series] += dice.randrange(60, 7200)
    return found


def write(journal: SqliteJournal, samples: list[Sample], rows: int = 5) -> None:
    for n in range(0, len(samples), rows):
        journal.commit(Batch(samples=samples[n : n + rows]), durable=False)


def tend(journal: SqliteJournal, now: float, keep: float = KEEP) -> int:
    """Let it be tended until all is done, twice, as what was packed may be old at once; returns the steps."""
    steps = 0
    for _ in range(2):
        while journal.tend(now, keep):
            steps += 1
            assert steps < 100_000
    return steps


def of(samples: list[Sample], series: int) -> list[tuple[int, int | None]]:
    return [(sample.at, sample.value) for sample in samples if sample.series == series]


def points(queries: MeasurementQueries, series: int, end: int = START + 1000 * DAY) -> list[tuple[int, int | None]]:
    (found,) = queries.recorded([series], 0, end)
    return [*found.points(end)][:-1]


def in_steps(queries: MeasurementQueries, series: int, step: int, end: int) -> list[tuple]:
    (found,) = queries.recorded([series], START, end)
    return [
        (at, b.low, b.high, b.last, b.count, b.mean and round(b.mean)) for at, b in found.buckets(START, end, step, end)
    ]


def naive_steps(samples: list[tuple[int, int | None]], step: int, end: int) -> list[tuple]:
    """What a look at every point would tell."""
    return [
        (at, b.low, b.high, b.last, b.count, b.mean and round(b.mean)) for at, b in buckets(samples, START, end, step)
    ]


def test_what_is_in_the_tail_is_read(sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """Without any packing."""
    samples = recorded(2)
    write(sqlite_journal, samples)
    assert points(queries, A) == of(samples, A)
    assert points(queries, B) == of(samples, B)


def test_packing_changes_nothing(path: Path, sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """After every single step, with samples between the steps, and after a restart in the middle of it."""
    samples = recorded(13)
    written: list[Sample] = []
    for n in range(0, len(samples), 5):
        write(sqlite_journal, samples[n : n + 5])
        written += samples[n : n + 5]
        if n % 3 == 0:
            sqlite_journal.tend(START + 13.0 * DAY, KEEP)
        if n % 35 == 0:
            sqlite_journal.close()
        assert points(queries, A) == of(written, A)
    assert ask(path, "SELECT count(*) FROM history_blocks") != 0
    assert points(queries, B) == of(samples, B)


def test_after_fourteen_days_there_are_hours(
    path: Path, sqlite_journal: SqliteJournal, queries: MeasurementQueries
) -> None:
    """They tell the same of every hour and of every day, whatever of it is rolled up; younger points stay."""
    days = 40
    samples, end = recorded(days), START + days * DAY
    write(sqlite_journal, samples)
    tend(sqlite_journal, float(end))
    assert ask(path, "SELECT count(*) FROM history_hours") != 0
    for series in (A, B):
        for step in (HOUR, DAY):
            found, naive = in_steps(queries, series, step, end), naive_steps(of(samples, series), step, end)
            assert [row[:4] for row in found] == [row[:4] for row in naive]
            for row, other in zip(found, naive, strict=True):
                assert 0 <= row[4] - other[4] <= 1  # what holds at the beginning of a day counts
                assert abs((row[5] or 0) - (other[5] or 0)) <= 1
        young = end - RAW_DAYS * DAY
        kept = [point for point in points(queries, series) if point[0] > young]
        assert kept == [point for point in of(samples, series) if point[0] > young]
    assert upkeep.check(path).faults == []


def test_a_value_that_never_changes_goes_on(sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """A setpoint of last year is known for every hour since."""
    sqlite_journal.commit(Batch(samples=[Sample(A, START, 2100)]), durable=False)
    write(sqlite_journal, [Sample(B, START + n, n) for n in range(300)])
    end = START + 100 * DAY
    tend(sqlite_journal, float(end))
    found = in_steps(queries, A, HOUR, end)
    assert len(found) == 2400
    assert {row[1:4] for row in found} == {(2100, 2100, 2100)}


def test_what_is_too_old_is_forgotten(path: Path, sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """Hours go when all of their row is older than is kept; what is kept is as before."""
    samples, end = recorded(40), START + 40 * DAY
    write(sqlite_journal, samples)
    tend(sqlite_journal, float(end))
    tend(sqlite_journal, float(end), 20.0 * DAY)
    assert ask(path, "SELECT min(last) FROM history_hours") >= end - 20 * DAY - HOUR
    found, naive = in_steps(queries, A, DAY, end), naive_steps(of(samples, A), DAY, end)
    assert [row[:4] for row in found[-20:]] == [row[:4] for row in naive[-20:]]


def test_a_step_is_bounded(sqlite_journal: SqliteJournal) -> None:
    """However much is to be done, a step packs one series, thins one of its days, or deletes fifty rows."""
    write(sqlite_journal, recorded(40))
    changed: list[int] = []
    sqlite_journal.load(0.0)
    connection = sqlite_journal._connection
    assert connection is not None
    for _ in range(2):
        while True:
            before = connection.total_changes
            more = sqlite_journal.tend(START + 400.0 * DAY, 30.0 * DAY)
            changed.append(connection.total_changes - before)
            if not more:
                break
    assert max(changed) <= 50
    assert len(changed) > 40


def test_thinning_stops_half_way(sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """After each step, and a restart behind it, the days tell what they told."""
    samples, end = recorded(30), START + 30 * DAY
    write(sqlite_journal, samples)
    naive = [row[:4] for row in naive_steps(of(samples, A), DAY, end)]
    more = True
    while more:
        more = sqlite_journal.tend(float(end), KEEP)
        sqlite_journal.close()
        assert [row[:4] for row in in_steps(queries, A, DAY, end)] == naive


def test_a_clock_that_was_set_back(path: Path, sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """What was recorded later counts in the time that came twice, packed or not; nothing is lost before or behind."""
    before = [Sample(A, START + 60 * n, 100 + n) for n in range(100)]
    after = [Sample(A, START + 3000 + 60 * n, 500 + n) for n in range(200)]
    wanted = of(before[:50], A) + of(after, A)
    write(sqlite_journal, before + after)
    assert points(queries, A) == wanted
    tend(sqlite_journal, START + DAY)
    assert ask(path, "SELECT count(*) FROM history_blocks") == 2
    assert points(queries, A) == wanted


def set_back(by: int) -> list[Sample]:
    """A day of a value that changes, a clock that is set back, then one that holds for days; another goes on."""
    before = [Sample(A, START + 600 * n, 100 + n % 7) for n in range(144)]
    ends = START + DAY + 30
    after = [Sample(A, ends, None), Sample(A, ends - by, 500)]
    return [*before, *after, *(Sample(B, START + DAY + 600 * n, n % 5) for n in range(20 * 144))]


@pytest.mark.parametrize("by", [3, 20_000])
def test_a_value_that_holds_after_the_clock_was_set_back(
    sqlite_journal: SqliteJournal, queries: MeasurementQueries, by: int
) -> None:
    """It is there in the tail, in blocks, and in hours; for a reader of its middle too."""
    samples, began, end = set_back(by), START + DAY + 30 - by, START + 21 * DAY
    write(sqlite_journal, samples)
    for tended in (False, True):
        if tended:
            tend(sqlite_journal, float(end))
        for start in (began, began + 1, began + 3600, START + 15 * DAY):
            (found,) = queries.recorded([A], start // HOUR * HOUR, end)
            steps = [*found.buckets(start // HOUR * HOUR, end, HOUR, end)]
            assert {bucket.last for _, bucket in steps} == {500}
            assert {bucket.seconds for _, bucket in steps[1:]} == {HOUR}


def test_a_machine_that_boots_with_the_clock_of_last_week(
    sqlite_journal: SqliteJournal, queries: MeasurementQueries
) -> None:
    """For half a minute; what held before goes on behind it, in points and in hours."""
    week, end = 7 * DAY, START + 40 * DAY
    lost = [Sample(A, START + 2 * week, None), Sample(A, START + week, 9), Sample(A, START + week + 30, None)]
    write(sqlite_journal, [Sample(A, START, 5), *lost, Sample(A, START + 2 * week + 60, 6)])
    wanted = [(START, 5), (START + week, 9), (START + week + 30, 5), (START + 2 * week, None)]
    assert points(queries, A) == [*wanted, (START + 2 * week + 60, 6)]
    tend(sqlite_journal, float(end))
    found = {(at - START) // DAY: (low, last) for at, low, _, last, _, _ in in_steps(queries, A, DAY, end)}
    assert {found[day] for day in range(14) if day != 7} == {(5, 5)}
    assert (found[7], {found[day] for day in range(14, 40)}) == ((5, 5), {(6, 6)})


def test_a_gap_after_a_crash_goes_by_the_clock_of_its_series(sqlite_journal: SqliteJournal) -> None:
    """And not by one that was set back before: the value would be told for the time between."""
    write(sqlite_journal, [Sample(B, START + 7 * DAY, 3), Sample(B, START + 7 * DAY + 9, None), Sample(A, START, 1)])
    assert sqlite_journal.load(0.0).broken_off == [Sample(A, START, None)]


def test_a_house_so_quiet_that_its_tail_is_old(
    sqlite_journal: SqliteJournal, queries: MeasurementQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its days are made of all that was recorded, though the tail takes a month to have many rows."""
    monkeypatch.setattr(ledger_module, "TAIL_ROWS", 240)
    days = 55
    samples = [Sample(A, START + n * DAY // 8, n) for n in range(8 * days)]
    for n, sample in enumerate(samples):
        write(sqlite_journal, [sample])
        if n % 8 == 7:
            tend(sqlite_journal, float(sample.at))
    end = START + days * DAY
    found, naive = in_steps(queries, A, DAY, end), naive_steps(of(samples, A), DAY, end)
    assert [row[:4] for row in found] == [row[:4] for row in naive]


def test_what_is_held_back_is_read(sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """Behind what the file has, and once, also when the file has it by now."""
    write(sqlite_journal, [Sample(A, START, 1)])
    held = [Sample(A, START + 3, 2)]
    for _ in range(2):
        (found,) = queries.recorded([A], START, START + 60, held)
        assert [*found.points(START + 9)] == [(START, 1), (START + 3, 2), (START + 9, None)]
        write(sqlite_journal, held)
    assert queries.extents([Sample(A, START + 5, 3)])[0].last == START + 5


def test_others_have_their_turn(path: Path, sqlite_journal: SqliteJournal) -> None:
    """Before each block and each row of hours that is unpacked."""
    turns: list[None] = []
    end = START + 60 * DAY
    write(sqlite_journal, recorded(60))
    tend(sqlite_journal, float(end))
    (found,) = MeasurementQueries(path, lambda work: work(), fine_of, lambda: turns.append(None)).recorded(
        [A], START, end
    )
    assert turns == []
    list(found.buckets(START, end, DAY, end))
    packed = ask(path, "SELECT count(*) FROM history_blocks WHERE series = 102")
    assert len(turns) >= len(found.hour_blocks) + packed > 5


def test_a_clock_that_began_in_1970(sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """Hides nothing of before, and costs a few steps."""
    before = [Sample(A, START + 60 * n, 100 + n) for n in range(200)]
    lost = [Sample(A, 30, 1), Sample(A, 60, None)]
    after = [Sample(A, START + 20_000 + 60 * n, 500 + n) for n in range(200)]
    write(sqlite_journal, before + lost + after)
    assert points(queries, A) == of([*lost, *before, *after], A)
    assert tend(sqlite_journal, START + DAY) < 100
    assert points(queries, A) == of([*before, *after], A)


def test_where_series_break_off(sqlite_journal: SqliteJournal) -> None:
    """Those that ended with a value held until the last thing that was written down; packed or not."""
    write(sqlite_journal, [Sample(A, START, 1), Sample(B, START + 50, None), Sample(202, START + 90, 3)])
    wanted = {Sample(A, START + 90, None), Sample(202, START + 90, None)}
    assert set(sqlite_journal.load(0.0).broken_off) == wanted
    write(sqlite_journal, [Sample(302, START, None)] * 300)
    tend(sqlite_journal, START + DAY)
    sqlite_journal.close()
    assert set(sqlite_journal.load(0.0).broken_off) == wanted


@pytest.mark.parametrize("table", ["history_tail", "history_blocks"])
def test_damage_within_a_row(
    path: Path, sqlite_journal: SqliteJournal, queries: MeasurementQueries, table: str
) -> None:
    """The check of the database finds it; a reader is told, or there is nothing; the gateway goes on."""
    write(sqlite_journal, recorded(2))
    if table == "history_blocks":
        write(sqlite_journal, recorded(13))
        tend(sqlite_journal, START + DAY)
    column = {"history_tail": "samples", "history_blocks": "points"}[table]
    tell(path, f"UPDATE {table} SET {column} = x'0102030405060708' WHERE seq = (SELECT max(seq) FROM {table});")  # noqa: S608
    assert [fault for fault in upkeep.check(path).faults if table in fault]
    sqlite_journal.close()
    sqlite_journal.load(0.0)
    tend(sqlite_journal, START + 100 * DAY)
    if table == "history_tail":
        assert points(queries, A)


def test_a_damaged_block_is_no_answer(path: Path, sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """StoreError, before the first point is given."""
    write(sqlite_journal, recorded(13))
    tend(sqlite_journal, START + DAY)
    tell(path, "UPDATE history_blocks SET points = x'0102030405060708';")
    with pytest.raises(StoreError, match="checksum"):
        queries.recorded([A], START, START + DAY)


def test_extents(sqlite_journal: SqliteJournal, queries: MeasurementQueries) -> None:
    """First and last of each series, wherever they are kept."""
    assert queries_of_nothing(queries, sqlite_journal) == []
    samples, end = recorded(40), START + 40 * DAY
    write(sqlite_journal, samples)
    tend(sqlite_journal, float(end))
    found = queries.extents()
    assert [(e.series, e.first // HOUR, e.last) for e in found] == [
        (series, START // HOUR, of(samples, series)[-1][0]) for series in (A, B)
    ]


def queries_of_nothing(queries: MeasurementQueries, journal: SqliteJournal) -> list:
    journal.load(0.0)
    return queries.extents()


def test_a_salvaged_tail_goes_on_behind_its_blocks(tmp_path: Path, path: Path) -> None:
    """What is recorded after a salvage is not taken for packed."""
    with closing(SqliteJournal(path)) as journal:
        write(journal, recorded(13))
        tend(journal, START + DAY)
    tell(path, "DELETE FROM history_tail;")
    salvage(path, tmp_path / "new.db")
    new = MeasurementQueries(tmp_path / "new.db", lambda work: work(), fine_of)
    with closing(SqliteJournal(tmp_path / "new.db")) as journal:
        journal.commit(Batch(samples=[Sample(A, START + 14 * DAY, 7)]), durable=False)
        assert points(new, A)[-1] == (START + 14 * DAY, 7)
