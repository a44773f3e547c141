"""Each measurement runs and gives its figures; how fast anything is, is no matter here."""

import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import bus, disk, events, history, http, scrape
from benchmarks.machine import describe, file_system
from benchmarks.servers import ROOT
from benchmarks.table import Row, Table
from benchmarks.turns import in_turns
from benchmarks.written import is_counted
from tests.running import eventually, is_alive

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system without a disk is the point


def check(table: Table, whats: list[str]) -> None:
    """The table has these rows, every ratio is a number, and all of it is shown."""
    assert [row.what for row in table.rows] == whats
    assert all(math.isfinite(row.ratio) and row.ratio > 0 for row in table.rows)
    shown = table.render()
    assert all(what in shown for what in whats)
    assert table.title in shown


def test_bus(tmp_path: Path) -> None:
    """Reads and writes, by rate and by round trip."""
    figures = ("rate", "p50", "p99")
    whats = [f"{kind} of 3 registers: {figure}" for kind in ("read", "write") for figure in figures]
    check(bus.measure(tmp_path, bus.Size(repetitions=1, requests=20, seconds=1)), whats)


def test_http(tmp_path: Path) -> None:
    """The rate under load, and the round trip of one client."""
    table = http.measure(tmp_path, http.Size(repetitions=1, requests=20, seconds=1, connections=3))
    check(table, ["3 connections: rate", "1 connection: p50", "1 connection: p99"])


def test_events(tmp_path: Path) -> None:
    """Nothing is lost and nobody is dropped, with one client and with more."""
    table = events.measure(tmp_path, events.Size(clients=(1, 3), seconds=0.5, rate=10))
    found = {row.what: (row.ours, row.theirs) for row in table.rows}
    assert len(found) == 8
    assert found["3 clients: lost"] == found["3 clients: dropped"] == ((0,), (0,))
    assert all(value > 0 for value in found["3 clients: p99"][0])


def test_scrape(tmp_path: Path) -> None:
    """The round trip of a scrape, of a large house and of a small one."""
    table = scrape.measure(tmp_path, scrape.Size(repetitions=1, requests=3, seconds=5, zones=2))
    check(table, ["a scrape of 2 zones: p50", "a scrape of 2 zones: p99"])


def test_disk(tmp_path: Path) -> None:
    """Beside both ways of committing, with and without what was cancelled; or no figure where nothing is counted."""
    table = disk.measure(tmp_path, disk.Size(minutes=1, their_minutes=1, their_seconds=0.3))
    if is_counted(tmp_path):
        ways = ("sqlitedict, autocommit", "sqlite3 as it comes")
        kinds = ("handed to the kernel (write_bytes)", "of these, not cancelled before reaching the disk")
        check(table, [f"{way}: {kind}" for way in ways for kind in kinds])
    else:
        check(table, [])
        assert "not measured" in table.render()


def test_history(tmp_path: Path) -> None:
    """Beside plain rows, with what it writes and how long its steps take."""
    size = history.Size(days=22, raw_days=17, zones=(1,), model_days=1, repetitions=1)
    table = history.measure(tmp_path, size)
    check(table, ["1 zones, 22 days: the file", "1 zones: all of a series' day"])
    assert "steps of packing, thinning and forgetting" in table.render()


@pytest.mark.skipif(file_system(MEMORY) != "tmpfs", reason="needs a tmpfs at /dev/shm")
def test_no_ratio_without_a_disk(tmp_path_factory: pytest.TempPathFactory) -> None:
    """In memory the kernel counts no bytes: the table says so and has no row."""
    folder = MEMORY / tmp_path_factory.mktemp("disk").name
    folder.mkdir()
    try:
        table = disk.measure(folder)
    finally:
        folder.rmdir()
    assert table.rows == ()
    assert "tmpfs" in table.render()


def test_nothing_to_divide_by() -> None:
    """A ratio to nothing is shown as none, never as a number."""
    row = Row("bytes", "byte", "lower", ours=(1.0,), theirs=(0.0,))
    assert math.isnan(row.ratio)
    assert row.cells()[0] == "-"


def test_ratio_is_that_of_the_medians() -> None:
    """One disturbed repetition changes the spread, not the ratio."""
    row = Row("rate", "1/s", "higher", ours=(10.0, 90.0, 11.0), theirs=(20.0, 20.0, 22.0))
    assert row.ratio == 0.55
    assert row.pairs == (0.5, 4.5)
    assert row.cells()[:2] == ("0.55", "0.50 to 4.50")


def test_turns_change_places() -> None:
    """Neither side always has the other's leftovers."""
    calls: list[str] = []
    ours, theirs = in_turns(3, lambda: calls.append("ours"), lambda: calls.append("theirs"))
    assert calls == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert (len(ours), len(theirs)) == (3, 3)


def test_machine_is_named(tmp_path: Path) -> None:
    """The end of a run names machine, versions and source, and warns when somebody else was busy on it."""
    assert "pymodbus 3.16.1" in describe(tmp_path, 0.0)
    assert "BEWARE" not in describe(tmp_path, 0.0)
    assert "BEWARE" in describe(tmp_path, 1000.0)


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither process nor file."""
    command = [sys.executable, "-m", "benchmarks", "bus", "--folder", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True)
    started = eventually(lambda: servers(tmp_path), "gateway and pymodbus at work")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in errors.decode()
    eventually(lambda: not any(map(is_alive, started)), "all processes gone")
    assert list(tmp_path.iterdir()) == []


def servers(folder: Path) -> list[int]:
    """The processes that run below a folder, once those of both servers do."""
    found = {pid: place for pid, place in places().items() if folder in place.parents}
    return list(found) if {place.name for place in found.values()} == {"gateway", "pymodbus"} else []


def places() -> dict[int, Path]:
    """The current folder of every process that lets us see it."""
    seen = {}
    for process in Path("/proc").iterdir():
        try:
            seen[int(process.name)] = (process / "cwd").readlink()
        except (ValueError, OSError):
            continue
    return seen
