"""The shared memory of a gateway as a whole: parts that do not touch each other, made before any fork."""

from pathlib import Path

import pytest

from neasmart_gateway.errors import TooMany
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.shm.receipts import SLOTS
from neasmart_gateway.shm.tally import NAMES
from neasmart_gateway.shm.tickets import SLOTS as MOST_TICKETS
from tests.shm.memories import Pauses, padded
from tests.shm.processes import Fork, die_here


@pytest.fixture
def memory(tmp_path: Path) -> SharedMemory:
    """The memory of a gateway that has just been started."""
    return SharedMemory(tmp_path / "lock", Pauses())


REPORT = padded(16384)
RECEIPTS = [(slot, padded(2048, id=f"{slot}-a")) for slot in (0, 1, SLOTS - 1)]
"""As large as they can be."""


def fill(memory: SharedMemory) -> None:
    """Write to every part, as much as it takes and up to its ends."""
    memory.header.instance = 2**64 - 1
    memory.header.wall_offset = 1.5
    memory.breaker.state = "half-open"
    memory.breaker.add_failure()
    memory.breaker.opened(2.5, 7)
    memory.status.publish(REPORT)
    memory.tally.add(NAMES[-1])
    assert memory.limits.hit("key", 3600.0).hits == 1
    for n in range(MOST_TICKETS):
        memory.tickets.issue("x" * 64, n)
    for slot, receipt in RECEIPTS:
        memory.receipts.put(slot, receipt)
    for address in (0, 65535):
        memory.writer.report(address, [0xFFFF], 3.5)


def check(memory: SharedMemory) -> None:
    """Find all of it again."""
    assert (memory.header.instance, memory.header.wall_offset) == (2**64 - 1, 1.5)
    assert (memory.breaker.state, memory.breaker.failures, memory.breaker.opened_at) == ("half-open", 1, 2.5)
    assert memory.status.read() == REPORT
    assert (memory.tally.read()[NAMES[-1]], memory.limits.look("key")[0]) == (1, 1)
    with pytest.raises(TooMany):
        memory.tickets.issue("one more", 1)
    assert list(memory.receipts) == RECEIPTS
    assert [memory.reader.cell(address).reported for address in (0, 1, 65534, 65535)] == [0xFFFF, None, None, 0xFFFF]


def test_a_fresh_memory(memory: SharedMemory) -> None:
    """Nothing is known, nothing is broken."""
    assert (memory.header.heartbeat, memory.breaker.opened_at, memory.breaker.state) == (None, None, "closed")
    assert memory.status.read() == {}
    assert list(memory.receipts) == []
    assert memory.repair() == 0


def test_no_part_touches_another(memory: SharedMemory) -> None:
    """All parts keep what was written to them, and hold together."""
    fill(memory)
    check(memory)
    assert memory.repair() == 0


def test_what_one_process_writes_all_see(memory: SharedMemory, fork: Fork) -> None:
    """Parent and children have one memory, not copies."""
    assert fork(lambda: fill(memory)).wait() == 0
    check(memory)
    assert fork(lambda: check(memory)).wait() == 0


def test_changes_of_the_image_are_counted_in_the_header(memory: SharedMemory) -> None:
    """Writer and header belong together."""
    memory.writer.report(100, [1], 1.0)
    assert memory.header.changes == 1


def test_two_gateways_share_nothing(memory: SharedMemory, tmp_path: Path) -> None:
    """Each has memory of its own."""
    fill(memory)
    other = SharedMemory(tmp_path / "other", Pauses())
    assert other.reader.cell(0).reported is None
    assert other.status.read() == {}


def test_it_outlives_a_killed_daemon(memory: SharedMemory, fork: Fork) -> None:
    """What a daemon wrote before it was killed is there for the next one."""

    def short_life() -> None:
        fill(memory)
        die_here()

    assert fork(short_life).wait() == -9
    assert memory.repair() == 0
    check(memory)


@pytest.mark.parametrize("part", ["image", "receipts", "status"])
def test_whatever_a_killed_daemon_left_open_is_repaired(memory: SharedMemory, fork: Fork, part: str) -> None:
    """One slot of any part; afterwards all of it works as before."""
    slots = {  # Inside, because nothing outside can stop a write halfway.
        "image": memory.writer._slots[1],
        "receipts": memory.receipts._slots[0],
        "status": memory.status._slot,
    }

    def die_writing() -> None:
        with slots[part].writing():
            die_here()

    assert fork(die_writing).wait() == -9
    assert memory.repair() == 1
    assert memory.repair() == 0
    fill(memory)
    check(memory)
