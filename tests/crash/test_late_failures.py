"""Calls that began before a daemon was there fail after it is there: they say nothing about it."""

from pathlib import Path

import pytest

from neasmart_gateway.errors import DaemonAway
from neasmart_gateway.manager.breaker import DaemonBreaker
from neasmart_gateway.shm.memory import SharedMemory


def test_failures_that_are_older_than_the_daemon(tmp_path: Path) -> None:
    """A breaker that opens just after a daemon has come, because of calls from before, lets the next one through."""
    at_work = [1]
    breaker = DaemonBreaker(SharedMemory(tmp_path / "lock").breaker, lambda: at_work[0], failures=1, reset_seconds=30)

    def fails_while_a_daemon_comes() -> None:
        at_work[0] = 2
        raise DaemonAway("nobody was there when this call began", retry_after=1.0)

    with pytest.raises(DaemonAway):
        breaker.call(fails_while_a_daemon_comes, daemon_alive=False)
    assert breaker.call(lambda: "done", daemon_alive=True) == "done"


def test_a_refusal_is_no_evidence(tmp_path: Path) -> None:
    """A call that an open breaker refuses while a daemon is just coming is not held against that daemon."""
    at_work = [1]
    breaker = DaemonBreaker(SharedMemory(tmp_path / "lock").breaker, lambda: at_work[0], failures=1, reset_seconds=30)

    def fails() -> None:
        raise DaemonAway("nobody is there", retry_after=1.0)

    with pytest.raises(DaemonAway):
        breaker.call(fails, daemon_alive=False)
    at_work[0] = 2
    with pytest.raises(DaemonAway):
        breaker.call(lambda: "never called", daemon_alive=False)
    assert breaker.call(lambda: "done", daemon_alive=True) == "done"
