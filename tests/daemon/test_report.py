"""What the daemon tells of itself through the shared memory."""

from pathlib import Path

import pytest

from neasmart_gateway.daemon.report import Reporter
from neasmart_gateway.shm.memory import SharedMemory

WALL = 1_800_000_000.0


class Machine:
    """Two clocks and a reporter that goes by them."""

    def __init__(self, folder: Path) -> None:
        self.memory = SharedMemory(folder / "lock")
        self.now, self.ahead = 1000.0, WALL
        self.reporter = self.new_reporter()

    def new_reporter(self) -> Reporter:
        """Of another daemon of the same gateway."""
        return Reporter(
            self.memory, 7, 180.0, lambda: {"listeners": []}, lambda: self.now + self.ahead, lambda: self.now
        )

    @property
    def alive_since(self) -> float | None:
        self.reporter.publish()
        since: float | None = self.memory.status.read()["bus_alive_since"]
        return since


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.reporter.set_clock()
    return machine


def test_the_first_look_at_the_clock_sets_nothing(machine: Machine) -> None:
    """There was no time before it."""
    assert (machine.memory.header.wall_offset, machine.memory.header.clock_set_at) == (WALL, None)


@pytest.mark.parametrize("seconds", [1.5, -1.5, 86400.0 * 365, -3600.0])
def test_a_clock_that_is_set_is_noted(machine: Machine, seconds: float) -> None:
    """When and by how much, and shown times follow it."""
    machine.now += 50
    machine.ahead += seconds
    machine.reporter.set_clock()
    header = machine.memory.header
    assert (header.clock_set_at, header.clock_set_by) == (1050.0, pytest.approx(seconds))
    assert header.wall_offset == WALL + seconds


def test_a_clock_that_trembles_is_not(machine: Machine) -> None:
    """Up to a second: shown times stay as they are."""
    machine.ahead += 1.0
    machine.reporter.set_clock()
    assert (machine.memory.header.wall_offset, machine.memory.header.clock_set_at) == (WALL, None)


def test_what_is_measured_ends_before_the_clock_moves(machine: Machine) -> None:
    """Once, while shown times still go by the clock of before; a tremor ends nothing."""
    ends: list[tuple[float, float]] = []
    machine.reporter.before_clock_moves = lambda now: ends.append((now, machine.memory.header.wall_offset))
    machine.ahead += 0.5
    machine.reporter.set_clock()
    assert ends == []
    machine.ahead += 60
    machine.reporter.set_clock()
    machine.reporter.set_clock()
    assert ends == [(1000.0, WALL)]


def test_it_is_remembered_over_a_restart_of_the_daemon(machine: Machine) -> None:
    """A clock set while there was no daemon is noticed by the next one."""
    machine.ahead += 60
    machine.new_reporter().set_clock()
    assert machine.memory.header.clock_set_by == pytest.approx(60)


def test_since_when_the_bus_is_alive(machine: Machine) -> None:
    """From the first write after a silence; not known of a daemon that came later."""
    header = machine.memory.header
    assert machine.alive_since is None
    header.last_bus_write = machine.now
    assert machine.alive_since == WALL + 1000
    machine.now += 100
    header.last_bus_write = machine.now
    assert machine.alive_since == WALL + 1000
    machine.now += 181
    assert machine.alive_since is None
    header.last_bus_write = machine.now
    assert machine.alive_since == WALL + 1281
    machine.reporter = machine.new_reporter()
    assert machine.alive_since is None


def test_a_report_is_signed(machine: Machine) -> None:
    """With its daemon and when that started, and the heart beats with it."""
    machine.reporter.begin()
    status = machine.memory.status.read()
    assert (status["instance"], status["started_at"], status["listeners"]) == (7, WALL + 1000, [])
    assert machine.memory.header.heartbeat == 1000.0


def test_the_facts_are_those_of_a_daemon_at_work(machine: Machine) -> None:
    """What it judges itself by is what everybody else sees."""
    facts = machine.reporter.publish()
    assert facts.daemon_at_work
    assert facts.status["instance"] == 7
