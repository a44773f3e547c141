"""Bytes written to disk for each register write: the gateway's daemon beside two ways to commit every register."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import real_rate
from benchmarks.machine import file_system
from benchmarks.servers import ask, gateway
from benchmarks.table import Row, Table
from benchmarks.written import Written, is_counted, settle
from tests.running import Gateway, eventually
from tests.wire import Master

_TITLE = "DISK  bytes for each register write at the real rate, ours / a commit for each register"
_WAYS = {"sqlitedict": "sqlitedict, autocommit", "sqlite3": "sqlite3 as it comes"}
_SPARE_SECONDS = 60
_SMALL_HOUSE = 12
_MINUTES_A_DAY = 1440
_BLOCK = 512
"""Bytes of a block as getrusage counts them."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many minutes of the real rate, and in how many seconds one passes: as many as from flush to flush of ours.

    Of theirs, which take longer when a commit does, at most `their_seconds` each.
    """

    minutes: int = 10
    minute_seconds: int = 1
    their_minutes: int = 2
    their_seconds: float = 20.0


LONG = Size(minutes=60, their_minutes=10, their_seconds=120.0)


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure ours, then each of the other ways, on the same file system."""
    size = size or Size()
    if not is_counted(folder):
        why = (
            f"not measured: on {file_system(folder)} the kernel counts no bytes under {folder}; choose another --folder"
        )
        return Table(_TITLE, (), (why,))
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock
    ours = _ours(folder / "gateway", size, real_rate.ZONES)
    finished = (resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock - used) * _BLOCK
    small = _ours(folder / "small", size, _SMALL_HOUSE)
    theirs = {way: _theirs(folder / way, way, size) for way in _WAYS}
    rows = tuple(row for way, answer in theirs.items() for row in _rows(way, ours, answer, size))
    rows += (_day_row(ours, theirs["sqlitedict"], size),)
    days = (_a_day(small, size, _SMALL_HOUSE), _a_day(ours, size, real_rate.ZONES))
    whole = f"the finished gateway of 60 zones, all of its processes, by getrusage: {finished:,} bytes in all"
    return Table(_TITLE, rows, (*days, whole, *_notes(size, theirs)))


def _a_day(ours: Written, size: Size, zones: int) -> str:
    """Say what a house of so many zones costs the disk."""
    update = ours.gross / (size.minutes * real_rate.WRITES_PER_ZONE * zones)
    day = ours.gross / size.minutes * _MINUTES_A_DAY / 1e6
    return f"ours, {zones} zones: {update:.1f} bytes for each register update, {day:.1f} MB a day"


def _day_row(ours: Written, theirs: dict[str, Any], size: Size) -> Row:
    """Return what a day of 60 zones costs the disk, and what it would cost the other way."""
    day = real_rate.WRITES * _MINUTES_A_DAY / 1e6
    our_writes = size.minutes * real_rate.WRITES
    both = (ours.gross / our_writes * day,), (theirs["gross"] / theirs["writes"] * day,)
    return Row(f"sqlitedict, autocommit: a day of {real_rate.ZONES} zones", "MB", "lower", *both)


def _ours(folder: Path, size: Size, zones: int) -> Written:
    """Return what the daemon wrote in these minutes, once its journal held every register."""
    settings = {"NEASMART_DATABASE_FLUSH_SECONDS": str(size.minute_seconds), "NEASMART_LOG_LEVEL": "WARNING"}
    with gateway(folder, **settings) as ours, Master(ours.modbus_port) as master:
        _write(master, real_rate.minute(0, zones))
        _wait_for_the_journal(ours, size)
        before = Written.by(ours.daemon)
        for number in range(1, size.minutes + 1):
            _write(master, real_rate.paced(number, size.minute_seconds, zones))
            settle(folder / "data")
        _wait_for_the_journal(ours, size)
        return Written.by(ours.daemon).since(before)


def _write(master: Master, writes: Iterable[tuple[int, int]]) -> None:
    """Write one minute's registers, one request each."""
    for address, word in writes:
        master.write(240, address, [word])


def _wait_for_the_journal(ours: Gateway, size: Size) -> None:
    """Let a whole flush go by, then see that nothing waits for one."""
    time.sleep(size.minute_seconds + 0.5)
    eventually(lambda: _waiting(ours) == 0, "everything in the journal")
    settle(ours.folder / "data")


def _waiting(ours: Gateway) -> int:
    return int(ours.get("/api/v1/health").json["database"]["waiting_registers"])


def _theirs(folder: Path, way: str, size: Size) -> dict[str, Any]:
    folder.mkdir()
    limits = size.their_minutes, size.minute_seconds, size.their_seconds
    return ask("benchmarks.children.commit_loop", way, folder, *limits, seconds=size.their_seconds + _SPARE_SECONDS)


def _rows(way: str, ours: Written, theirs: dict[str, Any], size: Size) -> list[Row]:
    our_writes, their_writes = size.minutes * real_rate.WRITES_PER_ZONE * real_rate.ZONES, theirs["writes"]
    gross = (ours.gross / our_writes,), (theirs["gross"] / their_writes,)
    net = (ours.net / our_writes,), (theirs["net"] / their_writes,)
    return [
        Row(f"{_WAYS[way]}: handed to the kernel (write_bytes)", "byte", "lower", *gross),
        Row(f"{_WAYS[way]}: of these, not cancelled before reaching the disk", "byte", "lower", *net),
    ]


def _notes(size: Size, theirs: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    loops = "; ".join(f"{answer['way']}, {answer['writes']} writes" for answer in theirs.values())
    return (
        f"the real rate: a minute is {real_rate.WRITES_PER_ZONE} register writes for each zone, "
        f"{real_rate.CHANGES_PER_ZONE} of them changes, evenly spread, and one flush",
        f"compressed in time: a minute, flush included, passes in {size.minute_seconds} s instead of 60. After each "
        "one the files are synced from outside, because in a real minute the kernel would have written them back",
        f"ours: the daemon's /proc/PID/io over {size.minutes} such minutes, with a journal that knows every register "
        "already. Log and HTTP workers are not in it, nor are checkpoints: there is one in some hundred minutes",
        f"theirs: {loops}; at the same pace, or slower when a commit takes longer",
        "write_bytes counts pages handed to the kernel. sqlitedict never syncs, and its rollback journals are deleted "
        "before the kernel writes them back: most of what it hands over never reaches the disk, hence the other rows",
        "in no figure: what the file system writes for itself (its journal, directories), which making and deleting "
        "files costs",
    )
