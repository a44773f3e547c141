"""The image behaves as a dict of cells would, whatever is done to it in whatever sequence."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.registers import ADDRESS_SPACE, COMMAND_ADDRESSES
from neasmart_gateway.shm.image import ImageReader
from tests.shm.memories import Image

BORDERS = [0, 1, 98, 99, 100, 101, 102, 110, 199, 200, 6000, 6010, 65499, 65500, 65534, 65535]
WATCHED = sorted({a + n for a in BORDERS for n in range(-1, 6) if 0 <= a + n < ADDRESS_SPACE})
BLOCKS = sorted({a // 100 * 100 for a in WATCHED})
addresses = st.sampled_from(BORDERS)
commands = st.sampled_from(sorted(COMMAND_ADDRESSES & set(WATCHED)))
words = st.integers(0, 0xFFFF) | st.sampled_from([0, 1])
slots = st.integers(0, 511)
times = st.floats(-1e9, 1e9)


def as_read_by(reader: ImageReader) -> list[Cell]:
    """The cells at all watched addresses."""
    blocks = {start: reader.block(start) for start in BLOCKS}
    return [blocks[a // 100 * 100](a) for a in WATCHED]


class ImageLikeADict(RuleBasedStateMachine):
    """Every act is done to the image and to a dict; both must say the same, and count the same changes."""

    def __init__(self) -> None:
        super().__init__()
        self.image = Image()
        self.model: dict[int, Cell] = {}
        self.seen: dict[int, Cell] = {}
        self.changes = 0

    def held(self, address: int) -> Cell:
        """What the model has at an address."""
        return self.model.get(address, Cell(address))

    @rule(start=addresses, run=st.lists(st.none() | words, max_size=6), now=times)
    def report(self, start: int, run: list[int | None], now: float) -> None:
        """The base writes a run of registers, some of them skipped."""
        run = run[: ADDRESS_SPACE - start]
        written = {address: word for address, word in enumerate(run, start) if word is not None}
        other = [(a, self.held(a).reported, word) for a, word in written.items() if word != self.held(a).reported]
        assert self.image.writer.report(start, run, now) == other
        for address, word in written.items():
            self.model[address] = replace(self.held(address), reported=word, written_at=now, restored=False)

    @rule(address=addresses, word=words, now=times)
    def restore(self, address: int, word: int, now: float) -> None:
        """The journal fills a register that nobody has touched."""
        if self.held(address) == Cell(address):
            self.image.writer.restore(address, word, now)
            self.model[address] = Cell(address, reported=word, written_at=now, restored=True)

    @rule(address=commands, word=words, slot=slots)
    def set_pending(self, address: int, word: int, slot: int) -> None:
        """Our user wants something."""
        self.image.writer.set_pending(address, word, slot)
        self.model[address] = replace(self.held(address), pending=word, receipt=slot)

    @rule(address=commands)
    def clear_pending(self, address: int) -> None:
        """And wants it no more."""
        self.image.writer.clear_pending(address)
        self.model[address] = replace(self.held(address), pending=None, receipt=None)

    @rule()
    def clear_all_pending(self) -> None:
        """A daemon starts and takes the words of a dead one away, wherever a word may be pending."""
        self.image.writer.clear_all_pending()
        for address in COMMAND_ADDRESSES & self.model.keys():
            self.model[address] = replace(self.held(address), pending=None, receipt=None)

    @rule()
    def repair(self) -> None:
        """A daemon starts: there is nothing to repair, and nothing changes."""
        assert self.image.writer.repair() == 0

    @invariant()
    def the_same_cells(self) -> None:
        """At every address touched, and around it."""
        assert as_read_by(self.image.reader) == [self.held(a) for a in WATCHED]

    @invariant()
    def the_same_changes(self) -> None:
        """The counter has moved if anything but a time is another than before this step, and only then."""
        visible = {a: replace(cell, written_at=None) for a, cell in self.model.items() if cell != Cell(a)}
        assert (self.image.header.changes > self.changes) == (visible != self.seen)
        self.seen, self.changes = visible, self.image.header.changes

    def teardown(self) -> None:
        """In the end a new worker sees the same."""
        assert as_read_by(self.image.new_reader()) == [self.held(a) for a in WATCHED]


TestImageLikeADict = ImageLikeADict.TestCase
TestImageLikeADict.settings = settings(max_examples=60, stateful_step_count=30)  # each image costs milliseconds
