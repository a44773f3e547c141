"""The register image: what the base reported, what our user wants, and what a reader gets to see."""

import pytest

from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.registers import ADDRESS_SPACE
from neasmart_gateway.domain.zones import ZoneRef, decode_zone
from tests.shm.memories import Image


def test_a_fresh_image_knows_nothing(image: Image) -> None:
    """No register was ever written, from the first address to the last."""
    assert [image.reader.cell(a) for a in (0, 1, 99, 100, 6010, 65535)] == [
        Cell(a) for a in (0, 1, 99, 100, 6010, 65535)
    ]
    assert image.reader.block(100).consistent


def test_reading_leaves_no_trace(image: Image) -> None:
    """A read does not make a zone heard of, and changes nothing in memory."""
    held, changes = bytes(image.memory), image.header.changes
    assert not decode_zone(ZoneRef(1, 1), image.reader.block(100)).heard
    assert not decode_zone(ZoneRef(1, 1), image.reader.block(100)).heard
    assert (bytes(image.memory), image.header.changes) == (held, changes)


def test_a_reported_word(image: Image) -> None:
    """The word and its time, nothing pending; its neighbours stay unknown."""
    image.writer.report(102, [0x07C6], 12.5)
    assert image.reader.cell(102) == Cell(102, reported=0x07C6, written_at=12.5)
    assert image.reader.cell(101) == Cell(101)
    assert image.reader.cell(103) == Cell(103)


def test_all_that_is_reported(image: Image) -> None:
    """Heard or remembered, in order of addresses, and no word that only our user wants."""
    image.writer.report(65535, [3], 2.0)
    image.writer.report(99, [0, 7], 1.0)
    image.writer.restore(102, 5, -60.0)
    image.writer.set_pending(101, 9, 1)
    assert list(image.writer.all_reported()) == [(99, 0, 1.0), (100, 7, 1.0), (102, 5, -60.0), (65535, 3, 2.0)]


@pytest.mark.parametrize("word", [0, 0x7FFF, 0x8116, 0xFFFF])
def test_every_word_is_a_word(image: Image, word: int) -> None:
    """Zero was written, too; what a word means is not the image's business."""
    image.writer.report(101, [word], 1.0)
    assert image.reader.cell(101).reported == word


@pytest.mark.parametrize("address", [0, 4, 9, 36, 99, 103, 6011, 6100, 40000, 65535])
def test_unknown_addresses_are_stored(image: Image, address: int) -> None:
    """Addresses in no table are kept and served like any other."""
    image.writer.report(address, [77], 1.0)
    image.writer.set_pending(address, 78, 3)
    assert image.reader.cell(address) == Cell(address, reported=77, written_at=1.0, pending=78, receipt=3)


@pytest.mark.parametrize(
    ("start", "length"),
    [(99, 2), (100, 100), (100, 101), (95, 123), (0, 123), (6000, 11), (65499, 37), (65413, 123), (65535, 1), (500, 0)],
)
def test_a_write_of_many_registers(image: Image, start: int, length: int) -> None:
    """Each word lands at its own address, across the borders of blocks and up to 65535, and nowhere else."""
    image.writer.report(start, [n + 1 for n in range(length)], 5.0)
    written = {start + n: n + 1 for n in range(length)}
    for address in range(max(start - 3, 0), min(start + length + 3, ADDRESS_SPACE)):
        assert image.reader.cell(address).reported == written.get(address), address


def test_skipped_registers_stay_as_they_were(image: Image) -> None:
    """None in a write leaves that register alone: word, time and all."""
    image.writer.report(99, [1, 2, 3], 1.0)
    image.writer.report(99, [None, 5, None], 2.0)
    assert image.reader.cell(99) == Cell(99, reported=1, written_at=1.0)
    assert image.reader.cell(100) == Cell(100, reported=5, written_at=2.0)
    assert image.reader.cell(101) == Cell(101, reported=3, written_at=1.0)


