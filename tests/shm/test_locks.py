"""The lock between processes is exclusive, and never outlives its holder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neasmart_gateway.shm.locks import ProcessLock
from tests.shm.processes import Fork, Gate, die_here


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the lock file is to be."""
    return tmp_path / "lock"


@contextmanager
def told() -> Iterator[tuple[int, int]]:
    """A pipe by which a child can say that it has got somewhere."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def is_free(path: Path) -> bool:
    """Whether this process could have the lock at once."""
    with path.open("r+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_the_file_is_made_by_need(path: Path) -> None:
    """Not before the first use, and for its owner only."""
    lock = ProcessLock(path)
    assert not path.exists()
    with lock:
        assert path.stat().st_mode & 0o777 == 0o600


def test_another_process_is_kept_out_and_let_in_again(path: Path, fork: Fork) -> None:
    """While one holds it no other gets it; after that anyone does, in the child of a user, too."""
    lock, gate = ProcessLock(path), Gate()
    with lock:
        pass
    with told() as (heard, say):

        def hold() -> None:
            with lock:
                os.write(say, b"x")
                gate.wait()

        child = fork(hold)
        os.read(heard, 1)
    assert not is_free(path)
    gate.open()
    assert child.wait() == 0
    assert is_free(path)


def test_an_error_frees_it(path: Path, fork: Fork) -> None:
    """What goes wrong inside does not keep others out."""
    lock = ProcessLock(path)
    with pytest.raises(ZeroDivisionError), lock:
        _ = 1 / 0

    def enter() -> None:
        assert is_free(path)

    assert fork(enter).wait() == 0


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
