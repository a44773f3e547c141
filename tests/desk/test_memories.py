"""Image and journal: what is remembered over a restart, and that no old command word ever becomes an answer."""

from collections.abc import Sequence

import pytest

from neasmart_gateway.desk.memories import WANTED, Memories
from neasmart_gateway.desk.records import BusSpeaks
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.journal import AuditRow, Batch, CommandRow, Remembered
from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.recorder import Recorder
from tests.desk.gateway import (
    MODE,
    PERSON,
    SETPOINT,
    START,
    STRANGER,
    TEMPERATURE,
    UNIX_START,
    ZONE,
    ZONE_STATE,
    Gateway,
    InlineExecutor,
    degrees,
    setpoint,
)

HOUR = 3600.0


class Kept:
    """A journal, and the memories of a gateway over it."""

    def __init__(self, gateway: Gateway, *, keep_commands: bool = False) -> None:
        self.gateway = gateway
        self.journal = MemoryJournal()
        self.retries = Retries()
        self.recorder = Recorder(
            self.journal, InlineExecutor(), lambda record: None, lambda: gateway.now + UNIX_START - START, Habits()
        )
        self.memories = Memories(
            gateway.memory, self.recorder, self.retries, keep_commands=keep_commands, clock=lambda: gateway.now
        )

    def had(self, *registers: tuple[int, int]) -> None:
        self.journal.commit(Batch(remembered(*registers)), durable=True)

    async def now(self) -> list[Remembered]:
        """What is kept once everything reported so far is written down."""
        for record in self.gateway.records:
            self.memories.note(record)
        self.gateway.records.clear()
        await self.recorder.flush()
        return self.journal.load(0.0).registers


@pytest.fixture
def kept(gateway: Gateway) -> Kept:
    return Kept(gateway)


def remembered(*registers: tuple[int, int], at: float = UNIX_START - HOUR) -> Sequence[Remembered]:
    return [Remembered(address, word, at) for address, word in registers]


async def test_fresh_image_is_filled_and_marked(gateway: Gateway, kept: Kept) -> None:
    """What the journal knows is in the image, as a memory, with the time at which the base wrote it."""
    kept.had((TEMPERATURE, degrees(20)), (7, degrees(-3)))
    await kept.recorder.open()
    cell = gateway.memory.reader.cell(TEMPERATURE)
    assert kept.memories.restored == 2
    assert (cell.reported, cell.restored, cell.written_at) == (degrees(20), True, START - HOUR)


async def test_memory_becomes_a_live_word_once_the_base_writes(gateway: Gateway, kept: Kept) -> None:
    """Also the same word, written again, is live."""
    kept.had((TEMPERATURE, degrees(20)))
    await kept.recorder.open()
    gateway.writes(TEMPERATURE, degrees(20))
    cell = gateway.memory.reader.cell(TEMPERATURE)
    assert (cell.restored, cell.written_at) == (False, START)


async def test_a_remembered_measurement_is_never_an_answer(gateway: Gateway, kept: Kept) -> None:
    """Whoever polls the bus could not see that it is old; once the base writes it, it is answered."""
    kept.had((TEMPERATURE, degrees(20)), (7, degrees(-3)))
    await kept.recorder.open()
    assert (gateway.reads(TEMPERATURE), gateway.reads(7)) == ([0], [0])
    gateway.writes(TEMPERATURE, degrees(20))
    assert (gateway.reads(TEMPERATURE), gateway.reads(7)) == ([degrees(20)], [0])


async def test_command_registers_are_not_recalled(gateway: Gateway, kept: Kept) -> None:
    """Even if a journal holds words of command registers, none of them comes back."""
    kept.had(*((address, 1) for address in sorted(COMMAND_ADDRESSES)))
    await kept.recorder.open()
    assert kept.memories.restored == 0
    assert [a for a in COMMAND_ADDRESSES if gateway.reported(a) is not None] == []


async def test_kept_command_registers_are_shown_and_never_served(gateway: Gateway) -> None:
    """Somebody who wants them back sees them, as memories; the base reads no data."""
    kept = Kept(gateway, keep_commands=True)
    kept.had((SETPOINT, degrees(21)), (MODE, 2))
    await kept.recorder.open()
    cell = gateway.memory.reader.cell(SETPOINT)
    assert (cell.reported, cell.restored) == (degrees(21), True)
    assert gateway.reads(SETPOINT) == [0]
    assert gateway.reads(MODE) == [0]


async def test_kept_image_is_newer_than_the_journal(gateway: Gateway, kept: Kept) -> None:
    """What a dead daemon left in the image stays, and what it had not written down yet is written now."""
    kept.had((TEMPERATURE, degrees(20)), (202, degrees(21)))
    gateway.writes(TEMPERATURE, degrees(22))
    gateway.records.clear()
    gateway.wait(60.0)
    await kept.recorder.open()
    assert kept.memories.restored == 1
    assert gateway.reported(TEMPERATURE) == degrees(22)
    assert await kept.now() == [
        Remembered(TEMPERATURE, degrees(22), UNIX_START),
        Remembered(202, degrees(21), UNIX_START - HOUR),
    ]


