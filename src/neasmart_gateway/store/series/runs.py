"""Stretches of a series in which the clock did not go back, and what of them counts where they overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import inf

from neasmart_gateway.store.series.codec import Point

_LONG_SILENCE = 3600
Span = tuple[int, int]
"""First and last time of a run, Unix seconds."""


@dataclass(frozen=True, slots=True)
class Run:
    """Points whose times do not go back, from `first` to `last`; they are unpacked when they are needed.

    What it says counts before `until`, unless a run that was recorded later says otherwise.
    """

    first: int
    last: int
    until: float
    points: Callable[[], Sequence[Point]]


def cut_into_runs(points: Sequence[Point]) -> list[Sequence[Point]]:
    """Cut points, in the order of their recording, wherever the clock went back, and behind long silences.

    A run that began with a clock of 1970 must not reach over the years to now: it would hide all that lies between.
    """
    cuts = [n for n in range(1, len(points)) if _is_cut(points[n - 1], points[n])]
    return [points[a:b] for a, b in zip([0, *cuts], [*cuts, len(points)], strict=True) if a < b]


def _is_cut(before: Point, point: Point) -> bool:
    return point[0] < before[0] or (before[1] is None and point[0] - before[0] > _LONG_SILENCE)


def reach(number: int, spans: Sequence[Span], holds: Callable[[], bool] = lambda: True) -> float:
    """Return until when a run counts, given the spans of all runs in the order of their recording.

    A value holds until the next point: the newest run says what is, without end. One that ended without a value and
    was silent for long leaves the time behind it to what was recorded before. `holds` says whether it ended with a
    value, and is asked only where that makes a difference; by itself the answer is the longest that it may be.
    """
    last, later = spans[number][1], spans[number + 1 :]
    if not later or last <= later[0][0] <= last + _LONG_SILENCE:
        return later[0][0] if later else inf
    return next((first for first, _ in later if first >= last), inf) if holds() else last


def run_at(number: int, spans: Sequence[Span], points: Callable[[], Sequence[Point]]) -> Run:
    """Return one of all runs, whose spans are given in the order of recording."""
    return Run(*spans[number], reach(number, spans, lambda: points()[-1][1] is not None), points)


def visible(runs: Sequence[Run]) -> Iterator[Point]:
    """Yield the points that count, by time, of runs in the order of their recording.

    A clock that was set back gives the same times twice: what was recorded later counts, for as long as it reaches.
    Behind it the value counts again that the earlier run had there.
    """
    groups = list(_overlapping(runs))
    nexts = [min(run.first for run in group) for group in groups[1:]]
    for group, following in zip_longest(groups, nexts):
        if len(group) == 1:
            yield from group[0].points()
        else:
            yield from (point for point in _together(group) if point != (following, None))


def _overlapping(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield runs that share times together, each group in the order of recording, the groups by time."""
    group: list[int] = []
    end = -inf
    for n in sorted(range(len(runs)), key=lambda n: runs[n].first):
        if group and runs[n].first >= end:
            yield [runs[m] for m in sorted(group)]
            group, end = [], -inf
        end = max(end, runs[n].until)
        group.append(n)
    if group:
        yield [runs[m] for m in sorted(group)]


def _together(runs: Sequence[Run]) -> Iterator[Point]:
    """Yield what runs that overlap say: between each two of their ends one of them alone, the latest."""
    points = [run.points() for run in runs]
    edges = sorted({float(run.first) for run in runs} | {run.until for run in runs})
    said: int | None = None
    for begins, ends in zip(edges, [*edges[1:], inf], strict=True):
        if begins == inf:
            return
        latest = next((n for n in reversed(range(len(runs))) if runs[n].first <= begins < runs[n].until), None)
        own = [] if latest is None else points[latest]
        held = next((value for at, value in reversed(own) if at <= begins), None)
        within = [point for point in own if begins <= point[0] < ends]
        if held != said and not (within and within[0][0] == begins):
            yield int(begins), held
        yield from within
        said = within[-1][1] if within else held
