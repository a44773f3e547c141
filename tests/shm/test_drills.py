"""Every process sees which drills run, cheaply, and they end by the clock with nobody there."""

import pytest

from neasmart_gateway.shm.drills import DRILLS_SIZE, DrillBoard
from tests.shm.memories import shared

SILENCE = {"kind": "bus_silence", "ends_at": 1060.0, "ended_at": None}
OVER = {"kind": "slow_disk", "ends_at": 1060.0, "ended_at": 1010.0}


@pytest.fixture
def memory() -> memoryview:
    return shared(DRILLS_SIZE)


def test_nothing_runs_before_the_first(memory: memoryview) -> None:
    board = DrillBoard(memory)
    assert (board.read(), board.running(0.0)) == ((), ())


def test_another_process_reads_what_was_published(memory: memoryview) -> None:
    """Also what replaces it; those that are over are kept and do not run."""
    ours, theirs = DrillBoard(memory), DrillBoard(memory)
    ours.publish([SILENCE, OVER])
    assert (theirs.read(), theirs.running(1000.0)) == ((SILENCE, OVER), (SILENCE,))
    ours.publish([OVER])
    assert theirs.running(1000.0) == ()


def test_a_drill_ends_by_the_clock(memory: memoryview) -> None:
    """Whether or not there is a daemon to end it."""
    board = DrillBoard(memory)
    board.publish([SILENCE])
    assert board.running(1059.9)
    assert not board.running(1060.0)


def test_what_a_killed_daemon_left_torn_is_empty(memory: memoryview) -> None:
    """Readers keep what they knew, until a new daemon has repaired it."""
    board = DrillBoard(memory, lambda _: None)
    board.publish([SILENCE])
    assert board.read()
    board._slot._sequence[0] |= 1
    assert board.read() == (SILENCE,)
    assert board.repair()
    assert (board.read(), board.repair()) == ((), False)