async def test_changes_of_measurements_are_noted(gateway: Gateway, kept: Kept) -> None:
    """Measurements and unknown registers go to the journal with their time; command registers do not."""
    await kept.recorder.open()
    gateway.wait(5.0)
    gateway.writes(MODE, 2)
    gateway.writes(ZONE_STATE, 1, degrees(19), degrees(20), 77)
    gateway.records.append(BusSpeaks("somebody"))
    assert await kept.now() == remembered((TEMPERATURE, degrees(20)), (103, 77), at=UNIX_START + 5)


async def test_who_changed_what(gateway: Gateway, kept: Kept) -> None:
    """What a user asks for, what the base makes of it, and what the base does on its own are each a row."""
    await kept.recorder.open()
    gateway.writes(SETPOINT, degrees(20))
    command = gateway.submit_and_deliver(setpoint(21))
    gateway.writes(SETPOINT, degrees(21.1))
    gateway.writes(SETPOINT, degrees(18))
    await kept.now()
    rows = [(row.before, row.word, row.cause, row.who, row.command_id) for row in kept.journal.audit]
    assert rows == [
        (degrees(20), degrees(21), WANTED, "http 192.0.2.50", command.id),
        (degrees(20), degrees(21.1), "command", "http 192.0.2.50", command.id),
        (degrees(21.1), degrees(18), "base", "base station", None),
    ]


async def test_the_base_keeps_to_its_own_word(gateway: Gateway, kept: Kept) -> None:
    """Nothing has changed but the user's wish, and the audit says who overruled it."""
    await kept.recorder.open()
    gateway.writes(SETPOINT, degrees(20))
    command = gateway.submit_and_deliver(setpoint(23))
    gateway.wait(6)
    gateway.writes(SETPOINT, degrees(20))
    await kept.now()
    row = kept.journal.audit[-1]
    assert (row.before, row.word, row.cause, row.who) == (degrees(23), degrees(20), "base", "base station")
    assert (row.command_id, len(kept.journal.audit)) == (command.id, 2)


async def test_who_released_what(gateway: Gateway, kept: Kept) -> None:
    """Each register of the zone: from our word or the reported one to nothing, by whom, and which command it ended."""
    await kept.recorder.open()
    gateway.writes(ZONE_STATE, 1, degrees(20))
    command = gateway.submit(setpoint(21))
    gateway.desk.release(ZONE, PERSON, gateway.now)
    await kept.now()
    rows = [(row.address, row.before, row.word, row.cause, row.who, row.command_id) for row in kept.journal.audit]
    assert rows[1:] == [
        (ZONE_STATE, 1, 0, "release", "http 192.0.2.50", None),
        (SETPOINT, degrees(21), 0x7FFF, "release", "http 192.0.2.50", command.id),
    ]


async def test_another_device_is_named(gateway: Gateway, kept: Kept) -> None:
    """What is no base station is not called one."""
    await kept.recorder.open()
    gateway.writes(ZONE_STATE, 1, degrees(20), degrees(19))
    gateway.writes(SETPOINT, degrees(23), peer=STRANGER)
    await kept.now()
    (row,) = kept.journal.audit
    assert (row.before, row.word, row.cause, row.who) == (degrees(20), degrees(23), "peer", "bus 192.0.2.99")


async def test_what_is_heard_first_is_no_change(gateway: Gateway, kept: Kept) -> None:
    """After a restart the base repeats everything: nobody has changed anything."""
    await kept.recorder.open()
    gateway.writes(ZONE_STATE, 1, degrees(20))
    await kept.now()
    assert list[AuditRow](kept.journal.audit) == []


async def test_open_commands_of_a_dead_gateway_are_closed(gateway: Gateway, kept: Kept) -> None:
    """A journal that holds an open command learns that it has expired, and why."""
    command = gateway.desk.prepare([setpoint(21)], PERSON, gateway.now)
    receipt = command.receipt(lambda moment: moment + UNIX_START - START)
    kept.journal.commit(Batch(commands=[CommandRow(command.id, UNIX_START, receipt, ("key", "print"))]), durable=True)
    await kept.recorder.open()
    await kept.now()
    assert kept.journal.load(0.0).open_commands == []
    (row,) = kept.journal.load(0.0).retryable
    assert (row.receipt["state"], row.receipt["note"]) == (
        "expired",
        "gateway restarted; the base may have read it",
    )
    assert kept.retries.find(("key", "print"), UNIX_START) is not None
