"""A run as a file of JSON: what was measured, repetition by repetition, on what, and what the targets say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.servers import ROOT
from benchmarks.table import Row, Table
from benchmarks.targets import Verdict

FOLDER = ROOT / "build/bench"
NEWEST = FOLDER / "results.json"
Found = Mapping[str, Sequence[Table]]
"""The tables of each measurement."""


def rows_of(found: Found) -> dict[str, list[Row]]:
    """Return the rows of each measurement, of all its tables."""
    return {name: [row for table in tables for row in table.rows] for name, tables in found.items()}


def write(path: Path, found: Found, verdicts: Sequence[Verdict], machine: str, *, is_long: bool) -> None:
    """Write a run down."""
    document = {
        "long": is_long,
        "machine": machine.splitlines(),
        "measurements": {name: [asdict(table) for table in tables] for name, tables in found.items()},
        "targets": [
            {"what": one.target.what, "is": one.word, "figure": one.figure,
             one.target.sense: one.target.bound}
            for one in verdicts
        ],
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1))


def read(path: Path) -> dict[tuple[str, str], Row]:
    """Return the rows of a run by measurement and name; ValueError when the file holds none."""
    try:
        measurements: dict[str, list[dict[str, Any]]] = json.loads(path.read_text())["measurements"]
        return {
            (name, row["what"]): Row(**{**row, "ours": tuple(row["ours"]), "theirs": tuple(row["theirs"])})
            for name, tables in measurements.items()
            for table in tables
            for row in table["rows"]
        }
    except (OSError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no file of results: {error}") from None
