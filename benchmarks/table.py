"""A measurement as a small table, the ratio first."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from statistics import median
from typing import Literal

_COLUMNS = ("ratio", "of each pair", "ours", "theirs", "unit", "better", "what")
_NUMBERS = 4
"""The leading columns, which are set to the right."""
_WIDTH = 118


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of ours and of theirs, a value for each repetition; repetition n of both ran one after the other."""

    what: str
    unit: str
    better: Literal["lower", "higher"]
    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Our median over theirs; NaN when theirs is nothing."""
        return _over(median(self.ours), median(self.theirs))

    @property
    def pairs(self) -> tuple[float, float]:
        """The smallest and the largest ratio that a pair of repetitions gave: how far to trust `ratio`."""
        ratios = [_over(ours, theirs) for ours, theirs in zip(self.ours, self.theirs, strict=True)]
        return min(ratios), max(ratios)

    def cells(self) -> tuple[str, ...]:
        """Return what stands under each column."""
        low, high = self.pairs
        spread = f"{shown_ratio(low)} to {shown_ratio(high)}" if len(self.ours) > 1 else ""
        figures = (figure(median(self.ours)), figure(median(self.theirs)))
        return (shown_ratio(self.ratio), spread, *figures, self.unit, self.better, self.what)


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured, and what one must know to read it. No rows: it could not be measured, and a note says why.

    `listing` holds lines of figures that are compared with nothing, the first of them the names of the columns.
    """

    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    listing: tuple[tuple[str, ...], ...] = ()

    def render(self) -> str:
        """Return the table as lines of text."""
        lines = [self.title]
        if self.rows:
            lines += aligned([_COLUMNS, *(row.cells() for row in self.rows)])
        if self.listing:
            lines += ["", *aligned(list(self.listing), numbers=len(self.listing[0]) - 1)]
        return "\n".join([*lines, *(line for note in self.notes for line in _wrapped(note))])


def shown_ratio(ratio: float) -> str:
    """Return 0.62, or 1/300 where a fraction says more."""
    if math.isnan(ratio):
        return "-"
    return f"1/{1 / ratio:.0f}" if 0 < ratio < 0.05 else f"{ratio:.2f}"


def _over(ours: float, theirs: float) -> float:
    return ours / theirs if theirs else math.nan


def figure(value: float) -> str:
    """Return three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _wrapped(note: str) -> list[str]:
    return textwrap.wrap(note, _WIDTH, initial_indent="  * ", subsequent_indent="    ")


def aligned(cells: list[tuple[str, ...]], numbers: int = _NUMBERS) -> list[str]:
    """Return cells as lines, so many leading columns of them set to the right."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  " + "  ".join(_set(text, widths[n], n < numbers) for n, text in enumerate(line)).rstrip() for line in cells
    ]


def _set(text: str, width: int, is_number: bool) -> str:
    return text.rjust(width) if is_number else text.ljust(width)
