"""What one gateway's processes share, made by the gunicorn master before any fork and inherited by all of them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog

from neasmart_gateway.daemon.service import ServiceManager
from neasmart_gateway.settings import Settings
from neasmart_gateway.shm.memory import SharedMemory


@dataclass(slots=True)
class Runtime:
    """Settings, shared memory, and folders of this gateway's own (mode 0700): for the daemon's socket, for metrics.

    `supervisor` is the process that watches over the daemon: without it the daemon must not go on. `manager` is who
    started the gateway and wants to know how it is.
    """

    settings: Settings
    memory: SharedMemory
    folder: Path
    measurements: Path
    manager: ServiceManager
    supervisor: int = 0
    ending: bool = False
    """Whether this process was asked to end; each knows it of itself."""

    @property
    def socket(self) -> Path:
        return self.folder / "daemon.sock"


_log = structlog.get_logger("neasmart.gateway")
_PREFIX = "neasmart-gateway-"
_LONGEST_PARENT = 60
"""The path of a Unix socket has room for 107 bytes."""


_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is made by mkdtemp, for us alone


class _Process:
    """The one thing that is global in a process: which gateway it belongs to."""

    runtime: Runtime | None = None


def prepare(settings: Settings, manager: ServiceManager) -> Runtime:
    """Make the shared memory and the folder, once, in the master."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > _LONGEST_PARENT:
        parent = Path("/tmp")  # noqa: S108 - the folder in it is made by mkdtemp, for us alone
    _sweep(parent)
    folder = _own_folder(parent)
    measurements = _measurements(folder)
    # prometheus-client looks at this when it is first imported: in the workers, and never before this.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(measurements)
    memory = SharedMemory(folder / "breaker.lock")
    runtime = _Process.runtime = Runtime(settings, memory, folder, measurements, manager)
    return runtime


def current() -> Runtime:
    """Return the gateway that this process belongs to; RuntimeError outside of `gunicorn -c gunicorn_config.py`."""
    if _Process.runtime is None:
        raise RuntimeError("this must run under gunicorn with gunicorn_config.py, which makes the shared memory")
    return _Process.runtime


def _own_folder(parent: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))


def _measurements(folder: Path) -> Path:
    """Make an empty folder where every request may leave a trace without wearing a memory card out."""
    if not _in_memory(folder) and _in_memory(_MEMORY):
        with contextlib.suppress(OSError):
            _sweep(_MEMORY)
            return _own_folder(_MEMORY)
    inner = folder / "metrics"
    inner.mkdir()
    return inner


def _in_memory(folder: Path) -> bool:
    """Whether a folder lies on a file system without a disk (proc(5), mountinfo)."""
    try:
        device = folder.stat().st_dev
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    except OSError:
        return False
    number = f"{os.major(device)}:{os.minor(device)}"
    return any(mount[2] == number and mount[mount.index("-") + 1] in ("tmpfs", "ramfs") for mount in mounts)


def _sweep(parent: Path) -> None:
    """Remove what gateways of ours that were killed have left: folders, and gunicorn's pid files."""
    for left in [*parent.glob(f"{_PREFIX}[0-9]*-*"), *parent.glob("gunicorn-dirty-neasmart-*-[0-9]*.pid")]:
        pid = re.search(r"-([0-9]+)(?:-[^-]*|\.pid)$", left.name)
        with contextlib.suppress(OSError):
            if pid and left.lstat().st_uid == os.getuid() and not Path(f"/proc/{pid[1]}").exists():
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def watch_over() -> None:
    """Note that this process is the one that watches over the daemon."""
    current().supervisor = os.getpid()


def dismantle() -> None:
    """Remove the folders, at the end of the master."""
    if _Process.runtime is not None:
        for folder in (_Process.runtime.measurements, _Process.runtime.folder):
            shutil.rmtree(folder, ignore_errors=True)


def bury(pid: int) -> None:
    """Keep what a process that has ended has measured; whatever hinders that is told and no more."""
    # Not at the top: by then prometheus-client must know where it counts.
    from neasmart_gateway.metrics import files

    try:
        files.bury(current().measurements, pid)
    except Exception:  # gunicorn's master would end over it, and a number is not worth a gateway
        _log.exception("what a process has measured may be lost", pid=pid)


def process_name(database: Path) -> str:
    """Return a name that no other gateway has, not even one with the same database.

    gunicorn names a pid file by it, and kills what it takes for a leftover of the same name.
    """
    return f"neasmart-{hashlib.sha256(str(database.resolve()).encode()).hexdigest()[:8]}-{os.getpid()}"
