"""What a value did in an hour, or any step, is what a look at every second would tell."""

from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.store.series.codec import Hour, Point
from neasmart_gateway.store.series.rollup import HOUR, Bucket, buckets, roll_up
from neasmart_gateway.store.series.runs import Run, cut_into_runs, run_at, visible

VALUES = st.none() | st.integers(-40, 40)
POINTS = st.lists(st.tuples(st.integers(-50, 250), VALUES), max_size=25).map(lambda points: sorted(points, key=_at))


def _at(point: Point) -> int:
    return point[0]


def seconds(points: list[Point], end: int) -> list[int | None]:
    """The value in each second from 0 to the end."""
    return [next((value for at, value in reversed(points) if at <= second), None) for second in range(end)]


@given(POINTS, st.sampled_from([1, 7, 30, 60]), st.integers(1, 200))
def test_buckets_tell_what_every_second_would(points: list[Point], step: int, end: int) -> None:
    """Least and greatest also of what lasted no second; mean by time; null where there was no value."""
    every = seconds(points, end)
    found = list(buckets(points, 0, end, step))
    assert [at for at, _ in found] == list(range(0, end, step))
    for at, bucket in found:
        stop = min(at + step, end)
        values = [value for value in every[at:stop] if value is not None]
        moments = [value for time, value in points if at <= time < stop and value is not None]
        assert (bucket.seconds, bucket.count) == (len(values), len(moments))
        assert (bucket.low, bucket.high) == (min(values + moments, default=None), max(values + moments, default=None))
        assert bucket.mean == (sum(values) / len(values) if values else bucket.low)
        if every[stop - 1] is not None:
            assert bucket.last == every[stop - 1]


@given(POINTS)
def test_hours_are_the_buckets_with_values(points: list[Point]) -> None:
    """Hours without a value are not kept; the mean is kept as exactly as asked for."""
    scaled = [(at * 60, value) for at, value in points]
    for hour in roll_up(scaled, 0, 3 * HOUR, 10):
        (_, bucket), *_ = buckets(scaled, hour.number * HOUR, hour.number * HOUR + HOUR, HOUR)
        assert hour[1:] == (
            bucket.low, round((bucket.mean or 0) * 10), bucket.high, bucket.last, bucket.count, bucket.seconds
        )  # fmt: skip


def test_hours_join_to_a_longer_step() -> None:
    """By their weights: an hour that was silent for half of its time counts half."""
    bucket = Bucket()
    bucket.add(Hour(1, 10, 200, 30, 30, 2, 3600), 10)
    bucket.add(Hour(2, 40, 400, 40, 40, 1, 1800), 10)
    assert (bucket.low, bucket.high, bucket.last, bucket.count) == (10, 40, 40, 3)
    assert bucket.mean == (20 * 3600 + 40 * 1800) / 5400


SESSIONS = st.lists(
    st.tuples(st.integers(0, 60), st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9)), min_size=1)),
    min_size=1,
    max_size=5,
)
"""The clock at which recording begins anew, then pauses and values; at the end of each but the last is an end."""


def recorded(sessions: list[tuple[int, list[Point]]]) -> list[list[Point]]:
    """The points of each session."""
    found = []
    for start, seen in sessions:
        at, points = start, []
        for pause, value in seen:
            at += pause
            points.append((at, value))
        found.append([*points, (at + 1, None)])
    return [*found[:-1], found[-1][:-1]]


def told(sessions: list[list[Point]], second: int) -> int | None:
    """What holds in a second: the newest session that has it says so."""
    for n in reversed(range(len(sessions))):
        own, following = sessions[n], sessions[n + 1 : n + 2]
        end = own[-1][0] if following else 1000
        if following and following[0][0][0] >= end:
            end = following[0][0][0]  # the time between two sessions belongs to both
        if own[0][0] <= second < end:
            return next(value for at, value in reversed(own) if at <= second)
    return None


def as_runs(points: list[Point], size: int) -> list[Run]:
    """As blocks of at most so many points, in the order of recording."""
    cut = [run[n : n + size] for run in cut_into_runs(points) for n in range(0, len(run), size)]
    spans = [(run[0][0], run[-1][0]) for run in cut]
    return [run_at(n, spans, lambda run=run: run) for n, run in enumerate(cut)]


@given(SESSIONS, st.integers(1, 30))
def test_what_is_recorded_later_counts(sessions: list[tuple[int, list[Point]]], size: int) -> None:
    """Wherever the clock went back: second by second, for as long as it reaches, however it lies in blocks."""
    wanted = recorded(sessions)
    runs = as_runs([point for points in wanted for point in points], size)
    shown = list(visible(runs))
    assert shown == sorted(shown, key=_at)
    assert seconds(shown, 200) == [told(wanted, second) for second in range(200)]


def test_a_value_that_holds_after_the_clock_was_set_back() -> None:
    """The end by the old clock, which comes after it, is none of its own."""
    points = [(5, 2000), (13, None), (10, 2000)]
    assert list(visible(as_runs(points, 1500))) == [(5, 2000), (10, 2000)]


def test_what_held_goes_on_behind_a_wrong_clock() -> None:
    """A machine boots with the clock of last week, and soon learns the time: it hides seconds, not a week."""
    week = 7 * 86400
    points = [(0, 1), (2 * week, 2), (3 * week, None), (week, 9), (week + 30, None), (3 * week + 60, 3)]
    assert list(visible(as_runs(points, 1500))) == [
        (0, 1), (week, 9), (week + 30, 1), (2 * week, 2), (3 * week, None), (3 * week + 60, 3)
    ]  # fmt: skip


def test_runs_are_unpacked_one_by_one() -> None:
    """Whoever takes a few points of a year has unpacked the first block alone."""
    unpacked: list[int] = []

    def run(n: int) -> Run:
        return Run(n * 10, n * 10 + 9, n * 10 + 10, lambda: unpacked.append(n) or [(n * 10, n)])  # type: ignore[func-returns-value]

    found = visible([run(n) for n in range(365)])
    assert [next(found), next(found)] == [(0, 0), (10, 1)]
    assert unpacked == [0, 1]
