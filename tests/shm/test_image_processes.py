"""The image under real processes: one daemon that writes, workers that read, and kill -9."""

from itertools import count, repeat

from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.zones import ZoneRef, decode_zone
from neasmart_gateway.shm.image import Block
from tests.shm.memories import Image
from tests.shm.processes import Fork, Gate, die_here

FIRST, LAST = 100, 110
"""From the state of zone 1/1 to its humidity."""
READERS = 3
CHANGES_SEEN = 300
"""How many different writes each reader must have seen."""
READS_AT_MOST = 3_000_000


def write_on_and_on(image: Image) -> None:
    """Write a zone from its state to its humidity, ever again, all words of one write being equal."""
    for n in count(1):
        image.writer.report(FIRST, [n & 0xFFFF] * (LAST - FIRST + 1), float(n))


def words(block: Block) -> list[int | None]:
    """The words of the zone."""
    return [block(a).reported for a in range(FIRST, LAST + 1)]


def times(block: Block) -> set[float | None]:
    """The times of the zone's registers."""
    return {block(a).written_at for a in range(FIRST, LAST + 1)}


def read_changes(image: Image) -> None:
    """Read the zone until it has changed often enough; each copy is of one write, and none is older than the last."""
    reader = image.new_reader()
    newest, seen = 0.0, 0
    for _ in range(READS_AT_MOST):
        if seen == CHANGES_SEEN:
            return
        block = reader.block(FIRST)
        assert len(set(words(block))) == len(times(block)) == 1, words(block)
        (at,) = times(block)
        if at is None:
            assert newest == 0.0, "the zone was forgotten"
            continue
        assert at >= newest
        assert words(block)[0] == int(at) & 0xFFFF
        seen += at > newest
        newest = at
    raise AssertionError(f"only {seen} changes in {READS_AT_MOST} reads")


def test_no_reader_ever_sees_a_torn_zone(fork: Fork, image: Image) -> None:
    """While the daemon writes without a pause, each of three workers sees 300 changes, each of one piece."""
    gate = Gate()
    readers = [fork(lambda: (gate.wait(), read_changes(image))) for _ in range(READERS)]
    writer = fork(lambda: (gate.wait(), write_on_and_on(image)))
    gate.open()
    assert [reader.wait() for reader in readers] == [0] * READERS
    writer.kill()
    assert writer.wait() == -9


def test_killed_while_writing_and_repaired(fork: Fork, image: Image) -> None:
    """Wherever SIGKILL hits the daemon, the next one repairs at most that block, and no register of it is lost.

    Each register then has the word and the time of one and the same write, be it the last or the one before.
    """
    image.writer.report(200, [1, 2, 3], 1.0)
    image.writer.report(FIRST, [0] * (LAST - FIRST + 1), 0.0)
    for _ in range(40):
        before = image.reader.cell(LAST).written_at
        writer = fork(lambda: write_on_and_on(image))
        while image.reader.cell(LAST).written_at == before:
            assert writer.running
        writer.kill()
        assert writer.wait() == -9
        assert image.writer.repair() <= 1
        assert image.writer.repair() == 0
        block = image.new_reader().block(FIRST)
        assert block.consistent
        cells = [block(a) for a in range(FIRST, LAST + 1)]
        assert [c for c in cells if c.written_at is None or c.reported != int(c.written_at) & 0xFFFF] == []
    assert [image.reader.cell(200 + n).reported for n in range(3)] == [1, 2, 3]


def test_a_record_is_never_wiped(fork: Fork, image: Image) -> None:
    """While a register is written its flags are never zero, so that no SIGKILL can leave it forgotten.

    Looked at from outside, because a kill seldom hits that moment: block 1 begins at its 16-byte head, and the second
    half of a record holds words and flags.
    """
    image.writer.report(FIRST, [1], 1.0)
    block = len(image.memory) // 656
    record = image.memory[block + 16 : block + 32].cast("Q")
    assert record[1] != 0

    def write_one() -> None:
        for n in count(2):
            image.writer.report(FIRST, [1], float(n))

    writer = fork(write_one)
    while image.reader.cell(FIRST).written_at == 1.0:
        assert writer.running
    assert 0 not in map(record.__getitem__, repeat(1, 10_000_000))


def die_in_the_middle(image: Image) -> None:
    """Write the first words of a zone and die at the next."""

    class Words(list[int | None]):
        def __getitem__(self, index: int) -> int | None:  # type: ignore[override]
            return die_here() if index == 2 else super().__getitem__(index)

    image.writer.report(FIRST, Words([21, 22, 23]), 9.0)


def test_a_dead_daemon_leaves_the_last_good_copy(fork: Fork, image: Image) -> None:
    """A reader that has read the zone before goes on with that copy, and says that it is an old one."""
    image.writer.report(FIRST, [11, 12, 13], 1.0)
    image.reader.block(FIRST)
    assert fork(lambda: die_in_the_middle(image)).wait() == -9
    block = image.reader.block(FIRST)
    assert not block.consistent
    assert [block(FIRST + n).reported for n in range(3)] == [11, 12, 13]


def test_a_dead_daemon_leaves_a_new_reader_nothing(fork: Fork, image: Image) -> None:
    """A reader that never read the zone has nothing to show, and says so rather than mix two writes."""
    image.writer.report(FIRST, [11, 12, 13], 1.0)
    assert fork(lambda: die_in_the_middle(image)).wait() == -9
    block = image.new_reader().block(FIRST)
    assert not block.consistent
    assert block(FIRST) == Cell(FIRST)
    assert not decode_zone(ZoneRef(1, 1), block).heard


def test_other_zones_do_not_suffer(fork: Fork, image: Image) -> None:
    """The seal of one zone is not that of another."""
    image.writer.report(200, [7], 1.0)
    assert fork(lambda: die_in_the_middle(image)).wait() == -9
    assert image.new_reader().block(200).consistent
    assert image.reader.cell(200).reported == 7


def test_the_next_daemon_repairs_and_goes_on(fork: Fork, image: Image) -> None:
    """One block was open; afterwards it is read, and takes the base's next words."""
    image.writer.report(FIRST, [11, 12, 13], 1.0)
    assert fork(lambda: die_in_the_middle(image)).wait() == -9
    assert image.writer.repair() == 1
    assert image.writer.repair() == 0
    repaired = image.reader.block(FIRST)
    assert repaired.consistent
    assert repaired(FIRST + 2) == Cell(FIRST + 2, reported=13, written_at=1.0)
    image.writer.report(FIRST, [31, 32, 33], 10.0)
    assert [image.reader.cell(FIRST + n).reported for n in range(3)] == [31, 32, 33]
