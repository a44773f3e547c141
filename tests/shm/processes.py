"""Real processes for tests: forked, started together, killed and reaped whatever happens."""

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress

Work = Callable[[], object]


class Child:
    """A forked process that does one thing and exits: 0 when it went well, 1 when it raised."""

    def __init__(self, work: Work) -> None:
        with warnings.catch_warnings():
            # Python 3.12 counts pytest's own watchdog thread; the child runs nothing but `work`.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            _run(work)
        self._status: int | None = None

    def kill(self) -> None:
        """SIGKILL, as the kernel does it when memory is short."""
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    @property
    def running(self) -> bool:
        """Whether it is still at work; ask in loops that wait for what it does."""
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status is None

    def wait(self) -> int:
        """Reap it; its exit status, or minus the signal that ended it."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._status


Fork = Callable[[Work], Child]
"""The `fork` fixture: a Child whose end is seen to."""


class Gate:
    """Processes wait here until all may go: a pipe whose end comes when it is closed."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def wait(self) -> None:
        """Stop until the gate opens; only in a child, once."""
        os.close(self._write)
        os.read(self._read, 1)

    def open(self) -> None:
        """Let everybody go; only in the parent, once."""
        os.close(self._read)
        os.close(self._write)


def die_here() -> None:
    """End this process as kill -9 does: no `finally`, no `atexit`."""
    os.kill(os.getpid(), signal.SIGKILL)


def _run(work: Work) -> None:
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # Nothing may climb out of a child into pytest.
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)
