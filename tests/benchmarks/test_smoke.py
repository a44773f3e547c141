"""Each measurement runs and gives its figures; how fast anything is, is no matter here."""

import math
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import (
    bus,
    bus_flush,
    disk,
    end_to_end,
    events,
    growth,
    growth_store,
    history,
    http,
    scrape,
    weight,
)  # fmt: skip
from benchmarks.bus_servers import Asking, client, pymodbus
from benchmarks.figures import ALL
from benchmarks.machine import describe, file_system
from benchmarks.servers import ROOT
from benchmarks.table import Row, Table
from benchmarks.turns import in_turns, turned
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
    """Reads and writes, idle and under load, beside both servers and beside ourselves."""
    flush = bus_flush.Size(repetitions=1, seconds=1.5, rate=100)
    size = bus.Size(repetitions=1, asking=Asking(requests=20, seconds=1), connections=(1,), flush=flush)
    py, c, ours = bus.measure(tmp_path, size)
    cells = [f"{load}, 1 connection, {kind}" for load in (bus.IDLE, bus.LOADED) for kind in ("read", "write")]
    check(py, [f"pymodbus, {cell}: {figure}" for cell in cells for figure in ALL])
    if c.rows:
        check(c, [row.what.replace("pymodbus", "libmodbus") for row in py.rows])
    else:
        assert "not measured" in c.render()
    assert [row.what for row in ours.rows][:10] == [f"ours, {cell}: {figure}" for cell in cells[2:] for figure in ALL]
    assert "ours, write during a flush: p99" in ours.render() or "no flush" in ours.render()


@pytest.mark.parametrize("rate", [0, 200])
def test_bus_client_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: float) -> None:
    """The client in Python asks the same, on as many connections, at the same pace."""
    monkeypatch.setenv("PATH", str(tmp_path))
    ask, what = client(tmp_path)
    assert "no C compiler" in what
    with pymodbus(tmp_path / "pymodbus") as port:
        for kind in ("read", "write"):
            found = ask(port, Asking(kind, connections=2, requests=20, seconds=5, rate=rate))
            assert len(found) == 20
            assert all(took > 0 for _, took in found)
            gaps = [later - due for (due, _), (later, _) in pairwise(sorted(found))]
            assert not rate or all(gap == pytest.approx(1 / rate) for gap in gaps)


def test_http(tmp_path: Path) -> None:
    """The rate under load, and the round trip of one client, of reads and a command, beside both floors."""
    flask, wsgi = http.measure(tmp_path, http.Size(repetitions=1, seconds=0.05, connections=2, zones=2))
    routes = ("one zone", "2 zones", "snapshot", "snapshot 304", "command")
    figures = ("2 connections: rate", "1 connection: p50", "1 connection: p99")
    for name, table in (("Flask", flask), ("WSGI", wsgi)):
        check(table, [f"{name}, {route}, {figure}" for route in routes for figure in figures])


def test_end_to_end(tmp_path: Path) -> None:
    """Every way, from writing to seeing."""
    table = end_to_end.measure(tmp_path, end_to_end.Size(repetitions=1, times=2))
    check(table, [f"{way}: {figure}" for way in end_to_end.WAYS for figure in ("p50", "p99", "max")])


def test_weight(tmp_path: Path) -> None:
    """Memory of every process, CPU and starts."""
    table = weight.measure(tmp_path, weight.Size(starts=1, rest_seconds=1, zones=12))
    found = {row.what: row.ours for row in table.rows}
    memory = "memory (PSS), without MQTT" if "without MQTT" in table.render() else "memory (PSS)"
    names = [
        memory,
        "CPU at rest",
        "start to first answer on the bus",
        "start to first answer over HTTP, ready",
    ]
    assert list(found) == names
    assert found[names[2]] <= found[names[3]]
    assert all(role in table.render() for role in ("master", "supervisor", "HTTP worker", "daemon"))


def test_growth(tmp_path: Path) -> None:
    """Larger houses beside a small one, and stores of more days beside one of a single day."""
    store = growth_store.Size(days=(1, 2), zones=1, model_days=1, raw_days=1, times=1, starts=1)
    ways = end_to_end.Size(repetitions=1, times=1)
    size = growth.Size((1, 2), 1, Asking(requests=5, seconds=1), 0.05, ways, store)
    houses, stores = growth.measure(tmp_path, size)
    assert {"2 zones, bus write: p99", "2 zones, HTTP snapshot: p50", "2 zones, memory (PSS)"} <= {
        row.what for row in houses.rows
    }
    assert "2 days, the file" in [row.what for row in stores.rows]
    assert all(value > 0 for table in (houses, stores) for row in table.rows for value in (*row.ours, *row.theirs))


def test_events(tmp_path: Path) -> None:
    """Nothing is lost and nobody is dropped, with one client and with more."""
    table = events.measure(tmp_path, events.Size(clients=(1, 3), seconds=0.5, rate=10))
    found = {row.what: (row.ours, row.theirs) for row in table.rows}
    assert len(found) == 8
    assert found["3 clients: lost"] == found["3 clients: dropped"] == ((0,), (0,))
    assert all(value > 0 for value in found["3 clients: p99"][0])


def test_scrape(tmp_path: Path) -> None:
    """The round trip of a scrape, of a large house and of a small one."""
    table = scrape.measure(tmp_path, scrape.Size(repetitions=1, seconds=0.05, zones=2))
    check(table, ["a scrape of 2 zones: p50", "a scrape of 2 zones: p99"])


def test_disk(tmp_path: Path) -> None:
    """Beside both ways of committing, with and without what was cancelled; or no figure where nothing is counted."""
    table = disk.measure(tmp_path, disk.Size(minutes=1, their_minutes=1, their_seconds=0.3))
    if is_counted(tmp_path):
        ways = ("sqlitedict, autocommit", "sqlite3 as it comes")
        kinds = ("handed to the kernel (write_bytes)", "of these, not cancelled before reaching the disk")
        day = "sqlitedict, autocommit: a day of 60 zones"
        check(table, [*(f"{way}: {kind}" for way in ways for kind in kinds), day])
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
    assert [turned("abc", number) for number in range(3)] == [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]]


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
    return list(found) if {"gateway", "pymodbus"} <= {place.name for place in found.values()} else []


def places() -> dict[int, Path]:
    """The current folder of every process that lets us see it."""
    seen = {}
    for process in Path("/proc").iterdir():
        try:
            seen[int(process.name)] = (process / "cwd").readlink()
        except (ValueError, OSError):
            continue
    return seen
