"""What is done to the daemon itself is done once, is bounded, and is taken back."""

import pytest

from neasmart_gateway.domain.faults import Fault, FaultKind
from neasmart_gateway.errors import Conflict
from neasmart_gateway.faults.drills import Drills
from neasmart_gateway.faults.harm import BY_STROKE, MEBIBYTE, Ballast, Crash
from neasmart_gateway.shm.drills import DRILLS_SIZE, DrillBoard
from tests.faults.house import House

CRASH, MEMORY = FaultKind.DAEMON_CRASH, FaultKind.MEMORY_PRESSURE


@pytest.fixture
def house() -> House:
    return House()


def test_a_crash_is_told_before_it_happens_and_happens_once(house: House) -> None:
    """Not again in this process, nor in the next one, which knows it from what was told."""
    happened: list[str] = []
    told: list[int] = []

    def publish() -> None:
        happened.append("told")
        told[:] = [drill["hits"] for drill in house.registry.told()]

    house.on(CRASH)
    for _ in range(3):
        Crash(house.registry, publish, lambda: happened.append("killed")).turn()
    assert (happened, told) == (["told", "killed"], [1])
    successor = house.another()
    successor.remember(house.registry.told())
    crash = Crash(successor, publish, lambda: happened.append("killed"))
    crash.turn()
    assert happened == ["told", "killed"]
    crash.survived()
    assert [(drill["hits"], drill["ended_by"]) for drill in successor.told()] == [(1, BY_STROKE)]


def test_another_drill_is_another_crash(house: House) -> None:
    killed: list[bool] = []
    crash = Crash(house.registry, lambda: None, lambda: killed.append(True))
    crash.turn()
    assert killed == []
    for _ in range(2):
        house.on(CRASH)
        crash.turn()
    assert killed == [True, True]


def test_memory_is_taken_bit_by_bit_up_to_what_was_asked_for(house: House) -> None:
    """And given back at the end."""
    ballast = Ballast(house.registry)
    house.registry.start(Fault(MEMORY, 60, mebibytes=40), "somebody")
    sizes = []
    for _ in range(4):
        ballast.turn()
        sizes.append(ballast.mebibytes)
    assert sizes == [16, 32, 40, 40]
    house.off()
    ballast.turn()
    assert ballast.mebibytes == 0


def test_a_smaller_drill_gives_back_what_is_too_much(house: House) -> None:
    ballast = Ballast(house.registry)
    for wanted in (16, 1):
        house.registry.start(Fault(MEMORY, 60, mebibytes=wanted), "somebody")
        ballast.turn()
    ballast.turn()
    assert ballast.mebibytes == 1


@pytest.mark.parametrize(("left", "taken"), [(128, True), (127, False)])
async def test_a_machine_without_memory_to_spare_is_left_alone(house: House, left: int, taken: bool) -> None:
    """Twice of what is to be taken must be there."""
    board = DrillBoard(memoryview(bytearray(DRILLS_SIZE)))
    drills = Drills(house.registry, board, lambda: None, lambda: left * MEBIBYTE)
    wish = {"kind": "memory_pressure", "duration": 60, "probability": 1, "delay_ms": None, "mebibytes": 64, "who": "me"}
    if taken:
        assert (await drills.start(wish))["who"] == "me"
    else:
        with pytest.raises(Conflict, match="too little memory"):
            await drills.start(wish)
    assert len(board.running(house.now)) == taken


def test_what_a_turn_tells_is_what_a_successor_finds(house: House) -> None:
    """The board has it before the kill, and one daemon's drills are the next one's."""
    board = DrillBoard(memoryview(bytearray(DRILLS_SIZE)))
    killed: list[int] = []
    drills = Drills(house.registry, board, lambda: killed.append(board.read()[0]["hits"]), lambda: 0)
    house.on(CRASH, 60)
    drills.turn()
    successor = Drills(house.another(), board, lambda: killed.append(99), lambda: 0)
    successor.begin()
    successor.turn()
    assert killed == [1]
    assert board.running(house.now) == ()
    assert board.read()[0]["ended_by"] == BY_STROKE
