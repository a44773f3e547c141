"""Finding the frames to us on a shared RTU line: our framer beside pymodbus's server and a slave on libmodbus."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.compiled import NotCompiled
from benchmarks.known import Known, Untold, known
from benchmarks.readers import Reader, libmodbus, ours, pymodbus
from benchmarks.streams import GAP, UNITS, Stream, streams
from benchmarks.table import Row, Table
from neasmart_gateway.modbus.pdu import SERVED

_TITLE = "FRAMER  good frames to us on the same generated streams, ours / pymodbus 3.16.1 and libmodbus"
_UNIT = 240
"""A slave on libmodbus has one address."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many streams, and how many of another seed over a pty, where pauses take their time."""

    streams: int = 20_000
    over_pty: int = 300
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Score:
    """What a reader made of some streams."""

    good: Counter[bytes]
    recognised: Counter[bytes]
    wrong: int
    seconds: float

    @property
    def percent(self) -> float:
        """The share of the good frames that were recognised."""
        return 100 * self.recognised.total() / self.good.total()

    @property
    def percent_served(self) -> float:
        """The same, of the functions that a gateway serves: not every slave knows all the others."""
        return 100 * _served(self.recognised) / _served(self.good)


def measure(folder: Path, size: Size | None = None) -> Table:
    """Let each read the same streams."""
    size = size or Size()
    rows, notes = _over_pty(folder, size)
    made = list(streams(size.seed, size.streams))
    truth = list(map(known, made))
    pair = [score(partial(reader, UNITS), made, truth) for reader in (ours, pymodbus)]
    first = _rows(f"pymodbus, {size.streams:,} streams", *pair)
    return Table(_TITLE, (*first, *rows), (*_notes(pair[0], truth), *notes))


def score(reader: Reader, made: list[Stream], truth: Sequence[Known]) -> Score:
    """Hold what a reader takes against what can be known."""
    began = time.perf_counter()
    taken = reader(made)
    seconds = time.perf_counter() - began
    good: Counter[bytes] = Counter()
    recognised: Counter[bytes] = Counter()
    for frames, found in zip(taken, truth, strict=True):
        good.update(found.good_frames())
        recognised.update(Counter(frames) & found.good_frames())
    wrong = sum(len(found.wrong_frames(frames)) for frames, found in zip(taken, truth, strict=True))
    return Score(good, recognised, wrong, seconds)


def _served(frames: Counter[bytes]) -> int:
    return sum(count for frame, count in frames.items() if frame[1] in SERVED)


def _over_pty(folder: Path, size: Size) -> tuple[list[Row], tuple[str, ...]]:
    try:
        slave = libmodbus(folder, _UNIT)
    except NotCompiled as why:
        return [], (f"libmodbus: not run, {why}",)
    made = list(streams(size.seed + 1, size.over_pty, (_UNIT,)))
    truth = list(map(known, made))
    of_ours, of_pymodbus = (score(partial(reader, (_UNIT,)), made, truth) for reader in (ours, pymodbus))
    rows = _rows(f"libmodbus, {size.over_pty:,} other streams", of_ours, score(slave, made, truth))
    return rows + _rows("pymodbus, the same", of_ours, of_pymodbus), (
        f"libmodbus: Debian's library, a server compiled here, {of_ours.good.total():,} good frames to unit {_UNIT} "
        f"and to all, in real time over a pty with a byte timeout of {GAP * 1000:g} ms, the error recovery that it "
        "comes with, a new process for each stream; its seconds are those of the pauses. A pty has no baud rate",
    )


def _rows(what: str, first: Score, second: Score) -> list[Row]:
    return [
        Row(f"{what}: recognised", "%", "higher", (first.percent,), (second.percent,)),
        Row(f"{what}: of functions 3, 6, 16, 22, 23", "%", "higher", (first.percent_served,), (second.percent_served,)),
        Row(f"{what}: wrongly taken", "frame", "lower", (first.wrong,), (second.wrong,)),
        Row(f"{what}: all of it", "s", "lower", (first.seconds,), (second.seconds,)),
    ]


def _notes(score: Score, truth: list[Known]) -> tuple[str, ...]:
    untold: Counter[Untold] = sum((found.untold for found in truth), Counter())
    counts = ", ".join(f"{untold[why]:,} {why.name.lower().replace('_', ' ')}" for why in Untold)
    size = sum(len(found.data) for found in truth)
    return (
        f"{score.good.total():,} good frames to units 240, 241 and to all, of which ours missed "
        f"{(score.good - score.recognised).total()}, among {size:,} bytes of foreign requests and answers, decoys in "
        "their data, proprietary frames, noise, half and hit frames, with and without pauses, chopped anywhere",
        "recognised: of the frames to us whose own bytes were not hit, those of unknown functions (which want an "
        "exception) included. Wrongly taken: for a frame to 240, 241 or all, without being one; what is taken for "
        "other units is not counted, though pymodbus answers those too",
        f"counted in neither, as no slave could know (benchmarks/known.py says why): {counts}",
        "ours and pymodbus's handler are fed in process, with a new one for each stream; pymodbus knows no pauses",
    )
