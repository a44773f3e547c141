"""A sealed slot under real processes: one that writes as fast as it can, and is killed."""

from itertools import count, repeat

from neasmart_gateway.shm.seal import HEAD_SIZE, SealedSlot, TornSlot
from tests.shm.memories import Pauses, shared
from tests.shm.processes import Child, Fork, Gate

CAPACITY = 512


def busy_writer(fork: Fork, slot: SealedSlot) -> Child:
    """A process that writes payloads of one repeated byte, never 0, of ever other lengths, until it is killed."""
    gate = Gate()

    def write() -> None:
        gate.wait()
        for n in count():
            slot.write(bytes((n % 255 + 1,)) * (n % (CAPACITY - 1) + 1))

    child = fork(write)
    gate.open()
    return child


def a_slot() -> tuple[memoryview, SealedSlot]:
    """Memory and a slot in it that was written before."""
    memory = shared(HEAD_SIZE + CAPACITY)
    slot = SealedSlot(memory, 0, CAPACITY)
    slot.write(b"\x01")
    return memory, slot


def test_a_reader_never_sees_two_payloads_in_one(fork: Fork) -> None:
    """Of all copies taken while 2,000 different payloads go by, none is mixed and none is empty."""
    _, slot = a_slot()
    writer = busy_writer(fork, slot)
    seen: set[bytes] = set()
    while len(seen) < 2_000:
        assert writer.running
        try:
            payload = slot.read(Pauses())
        except TornSlot:
            continue
        assert payload == payload[:1] * len(payload) != b""
        seen.add(payload)


def test_the_head_is_never_wiped(fork: Fork) -> None:
    """The sequence number is never zero again: no reader finds an unwritten slot while the head is being written.

    struct.pack_into fills its target with zeroes before it writes. A head of zeroes is that of an empty payload, and
    a writer killed at that moment would have emptied the slot for good, unseen by repair().
    """
    memory, slot = a_slot()
    sequence = memory[:8].cast("Q")
    writer = busy_writer(fork, slot)
    assert 0 not in map(sequence.__getitem__, repeat(0, 4_000_000))
    writer.kill()
    assert writer.wait() == -9


def test_killed_at_any_moment_and_repaired(fork: Fork) -> None:
    """Wherever SIGKILL hits a writer, after a repair the slot is whole, not empty, and takes new payloads."""
    _, slot = a_slot()
    for _ in range(60):
        slot.write(b"\x01")
        writer = busy_writer(fork, slot)
        while slot_is_at_rest(slot):
            assert writer.running
        writer.kill()
        assert writer.wait() == -9
        slot.repair()
        assert slot.read() != b""


def slot_is_at_rest(slot: SealedSlot) -> bool:
    """Whether the writer has not begun yet."""
    try:
        return slot.read(Pauses()) == b"\x01"
    except TornSlot:
        return False
