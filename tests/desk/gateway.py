"""A desk with its shared memory, a base station that talks to it, and a clock that moves only when told."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neasmart_gateway.desk.command import Command, Origin
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.records import CommandChanged, DeskRecord, RegisterChanged
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.intentions import Intention, SetGlobalMode, SetGlobalState, SetZoneSetpoint, SetZoneState
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.shm.memory import SharedMemory

START = 1000.0
"""When the clock of a Gateway begins, in monotonic seconds, …"""
UNIX_START = 1_767_225_600.0
"""… and what the wall clock says then: 2026-01-01T00:00:00Z."""

BASE = Peer("bus", "192.0.2.10")
STRANGER = Peer("bus", "192.0.2.99")
"""Somebody's debugging client at another address."""

MODE, STATE = 1, 2
ZONE_STATE, SETPOINT, TEMPERATURE = 100, 101, 102
ZONE = ZoneRef(1, 1)
PERSON = Origin("http", "192.0.2.50")


def degrees(celsius: float) -> int:
    """The word for a temperature."""
    return dpt9.encode(celsius)


def setpoint(celsius: float, zone: ZoneRef = ZONE) -> SetZoneSetpoint:
    return SetZoneSetpoint(zone, celsius)


def zone_state(name: str, zone: ZoneRef = ZONE) -> SetZoneState:
    return SetZoneState(zone, OperatingState[name.upper()])


def global_mode(name: str) -> SetGlobalMode:
    return SetGlobalMode(OperatingMode[name.upper()])


def global_state(name: str) -> SetGlobalState:
    return SetGlobalState(OperatingState[name.upper()])


def taken(desk: Desk, intentions: Sequence[Intention], origin: Origin, now: float) -> Command:
    """A command that takes effect without being written down first."""
    command = desk.prepare(intentions, origin, now)
    desk.admit(command, now)
    return command


class InlineExecutor(Executor):
    """Does the work at once, in the thread that asks for it."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Gateway:
    """What the tests turn and look at. The base reads and writes the way bus/slave.py lets it."""

    def __init__(self, lock: Path, rules: Rules | None = None) -> None:
        self.memory = SharedMemory(lock, clock=lambda: self.now)
        self.memory.header.wall_offset = UNIX_START - START
        self.rules = rules or Rules()
        self.now = START
        self.records: list[DeskRecord] = []
        self.desk = Desk(self.memory, self.rules, self.records.append)

    def restart(self) -> int:
        """Let a new daemon find the image of a dead one; returns how many commands it had to close."""
        self.desk = Desk(self.memory, self.rules, self.records.append)
        return self.desk.start(self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    # The base station

    def writes(self, start: int, *words: int, peer: Peer = BASE) -> None:
        """Somebody, the base by default, writes registers."""
        self.desk.heard(peer, self.now)
        self.desk.write(peer, start, words, self.now)

    def reads(self, start: int, count: int = 1, *, peer: Peer = BASE, unit: int = 240) -> list[int]:
        """Somebody, the base by default, reads registers, and the answer reaches the transport."""
        self.desk.heard(peer, self.now)
        answer = self.desk.read(peer, start, count, self.now)
        self.desk.delivered(answer.pending, unit, peer, self.now)
        return answer.words

    def reads_in_vain(self, start: int, count: int = 1) -> list[int]:
        """The base asks, but the answer never reaches the transport."""
        self.desk.heard(BASE, self.now)
        return self.desk.read(BASE, start, count, self.now).words

    # Users

    def submit(self, *intentions: Intention) -> Command:
        return taken(self.desk, intentions, PERSON, self.now)

    def submit_and_deliver(self, *intentions: Intention) -> Command:
        """A command that the base has read."""
        command = self.submit(*intentions)
        for intention in intentions:
            self.reads(intention.address)
        return command

    # What can be seen

    def reported(self, address: int) -> int | None:
        return self.memory.reader.cell(address).reported

    def pending(self, address: int) -> int | None:
        return self.memory.reader.cell(address).pending

    def receipt(self, command: Command) -> dict[str, Any]:
        """The receipt of a command as every process finds it in the ring."""
        receipt = self.memory.receipts.find(command.id)
        assert receipt is not None, f"the ring has no receipt of {command.id}"
        return receipt

    def state(self, command: Command) -> str:
        return str(self.receipt(command)["state"])

    def write_of(self, command: Command, address: int) -> dict[str, Any]:
        """What the receipt says of one register."""
        return next(write for write in self.receipt(command)["writes"] if write["address"] == address)

    def changes(self, address: int) -> list[RegisterChanged]:
        """What was reported of one register, oldest first."""
        return [r for r in self.records if isinstance(r, RegisterChanged) and r.address == address]

    def told(self, command: Command) -> list[str]:
        """The states that were reported of a command, oldest first."""
        receipts = [record.receipt for record in self.records if isinstance(record, CommandChanged)]
        return [receipt["state"] for receipt in receipts if receipt["id"] == command.id]

    @contextmanager
    def nothing_changes(self) -> Iterator[None]:
        """Hold that a reader of the shared memory sees no difference."""
        before = self._visible()
        yield
        assert self._visible() == before

    def _visible(self) -> tuple[object, ...]:
        cells = [self.memory.reader.cell(address) for address in (MODE, STATE, ZONE_STATE, SETPOINT, TEMPERATURE)]
        return cells, list(self.memory.receipts), self.desk.pending
