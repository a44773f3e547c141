"""`python -m benchmarks.compare OLD [NEW]`: what moved between two runs, and what by more than noise."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import results
from benchmarks.table import Row, aligned, figure, shown_ratio

_COLUMNS = ("new/old", "theirs", "old", "new", "unit", "", "what")
_NUMBERS = 4


@dataclass(frozen=True, slots=True)
class Move:
    """One row of both runs."""

    measurement: str
    old: Row
    new: Row

    @property
    def word(self) -> str:
        """Whether it moved by more than noise: no repetition of one run came among those of the other.

        In small letters when the ratio to theirs has not moved like that: then it may as well have been the machine.
        """
        if min(len(self.old.ours), len(self.new.ours)) < 2:
            return "once"
        if not _is_apart(self.old.ours, self.new.ours):
            return ""
        is_better = (median(self.new.ours) < median(self.old.ours)) is (self.new.better == "lower")
        word = "better" if is_better else "worse"
        return word.upper() if _is_apart(self.old.pairs, self.new.pairs) else word

    def cells(self) -> tuple[str, ...]:
        """Return what stands under each column."""
        ours, theirs = (_ratio(getattr(self.new, side), getattr(self.old, side)) for side in ("ours", "theirs"))
        both = (figure(median(self.old.ours)), figure(median(self.new.ours)))
        return (
            shown_ratio(ours),
            shown_ratio(theirs),
            *both,
            self.new.unit,
            self.word,
            f"{self.measurement}: {self.new.what}",
        )


def main() -> int:
    """Compare; 2 when a file cannot be read, whatever moved is no error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("old", type=Path, help="results of a run, as `make bench` writes them")
    parser.add_argument(
        "new", type=Path, nargs="?", default=results.NEWEST, help="those of another; default: the newest"
    )
    chosen = parser.parse_args()
    try:
        print(compared(results.read(chosen.old), results.read(chosen.new)))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def compared(old: dict[tuple[str, str], Row], new: dict[tuple[str, str], Row]) -> str:
    """Return the rows that both runs have, as a table."""
    moves = [Move(key[0], old[key], row) for key, row in new.items() if key in old]
    words = [move.word for move in moves]
    lines = aligned([_COLUMNS, *(move.cells() for move in moves)], _NUMBERS) if moves else []
    return "\n".join([
        *lines,
        f"  {words.count('BETTER')} BETTER, {words.count('WORSE')} WORSE, {words.count('better')} better, "
        f"{words.count('worse')} worse, {words.count('')} within the noise, "
        f"{words.count('once')} measured only once: nobody knows their noise; "
        f"{len(old.keys() ^ new.keys())} rows are in one run alone",
        "  * better, worse: every repetition of the one run lies beyond every one of the other",
        "  * BETTER, WORSE: so does its ratio to theirs; where that does not, the machine may have been another one",
    ])  # fmt: skip


def _is_apart(old: tuple[float, ...], new: tuple[float, ...]) -> bool:
    return max(old) < min(new) or max(new) < min(old)


def _ratio(new: tuple[float, ...], old: tuple[float, ...]) -> float:
    return median(new) / median(old) if new and old and median(old) else math.nan


if __name__ == "__main__":
    sys.exit(main())
