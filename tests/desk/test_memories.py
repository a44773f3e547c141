"""Image and journal: what is remembered over a restart, and that no command word ever is."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from neasmart_gateway.desk.memories import Memories
from neasmart_gateway.desk.records import BusSpeaks
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES
from neasmart_gateway.store.journal import Remembered
from neasmart_gateway.store.memory import MemoryJournal
from neasmart_gateway.store.recorder import Recorder
from tests.desk.gateway import MODE, START, TEMPERATURE, UNIX_START, ZONE_STATE, Gateway, degrees

HOUR = 3600.0


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def recorder(journal: MemoryJournal) -> Iterator[Recorder]:
    with ThreadPoolExecutor(1) as thread:
        yield Recorder(journal, thread, lambda record: None)


@pytest.fixture
def memories(gateway: Gateway, recorder: Recorder) -> Memories:
    return Memories(gateway.memory, recorder)


def remembered(*registers: tuple[int, int], at: float = UNIX_START - HOUR) -> Sequence[Remembered]:
    return [Remembered(address, word, at) for address, word in registers]


async def test_fresh_image_is_filled_and_marked(gateway: Gateway, journal: MemoryJournal, memories: Memories) -> None:
    """What the journal knows is in the image, as a memory, with the time at which the base wrote it."""
    journal.save(remembered((TEMPERATURE, degrees(20)), (7, degrees(-3))))
    assert await memories.recall() == 2
    cell = gateway.memory.reader.cell(TEMPERATURE)
    assert (cell.reported, cell.restored, cell.written_at) == (degrees(20), True, START - HOUR)


async def test_memory_becomes_a_live_word_once_the_base_writes(
    gateway: Gateway, journal: MemoryJournal, memories: Memories
) -> None:
    """Also the same word, written again, is live."""
    journal.save(remembered((TEMPERATURE, degrees(20))))
    await memories.recall()
    gateway.writes(TEMPERATURE, degrees(20))
    cell = gateway.memory.reader.cell(TEMPERATURE)
    assert (cell.restored, cell.written_at) == (False, START)


async def test_command_registers_are_never_recalled(
    gateway: Gateway, journal: MemoryJournal, memories: Memories
) -> None:
    """Even if a journal holds words of command registers, none of them comes back."""
    journal.save(remembered(*((address, 1) for address in sorted(COMMAND_ADDRESSES))))
    assert await memories.recall() == 0
    assert [a for a in COMMAND_ADDRESSES if gateway.reported(a) is not None] == []


async def test_kept_image_is_newer_than_the_journal(
    gateway: Gateway, journal: MemoryJournal, recorder: Recorder, memories: Memories
) -> None:
    """What a dead daemon left in the image stays, and what it had not written down yet is written now."""
    journal.save(remembered((TEMPERATURE, degrees(20)), (202, degrees(21))))
    gateway.writes(TEMPERATURE, degrees(22))
    gateway.wait(60.0)
    assert await memories.recall() == 1
    await recorder.flush()
    assert gateway.reported(TEMPERATURE) == degrees(22)
    assert journal.load() == [
        Remembered(TEMPERATURE, degrees(22), UNIX_START),
        Remembered(202, degrees(21), UNIX_START - HOUR),
    ]


async def test_changes_of_measurements_are_noted(
    gateway: Gateway, journal: MemoryJournal, recorder: Recorder, memories: Memories
) -> None:
    """Measurements and unknown registers go to the journal with their time; commands and other records do not."""
    gateway.wait(5.0)
    gateway.writes(MODE, 2)
    gateway.writes(ZONE_STATE, 1, degrees(19), degrees(20), 77)
    for record in [*gateway.records, BusSpeaks("somebody")]:
        memories.note(record)
    await recorder.flush()
    assert journal.load() == remembered((TEMPERATURE, degrees(20)), (103, 77), at=UNIX_START + 5)
