"""Claims that no second daemon can hold: two of them on one bus is the worst that can happen."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import hashlib
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from neasmart_gateway.errors import OperatorError

_PR_SET_PDEATHSIG = 1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


def die_with(supervisor: int) -> None:
    """Let the kernel kill this process when its supervisor dies; exit at once if that has happened already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)


def claim_on(database: Path) -> FileClaim:
    """Return the claim that a gateway's daemon holds while it uses a database."""
    return FileClaim(database.with_name(database.name + ".lock"))


@contextlib.contextmanager
def stopped_gateway(database: Path) -> Iterator[None]:
    """Keep gateways away from a database meanwhile; OperatorError when one is using it."""
    claim, reasons = claim_on(database), list[str]()
    if not claim.take_now(reasons.append):
        raise OperatorError(f"{reasons[0]}: stop the gateway first")
    try:
        yield
    finally:
        claim.release()


class FileClaim:
    """An exclusive flock on the file `path`, which the kernel frees when we die. The file itself stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take_now(self, waiting: Callable[[str], None]) -> bool:
        """Take the claim if nobody holds it; else `waiting` is told who does."""
        return self._try(waiting)

    async def take(self, stop: asyncio.Event, waiting: Callable[[str], None]) -> bool:
        """Return true once the claim is ours, false when `stop` is set before; `waiting` is told why it takes long."""
        pause = _FIRST_PAUSE
        while not stop.is_set():
            if self._try(waiting):
                return True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return False

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        """Open the file; where nothing can be written one that is there already will do, else one of our own.

        A disk that is read-only must not keep the bus from being served.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            pass
        try:
            return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            name = hashlib.sha256(str(self._path.resolve()).encode()).hexdigest()[:16]
            stand_in = Path(tempfile.gettempdir()) / f"neasmart-claim-{os.getuid()}-{name}.lock"
            return os.open(stand_in, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def _try(self, waiting: Callable[[str], None]) -> bool:
        try:
            descriptor = self._open()
        except OSError as error:
            waiting(f"cannot open {self._path}: {error.strerror}")
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            waiting(f"another gateway holds {self._path}")
            return False
        self._descriptor = descriptor
        return True
