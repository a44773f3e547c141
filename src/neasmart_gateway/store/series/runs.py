"""Stretches of a series in which the clock did not go back, and what of them counts where they overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from neasmart_gateway.store.series.codec import Point

_LONG_SILENCE = 3600


@dataclass(frozen=True, slots=True)
class Run:
    """Points whose times do not go back, from `first` to `last`; they are unpacked when they are needed."""

    first: int
    last: int
    points: Callable[[], Sequence[Point]]


def cut_into_runs(points: Sequence[Point]) -> list[Sequence[Point]]:
    """Cut points, in the order of their recording, wherever the clock went back, and behind long silences.

    A run that began with a clock of 1970 must not reach over the years to now: it would hide all that lies between.
    """
    cuts = [n for n in range(1, len(points)) if _is_cut(points[n - 1], points[n])]
    return [points[a:b] for a, b in zip([0, *cuts], [*cuts, len(points)], strict=True) if a < b]


def _is_cut(before: Point, point: Point) -> bool:
    return point[0] < before[0] or (before[1] is None and point[0] - before[0] > _LONG_SILENCE)


def run_of(points: Sequence[Point]) -> Run:
    """Return points that are at hand as a run."""
    return Run(points[0][0], points[-1][0], lambda: points)


def visible(runs: Sequence[Run]) -> Iterator[Point]:
    """Yield the points that count, by time, of runs in the order of their recording.

    A clock that was set back gives the same times twice: what was recorded later counts, for as long as it lasts.
    """
    for together in _overlapping(runs):
        if len(together) == 1:
            yield from together[0].points()
        else:
            kept = (_uncovered(run, together[n + 1 :]) for n, run in enumerate(together))
            yield from sorted((p for points in kept for p in points), key=lambda point: point[0])


def _overlapping(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield runs that share times together, each group in the order of recording, the groups by time."""
    group: list[int] = []
    last = 0
    for n in sorted(range(len(runs)), key=lambda n: runs[n].first):
        if group and runs[n].first > last:
            yield [runs[m] for m in sorted(group)]
            group = []
        last = max(last, runs[n].last) if group else runs[n].last
        group.append(n)
    if group:
        yield [runs[m] for m in sorted(group)]


def _uncovered(run: Run, later: Iterable[Run]) -> list[Point]:
    spans = [(other.first, other.last) for other in later]
    return [point for point in run.points() if not any(first <= point[0] <= last for first, last in spans)]
