"""`python -m benchmarks`: runs measurements one after the other, prints a table for each, and what the targets say."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks import (
    bus,
    disk,
    end_to_end,
    events,
    fleet,
    framer,
    growth,
    history,
    http,
    line,
    machine,
    results,
    scrape,
    targets,
    weight,
)  # fmt: skip
from benchmarks.servers import sweep
from benchmarks.table import Table


@dataclass(frozen=True, slots=True)
class Measurement:
    """How it is measured, the size in a long run, and whether a short run of everything has it."""

    measure: Callable[[Path, Any], Table | tuple[Table, ...]]
    long: object = None
    is_short: bool = False
    sized: Callable[[argparse.Namespace], object] | None = None
    """Its size by what was chosen, where people may choose more than how long."""


MEASUREMENTS = {
    "bus": Measurement(bus.measure, bus.LONG, is_short=True),
    "http": Measurement(http.measure, http.LONG, is_short=True),
    "end-to-end": Measurement(end_to_end.measure, end_to_end.LONG, is_short=True),
    "disk": Measurement(disk.measure, disk.LONG, is_short=True),
    "weight": Measurement(weight.measure, weight.LONG, is_short=True),
    "line": Measurement(line.measure),
    "scrape": Measurement(scrape.measure),
    "events": Measurement(events.measure),
    "framer": Measurement(framer.measure),
    "history": Measurement(history.measure),
    "growth": Measurement(growth.measure, growth.LONG),
    "fleet": Measurement(fleet.measure, fleet.LONG, sized=fleet.sized),
}


def main() -> int:
    """Run what was asked for; Ctrl-C and SIGTERM stop every process that was started."""
    chosen = _arguments()
    if "fleet" in chosen.measurements and (lacking := fleet.missing()):
        print(lacking, file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    names = chosen.measurements or [name for name, one in MEASUREMENTS.items() if chosen.long or one.is_short]
    try:
        _run(names, chosen)
    except KeyboardInterrupt:
        print("\nstopped; nothing is left running", file=sys.stderr)
        return 130
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join(MEASUREMENTS)
    short = ", ".join(name for name, one in MEASUREMENTS.items() if one.is_short)
    parser.add_argument("measurements", nargs="*", help=f"some of {names}; default: {short}, in less than 5 minutes")
    parser.add_argument("--long", action="store_true", help="longer and more often; by default all, in about an hour")
    parser.add_argument(
        "--folder", type=Path, default=results.FOLDER, help="where files go; must be on a real disk for `disk`"
    )
    parser.add_argument("--json", type=Path, help="the file of results; default: results.json in the folder")
    fleet.add_options(parser)
    chosen = parser.parse_args()
    unknown = [name for name in chosen.measurements if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"no such measurement: {', '.join(unknown)}; there are {names}")
    return chosen


def _run(names: Sequence[str], chosen: argparse.Namespace) -> None:
    folder: Path = chosen.folder
    folder.mkdir(parents=True, exist_ok=True)
    before = machine.load()
    found: dict[str, tuple[Table, ...]] = {}
    for name in names:
        found[name] = _measured(name, folder, chosen)
        print("\n\n".join(table.render() for table in found[name]), end="\n\n", flush=True)
    judged = targets.verdicts(results.rows_of(found))
    not_asked = dict.fromkeys(MEASUREMENTS.keys() - found.keys(), "was not asked for in this run")
    ran_on = machine.describe(folder, before)
    print(targets.render(judged, not_asked), ran_on, sep="\n\n")
    path = chosen.json or folder / results.NEWEST.name
    results.write(path, found, judged, ran_on, is_long=chosen.long)
    print(f"results   {path}, for `make bench-compare OLD=…`")


def _measured(name: str, folder: Path, chosen: argparse.Namespace) -> tuple[Table, ...]:
    one = MEASUREMENTS[name]
    size = one.sized(chosen) if one.sized else one.long if chosen.long else None
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=folder) as own:
        try:
            found = one.measure(Path(own), size)
        finally:
            sweep()
    return found if isinstance(found, tuple) else (found,)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Unwind once; whoever is impatient must not disturb the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
