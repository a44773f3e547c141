"""Claims that no second daemon can hold: two of them on one bus is the worst that can happen."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
import signal
import socket
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


def claim_on(database: Path) -> Claim:
    """Return the claim that a gateway's daemon holds while it uses a database, whatever links lead to it."""
    return Claim(database.resolve())


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


class Claim:
    """Exclusive use of the file `path`, twice: the kernel frees both when we die.

    An abstract socket named after the path keeps all others of this machine away, also where no file can be made, and
    nobody can remove it by hand. A flock on a file beside it, which stays, keeps those away who share only the disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_name(path.name + ".lock")
        self._socket: socket.socket | None = None
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
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _try(self, waiting: Callable[[str], None]) -> bool:
        try:
            self._bind()
            self._flock()
        except BlockingIOError:
            waiting(f"another gateway holds {self._lock}")
        except OSError as error:
            waiting(f"cannot claim {self._path}: {error.strerror}")
        else:
            return True
        self.release()
        return False

    def _bind(self) -> None:
        name = hashlib.sha256(os.fsencode(self._path)).hexdigest()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(f"\0neasmart-gateway-{name}")
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise BlockingIOError from error
            raise

    def _flock(self) -> None:
        """Lock the file; where nothing can be written one that is there already will do, or none.

        A disk that is read-only must not keep the bus from being served.
        """
        for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
            with contextlib.suppress(OSError):
                self._lock.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self._lock, flags | os.O_CLOEXEC, 0o600)
                break
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
