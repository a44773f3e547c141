"""The change counter moves exactly when a reader would see something else."""

from collections.abc import Callable

import pytest

from neasmart_gateway.shm.image import ImageWriter
from tests.shm.memories import Image

Act = Callable[[ImageWriter], None]


@pytest.fixture
def image() -> Image:
    """Register 101 reported and pending, 102 reported, 103 remembered."""
    image = Image()
    image.writer.report(101, [5, 6], 1.0)
    image.writer.set_pending(101, 7, 3)
    image.writer.restore(103, 8, 1.0)
    return image


VISIBLE: dict[str, Act] = {
    "another word": lambda writer: writer.report(101, [9], 2.0),
    "one word among many": lambda writer: writer.report(101, [5, 9], 2.0),
    "the first word of a register": lambda writer: writer.report(104, [0], 2.0),
    "a remembered word comes alive": lambda writer: writer.report(103, [8], 2.0),
    "a memory": lambda writer: writer.restore(105, 0, 1.0),
    "another pending word": lambda writer: writer.set_pending(101, 8, 3),
    "another command": lambda writer: writer.set_pending(101, 7, 4),
    "a first pending word": lambda writer: writer.set_pending(102, 0, 0),
    "a pending word goes": lambda writer: writer.clear_pending(101),
    "the wall clock was set": lambda writer: writer.shift_restored(60.0),
    "all pending words go": lambda writer: writer.clear_all_pending(),
}
INVISIBLE: dict[str, Act] = {
    "the same words": lambda writer: writer.report(101, [5, 6], 2.0),
    "no words": lambda writer: writer.report(101, [], 2.0),
    "skipped words": lambda writer: writer.report(101, [None, None], 2.0),
    "the same command again": lambda writer: writer.set_pending(101, 7, 3),
    "nothing pending goes": lambda writer: writer.clear_pending(102),
    "nothing to repair": lambda writer: None if writer.repair() == 0 else pytest.fail("repaired"),
}


@pytest.mark.parametrize("act", VISIBLE.values(), ids=VISIBLE.keys())
def test_what_can_be_seen_is_counted(image: Image, act: Act) -> None:
    """A reader that knows the counter knows that it must look again."""
    before = image.header.changes
    act(image.writer)
    assert image.header.changes > before


@pytest.mark.parametrize("act", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_what_cannot_be_seen_is_not_counted(image: Image, act: Act) -> None:
    """A base that repeats itself invalidates nobody's cache."""
    before = image.header.changes
    act(image.writer)
    assert image.header.changes == before


def test_the_same_words_are_still_news_of_the_base(image: Image) -> None:
    """Not counted, but noted: the time is that of the last write."""
    image.writer.report(101, [5], 2.0)
    assert image.reader.cell(101).written_at == 2.0


def test_every_write_of_the_base_is_counted(image: Image) -> None:
    """Also of the same words: when they were last heard can be seen."""
    before = image.header.writes
    image.writer.report(101, [5, 6], 2.0)
    assert image.header.writes > before


def test_only_the_base_writes(image: Image) -> None:
    """Neither a memory nor a command is heard from it."""
    before = image.header.writes
    image.writer.restore(105, 0, 1.0)
    image.writer.set_pending(101, 9, 4)
    assert image.header.writes == before
