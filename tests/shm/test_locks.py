"""The lock between processes is exclusive, and never outlives its holder."""

import fcntl
import os
from pathlib import Path

import pytest

from neasmart_gateway.shm.locks import ProcessLock
from tests.shm.processes import Fork, Gate, die_here


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the lock file is to be."""
    return tmp_path / "lock"


def is_free(path: Path) -> bool:
    """Whether no other process has it for itself alone: then not even a shared lock could be had."""
    with path.open("r+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_the_file_is_made_by_need(path: Path) -> None:
    """Not before the first use, and for its owner only."""
    lock = ProcessLock(path)
    assert not path.exists()
    with lock:
        assert path.stat().st_mode & 0o777 == 0o600


def free_elsewhere(fork: Fork, path: Path) -> bool:
    """Whether another process could have it: a process always gets past a lock of its own."""

    def look() -> None:
        assert is_free(path)

    return fork(look).wait() == 0


def test_another_process_is_let_in_afterwards(path: Path, fork: Fork) -> None:
    """Who has left the lock does not keep others out."""
    lock = ProcessLock(path)
    with lock:
        assert not free_elsewhere(fork, path)
    assert free_elsewhere(fork, path)


def test_a_child_of_its_user_holds_it_for_itself(path: Path, fork: Fork) -> None:
    """A forked worker that inherits the lock gets it, and keeps its parent out until it leaves."""
    lock, gate = ProcessLock(path), Gate()
    with lock:
        pass
    assert free_elsewhere(fork, path)
    heard, say = os.pipe()

    def hold() -> None:
        with lock:
            os.write(say, b"x")
            gate.wait()

    child = fork(hold)
    os.close(say)
    assert os.read(heard, 1) == b"x"
    os.close(heard)
    assert not is_free(path)
    gate.open()
    assert child.wait() == 0
    assert is_free(path)


def test_an_error_frees_it(path: Path, fork: Fork) -> None:
    """What goes wrong inside does not keep others out."""
    lock = ProcessLock(path)
    with pytest.raises(ZeroDivisionError), lock:
        _ = 1 / 0
    assert free_elsewhere(fork, path)


def test_the_kernel_frees_it_at_death(path: Path, fork: Fork) -> None:
    """A worker killed in the middle blocks nobody."""
    lock = ProcessLock(path)

    def die_holding_it() -> None:
        with lock:
            die_here()

    assert fork(die_holding_it).wait() == -9
    assert is_free(path)
    with lock:
        pass
