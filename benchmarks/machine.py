"""What a run ran on, because figures without it mean nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.servers import ROOT

_PACKAGES = ("neasmart-gateway", "pymodbus", "gunicorn", "gevent", "flask", "pydantic")
_PROGRAMS = (("wrk", "-v"), ("cc", "--version"), ("pkg-config", "--modversion", "libmodbus"))
"""Of others, by how they are asked for their version."""

Load = float
"""How many processes wanted to run at once, on average over the last minute."""


def load() -> Load:
    """Return the load now."""
    return os.getloadavg()[0]


def describe(folder: Path, load_before: Load) -> str:
    """Return the machine, what else it had to do, and the versions, as lines of text."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    system = f"{platform.system()} {platform.release()}, {file_system(folder)} under {folder}"
    lines = [
        f"machine   {_processor()}, {os.cpu_count()} cores, {memory:.1f} GiB, {system}",
        f"load      {load_before:.1f} before the run, {load():.1f} after it with our own; nothing is pinned to a core",
        f"versions  Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "programs  " + ", ".join(_told(command) for command in _PROGRAMS),
        f"source    {_commit()}",
    ]
    if load_before > (os.cpu_count() or 1) / 2:
        lines.append("BEWARE    the machine was busy before the run began: times and rates are not to be relied on")
    return "\n".join(lines)


def file_system(folder: Path) -> str:
    """Return the type of file system that a folder is on, such as ext4."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except FileNotFoundError:
        return "an unknown file system"
    # The last of several mounts at one place is the one in force.
    inside = [(len(point), n, kind) for n, (point, kind) in enumerate(mounts) if folder.resolve().is_relative_to(point)]
    return max(inside)[2]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor()
    # Small ARM boards name the board, not the processor.
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.machine()


def _told(command: Sequence[str]) -> str:
    """What a program says of itself, and of which library if that was the question."""
    name = command[-1] if len(command) > 2 else command[0]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    except OSError:
        return f"no {name}"
    return f"{name} {said[0].removeprefix(name).partition('[')[0].strip()}" if said else f"no {name}"


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    try:
        return "commit " + subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not from a clone"
