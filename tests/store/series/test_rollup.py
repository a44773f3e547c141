"""What a value did in an hour, or any step, is what a look at every second would tell."""

from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.store.series.codec import Hour, Point
from neasmart_gateway.store.series.rollup import HOUR, Bucket, buckets, roll_up
from neasmart_gateway.store.series.runs import Run, cut_into_runs, run_of, visible

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


RECORDED = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=25)


@given(RECORDED)
def test_what_is_recorded_later_counts(points: list[Point]) -> None:
    """Wherever the clock went back: of equal times the newest run has its say, for as long as it lasts."""
    runs = [run_of(run) for run in cut_into_runs(points)]
    assert [point for run in runs for point in run.points()] == points
    assert all(list(run.points()) == sorted(run.points(), key=_at) for run in runs)
    shown = list(visible(runs))
    assert shown == sorted(shown, key=_at)
    expected = [
        point
        for n, run in enumerate(runs)
        for point in run.points()
        if not any(later.first <= point[0] <= later.last for later in runs[n + 1 :])
    ]
    assert sorted(shown) == sorted(expected)


def test_runs_are_unpacked_one_by_one() -> None:
    """Whoever takes a few points of a year has unpacked the first block alone."""
    unpacked: list[int] = []

    def run(n: int) -> Run:
        return Run(n * 10, n * 10 + 9, lambda: unpacked.append(n) or [(n * 10, n)])  # type: ignore[func-returns-value]

    found = visible([run(n) for n in range(365)])
    assert [next(found), next(found)] == [(0, 0), (10, 1)]
    assert unpacked == [0, 1]
