"""`python -m benchmarks`: runs the measurements one after the other and prints a table for each."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from benchmarks import bus, disk, events, framer, history, http, line, machine, scrape
from benchmarks.servers import ROOT, sweep
from benchmarks.table import Table

MEASUREMENTS: dict[str, Callable[[Path], Table]] = {
    "bus": bus.measure,
    "http": http.measure,
    "disk": disk.measure,
    "line": line.measure,
    "framer": framer.measure,
    "history": history.measure,
    "events": events.measure,
    "scrape": scrape.measure,
}


def main() -> int:
    """Run what was asked for; Ctrl-C and SIGTERM stop every process that was started."""
    chosen = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        _run(chosen.measurements or list(MEASUREMENTS), chosen.folder)
    except KeyboardInterrupt:
        print("\nstopped; nothing is left running", file=sys.stderr)
        return 130
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join(MEASUREMENTS)
    parser.add_argument("measurements", nargs="*", help=f"some of {names}; default: all, which takes some minutes")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build/bench", help="where files go; must be on a real disk for `disk`"
    )
    chosen = parser.parse_args()
    unknown = [name for name in chosen.measurements if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"no such measurement: {', '.join(unknown)}; there are {names}")
    return chosen


def _run(names: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    before = machine.load()
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=folder) as own:
            try:
                print(MEASUREMENTS[name](Path(own)).render(), end="\n\n", flush=True)
            finally:
                sweep()
    print(machine.describe(folder, before))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Unwind once; whoever is impatient must not disturb the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
