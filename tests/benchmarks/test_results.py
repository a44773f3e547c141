"""What a run says about the targets, what it leaves in its file, and what two runs say about each other."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import bus, end_to_end, http, results
from benchmarks.bus_flush import split
from benchmarks.bus_servers import RoundTrip
from benchmarks.compare import compared
from benchmarks.servers import ROOT
from benchmarks.table import Row, Table
from benchmarks.targets import TARGETS, Target, render, verdicts


def lower(what: str, *ours: float, theirs: tuple[float, ...] = (10.0,)) -> Row:
    return Row(what, "ms", "lower", ours, theirs * (len(ours) // len(theirs)))


@pytest.mark.parametrize(
    ("judged", "bound", "word"),
    [
        ("ratio", 2.0, "met"),
        ("ratio", 1.9, "NOT MET"),
        ("ours", 20.0, "met"),
        ("ours", 19.0, "NOT MET"),
        ("more", 10.0, "met"),
        ("more", 9.0, "NOT MET"),
    ],
)
def test_judged(judged: str, bound: float, word: str) -> None:
    """By the ratio, by ours alone, or by how much ours has more; of the medians."""
    row = lower("x", 20.0, 900.0, 20.0)
    target = Target("it", "bus", "x", judged, "at most", bound)  # type: ignore[arg-type]
    assert target.is_met(target.of(row)) is (word == "met")


def test_verdicts() -> None:
    """Every target has its line: met, not met, or why nobody knows."""
    first = TARGETS[0]
    judged = verdicts({first.measurement: [lower(first.row, 30.0)]})
    assert [one.word for one in judged] == ["NOT MET"] + ["not measured"] * (len(TARGETS) - 1)
    shown = render(judged, {"weight": "was not asked for"})
    assert all(target.what in shown for target in TARGETS)
    assert "weight: was not asked for" in shown
    assert "bus: has no such row" in shown
    assert f"0 of {len(TARGETS)} met" in shown
    nothing = verdicts({first.measurement: [lower(first.row, 30.0, theirs=(0.0,))]})[0]
    assert (nothing.word, nothing.figure) == ("not measured", None)


def test_every_target_names_a_row() -> None:
    """Of those that the measurements give at their usual size; the rest stand in the smoke tests."""
    assert {target.measurement for target in TARGETS} == {"bus", "http", "end-to-end", "disk", "weight"}
    assert http.Size().connections == 16
    assert 1 in bus.Size().connections
    ways = {target.row.removesuffix(": p99") for target in TARGETS if target.measurement == "end-to-end"}
    assert ways == set(end_to_end.WAYS)


def test_results_come_back(tmp_path: Path) -> None:
    """Repetition by repetition."""
    row = lower("x", 1.0, 2.0)
    path = tmp_path / "new/results.json"
    results.write(path, {"bus": [Table("BUS", (row,), ("a note",))]}, verdicts({}), "machine   it", is_long=False)
    assert results.read(path) == {("bus", "x"): row}
    path.write_text("[]")
    with pytest.raises(ValueError, match="is no file of results"):
        results.read(path)


def test_compared() -> None:
    """Only what lies beyond every repetition of the other run has moved."""
    old = {("bus", "a"): lower("a", 10, 12), ("bus", "b"): lower("b", 10, 12), ("bus", "c"): lower("c", 10)}
    new = {("bus", "a"): lower("a", 8, 9), ("bus", "b"): lower("b", 11, 14), ("bus", "c"): lower("c", 20)}
    lines = compared(old, {**new, ("http", "d"): lower("d", 1)}).splitlines()
    assert [line.split()[5] for line in lines[1:3]] == ["BETTER", "bus:"]
    assert lines[1].split()[:4] == ["0.77", "1.00", "11", "8.5"]
    assert "1 BETTER, 0 WORSE, 0 better, 0 worse, 1 within the noise, 1 measured only once" in lines[4]
    assert "1 rows are in one run alone" in lines[4]
    assert "WORSE" in compared(new, old)


def test_a_slower_machine_is_not_our_fault() -> None:
    """Where theirs became slower as well, the row says so in small letters."""
    old = {("bus", "a"): lower("a", 10, 12, theirs=(5, 6))}
    new = {("bus", "a"): lower("a", 20, 24, theirs=(10, 12))}
    assert "0 BETTER, 0 WORSE, 0 better, 1 worse" in compared(old, new)


def test_comparing_what_is_no_run(tmp_path: Path) -> None:
    """Exit status 2 and one line."""
    command = [sys.executable, "-m", "benchmarks.compare", str(tmp_path / "none.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "none.json" in done.stderr


def test_split_by_flushes() -> None:
    """A request meets a flush when the file changes while it is under way, or shortly before or after."""
    trips: list[RoundTrip] = [(1.0, 0.001), (1.98, 0.001), (2.0, 0.001), (2.003, 0.001), (2.5, 0.001), (2.9, 0.2)]
    met, others = split(trips, [2.0, 3.05])
    assert (len(met), len(others)) == (4, 2)