def test_a_write_tells_what_is_another_word_now(image: Image) -> None:
    """Address, the word before (None: never written) and the new word; what was repeated or skipped is left out."""
    assert image.writer.report(99, [1, 0, 3], 1.0) == [(99, None, 1), (100, None, 0), (101, None, 3)]
    assert image.writer.report(99, [1, 5, None], 2.0) == [(100, 0, 5)]
    assert image.writer.report(99, [1, 5, 3], 3.0) == []


def test_a_remembered_word_repeated_is_no_other_word(image: Image) -> None:
    """The base confirms what the journal knew: seen by readers, but nothing to write down."""
    image.writer.restore(101, 6, 1.0)
    assert image.writer.report(101, [6], 2.0) == []
    image.writer.restore(102, 6, 1.0)
    assert image.writer.report(102, [7], 2.0) == [(102, 6, 7)]


def test_a_skipped_register_is_not_heard_of(image: Image) -> None:
    """None does not write a register for the first time."""
    image.writer.report(100, [None], 1.0)
    assert image.reader.cell(100) == Cell(100)


def test_what_the_journal_remembers(image: Image) -> None:
    """A restored word is marked until the base repeats it, and may be older than the boot."""
    image.writer.restore(101, 0x0C1A, -300.0)
    assert image.reader.cell(101) == Cell(101, reported=0x0C1A, written_at=-300.0, restored=True)
    image.writer.report(101, [0x0C1A], 9.0)
    assert image.reader.cell(101) == Cell(101, reported=0x0C1A, written_at=9.0)


def test_our_word_beside_the_reported_one(image: Image) -> None:
    """A pending word changes neither the reported word nor its time, and goes away without a trace."""
    image.writer.report(101, [0x0C1A], 1.0)
    image.writer.set_pending(101, 0x0C80, 511)
    assert image.reader.cell(101) == Cell(101, reported=0x0C1A, written_at=1.0, pending=0x0C80, receipt=511)
    image.writer.clear_pending(101)
    assert image.reader.cell(101) == Cell(101, reported=0x0C1A, written_at=1.0)


def test_our_word_for_a_register_never_heard_of(image: Image) -> None:
    """It is pending, and still not reported; word 0 and slot 0 count."""
    image.writer.set_pending(100, 0, 0)
    assert image.reader.cell(100) == Cell(100, pending=0, receipt=0)
    image.writer.clear_pending(100)
    assert image.reader.cell(100) == Cell(100)


def test_a_report_leaves_our_word_alone(image: Image) -> None:
    """Whether the base's word closes a command is for the desk to say."""
    image.writer.set_pending(101, 5, 7)
    image.writer.report(101, [6], 1.0)
    assert image.reader.cell(101) == Cell(101, reported=6, written_at=1.0, pending=5, receipt=7)


def test_our_word_leaves_the_memory_mark_alone(image: Image) -> None:
    """A pending word does not make a remembered value live."""
    image.writer.restore(101, 6, 1.0)
    image.writer.set_pending(101, 5, 7)
    assert image.reader.cell(101).restored
    image.writer.clear_pending(101)
    assert image.reader.cell(101) == Cell(101, reported=6, written_at=1.0, restored=True)


def test_all_of_a_dead_daemons_words_go(image: Image) -> None:
    """On every command register, the first and the last; what was reported stays."""
    for address in (1, 2, 100, 101, 6000, 6001):
        image.writer.report(address, [3], 1.0)
        image.writer.set_pending(address, 4, 5)
    image.writer.clear_all_pending()
    for address in (1, 2, 100, 101, 6000, 6001):
        assert image.reader.cell(address) == Cell(address, reported=3, written_at=1.0)


def test_a_block_is_one_moment(image: Image) -> None:
    """A block that was taken stays as it was, whatever is written afterwards."""
    image.writer.report(100, [1, 2, 3], 1.0)
    block = image.reader.block(101)
    image.writer.report(100, [4, 5, 6], 2.0)
    assert [block(a).reported for a in (100, 101, 102)] == [1, 2, 3]
    assert block.consistent
