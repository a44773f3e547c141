"""The rule by which a measurement becomes a point, beside one that looks at all that happened."""

from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.desk.sampling import Sampling
from neasmart_gateway.domain.series import SAMPLE_SECONDS as MINUTE

Found = tuple[float, int | None]
PAUSES = st.sampled_from([0.0, 0.25, 1.0, 30.0, 59.75, 60.0, 61.0, 300.0])
SEEN = st.lists(st.tuples(PAUSES, st.none() | st.integers(0, 2)), max_size=40)


def timed(seen: list[tuple[float, int | None]]) -> list[Found]:
    """(when, what) of pauses and values."""
    at, found = 1000.0, []
    for pause, value in seen:
        at += pause
        found.append((at, value))
    return found


def naive(seen: list[Found], end: float) -> list[Found]:
    """The same rule, quarter second by quarter second."""
    told: list[Found] = []
    shown, held, free_from, back_from, now, left = None, None, 0.0, 0.0, 1000.0, list(seen)
    while now <= end:
        if held is not None and now >= free_from:
            told.append(held)
            shown, held, free_from = held[1], None, free_from + MINUTE
        while left and left[0][0] == now:
            value = left.pop(0)[1]
            if value is None and shown is not None:
                told += [held] if held else []
                told.append((now, None))
                shown = None
            if value is None or value == shown:
                held = None
            elif now >= free_from or (shown is None and now >= back_from):
                if now < free_from:
                    back_from = now + MINUTE
                told.append((now, value))
                shown, held, free_from = value, None, now + MINUTE
            elif held is None or held[1] != value:
                held = (now, value)
        now += 0.25
    return told


@given(SEEN)
def test_points_are_those_of_the_rule(seen: list[tuple[float, int | None]]) -> None:
    """Whatever comes whenever, and looked at every quarter of a second."""
    happened = timed(seen)
    end = (happened[-1][0] if happened else 1000.0) + 2 * MINUTE
    sampling, told, now, left = Sampling(), [], 1000.0, list(happened)
    while now <= end:
        told += sampling.tick(now)
        while left and left[0][0] == now:
            told += sampling.see(left.pop(0)[1], now)
        now += 0.25
    assert told == naive(happened, end)
    assert sampling.held is None


@given(SEEN)
def test_what_holds_of_all_points(seen: list[tuple[float, int | None]]) -> None:
    """Times never go back; no value is told twice in a row; each was seen then; at the end the last is told."""
    happened = timed(seen)
    sampling, told = Sampling(), list[Found]()
    for at, value in happened:
        told += sampling.see(value, at)
    told += sampling.tick(1e9)
    assert [at for at, _ in told] == sorted(at for at, _ in told)
    assert all(told[n][1] != told[n - 1][1] for n in range(1, len(told)))
    assert set(told) <= set(happened)
    if told:
        assert told[-1][1] == happened[-1][1]
    for n in range(3, len(told)):
        assert told[n][0] - told[n - 3][0] >= 0.0
    minutes = [sum(1 for at, _ in told if start <= at < start + MINUTE) for start, _ in told]
    assert max(minutes, default=0) <= 7


def test_a_change_within_the_minute_is_held_back() -> None:
    """The last one of the minute counts, with the time at which it came."""
    sampling = Sampling()
    assert [*sampling.see(1, 0.0), *sampling.see(2, 10.0), *sampling.see(3, 20.0), *sampling.tick(59.0)] == [(0.0, 1)]
    assert list(sampling.tick(60.0)) == [(20.0, 3)]
    assert list(sampling.see(4, 61.0)) == []
    assert list(sampling.tick(120.0)) == [(61.0, 4)]


def test_an_end_does_not_wait() -> None:
    """And tells first what was held back."""
    sampling = Sampling()
    assert [*sampling.see(1, 0.0), *sampling.see(2, 10.0), *sampling.see(None, 20.0)] == [
        (0.0, 1),
        (10.0, 2),
        (20.0, None),
    ]


def test_what_comes_back_does_not_wait() -> None:
    """Once a minute: what flickers is held back as every other change."""
    sampling = Sampling()
    assert [*sampling.see(1, 0.0), *sampling.see(None, 30.0)] == [(0.0, 1), (30.0, None)]
    assert list(sampling.see(1, 31.0)) == [(31.0, 1)]
    assert [*sampling.see(None, 32.0), *sampling.see(1, 33.0), *sampling.tick(90.0)] == [(32.0, None)]
    assert sampling.held == (33.0, 1)
    assert list(sampling.tick(91.0)) == [(33.0, 1)]
