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

from neasmart_gateway.daemon.service import ServiceManager
from neasmart_gateway.settings import Settings
from neasmart_gateway.shm.memory import SharedMemory


@dataclass(slots=True)
class Runtime:
    """Settings, shared memory, and a folder of this gateway's own (mode 0700) for the daemon's socket.

    `supervisor` is the process that watches over the daemon: without it the daemon must not go on. `manager` is who
    started the gateway and wants to know how it is.
    """

    settings: Settings
    memory: SharedMemory
    folder: Path
    manager: ServiceManager
    supervisor: int = 0
    ending: bool = False
    """Whether this process was asked to end; each knows it of itself."""

    @property
    def socket(self) -> Path:
        return self.folder / "daemon.sock"


_PREFIX = "neasmart-gateway-"
_LONGEST_PARENT = 60
"""The path of a Unix socket has room for 107 bytes."""


class _Process:
    """The one thing that is global in a process: which gateway it belongs to."""

    runtime: Runtime | None = None


def prepare(settings: Settings, manager: ServiceManager) -> Runtime:
    """Make the shared memory and the folder, once, in the master."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > _LONGEST_PARENT:
        parent = Path("/tmp")  # noqa: S108 - the folder in it is made by mkdtemp, for us alone
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    runtime = _Process.runtime = Runtime(settings, SharedMemory(folder / "breaker.lock"), folder, manager)
    return runtime


def current() -> Runtime:
    """Return the gateway that this process belongs to; RuntimeError outside of `gunicorn -c gunicorn_config.py`."""
    if _Process.runtime is None:
        raise RuntimeError("this must run under gunicorn with gunicorn_config.py, which makes the shared memory")
    return _Process.runtime


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
    """Remove the folder, at the end of the master."""
    if _Process.runtime is not None:
        shutil.rmtree(_Process.runtime.folder, ignore_errors=True)


def process_name(database: Path) -> str:
    """Return a name that no other gateway has, not even one with the same database.

    gunicorn names a pid file by it, and kills what it takes for a leftover of the same name.
    """
    return f"neasmart-{hashlib.sha256(str(database.resolve()).encode()).hexdigest()[:8]}-{os.getpid()}"
