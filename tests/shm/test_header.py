"""The header says how the gateway is, to every process."""

import pytest

from neasmart_gateway.shm.header import HEADER_SIZE, Header
from tests.shm.memories import shared
from tests.shm.processes import Fork

TIMES = ("heartbeat", "last_bus_write", "last_frame")
COUNTS = ("instance", "next_receipt")


@pytest.fixture
def memory() -> memoryview:
    """Room for a header, and something behind it."""
    memory = shared(HEADER_SIZE + 8)
    memory[HEADER_SIZE:] = b"not mine"
    return memory


@pytest.fixture
def header(memory: memoryview) -> Header:
    """A header as it is before the first daemon."""
    header = Header(memory)
    header.prepare()
    return header


def test_before_the_first_daemon(header: Header) -> None:
    """Nothing was counted, nobody was at work, and nothing ever happened: "never" is not 0.0."""
    assert (header.changes, header.instance, header.next_receipt) == (0, 0, 0)
    assert [getattr(header, name) for name in TIMES] == [None, None, None]
    assert (header.wall_offset, header.clock_set_at) == (0.0, None)


@pytest.mark.parametrize("name", [*TIMES, "wall_offset"])
@pytest.mark.parametrize("value", [0.0, 0.1, -5.5, 1.7e9 + 0.123456])
def test_times_are_kept_exactly(header: Header, name: str, value: float) -> None:
    """To the last bit; zero and times from before the boot are times."""
    setattr(header, name, value)
    assert getattr(header, name) == value


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", [0, 1, 2**63, 2**64 - 1])
def test_numbers_are_kept_exactly(header: Header, name: str, value: int) -> None:
    """Sixty-four bits of them."""
    setattr(header, name, value)
    assert getattr(header, name) == value


def test_no_field_shares_its_place(header: Header, memory: memoryview) -> None:
    """Each field keeps its own value when all are set, and nothing outside the header is touched."""
    fields = (*COUNTS, *TIMES, "wall_offset", "booted_at")
    header.change()
    header.wrote()
    header.wrote()
    header.clock_was_set(7.0, -3600.0)
    for number, name in enumerate(fields, 10):
        setattr(header, name, number)
    assert [getattr(header, name) for name in fields] == list(range(10, 10 + len(fields)))
    assert (header.changes, header.writes) == (1, 2)
    assert (header.clock_set_at, header.clock_set_by) == (7.0, -3600.0)
    assert bytes(memory[HEADER_SIZE:]) == b"not mine"


def test_changes_are_counted(header: Header) -> None:
    """One by one."""
    for expected in (1, 2, 3):
        header.change()
        assert header.changes == expected


def test_another_process_sees_it(header: Header, memory: memoryview, fork: Fork) -> None:
    """What the daemon says, a worker reads, also through a header of its own."""

    def daemon() -> None:
        header.heartbeat = 12.5
        header.instance = 7
        header.change()

    assert fork(daemon).wait() == 0
    worker = Header(memory)
    assert (worker.heartbeat, worker.instance, worker.changes) == (12.5, 7, 1)
