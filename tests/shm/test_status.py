"""The status board shows the daemon's newest report."""

import pytest

from neasmart_gateway.shm.seal import HEAD_SIZE
from neasmart_gateway.shm.status import STATUS_SIZE, StatusBoard
from tests.shm.memories import Pauses, shared
from tests.shm.processes import Fork

REPORT = {"listeners": [{"name": "tcp", "bound": True, "error": None}], "store": {"degraded": False}, "label": "Küche"}


@pytest.fixture
def memory() -> memoryview:
    """Room for a board."""
    return shared(STATUS_SIZE)


@pytest.fixture
def board(memory: memoryview) -> StatusBoard:
    """A board whose readers never really sleep."""
    return StatusBoard(memory, Pauses())


def test_before_the_first_report(board: StatusBoard) -> None:
    """It is empty, and there is nothing to repair."""
    assert board.read() == {}
    assert not board.repair()


def test_the_newest_report(board: StatusBoard) -> None:
    """Long or short, each replaces the one before."""
    for report in (REPORT, {}, {"peers": ["x" * 100] * 100}, {"a": 1}):
        board.publish(report)
        assert board.read() == report


def test_another_process_reads_it(board: StatusBoard, memory: memoryview, fork: Fork) -> None:
    """What the daemon publishes a worker sees."""
    assert fork(lambda: board.publish(REPORT)).wait() == 0
    assert StatusBoard(memory, Pauses()).read() == REPORT


def test_too_long_a_report_is_refused(board: StatusBoard) -> None:
    """The one before stays."""
    board.publish(REPORT)
    with pytest.raises(ValueError, match="do not fit"):
        board.publish({"text": "x" * STATUS_SIZE})
    assert board.read() == REPORT


def test_a_torn_report_is_no_report(board: StatusBoard, memory: memoryview) -> None:
    """Nothing is made of half a report; a repair wipes it, and the next one is shown."""
    board.publish(REPORT)
    memory[HEAD_SIZE] ^= 0x01
    assert board.read() == {}
    assert board.repair()
    assert board.read() == {}
    assert not board.repair()
    board.publish(REPORT)
    assert board.read() == REPORT
