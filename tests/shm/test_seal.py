"""A sealed slot gives a whole payload or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.shm.seal import ATTEMPTS, HEAD_SIZE, SealedSlot, TornSlot, payload_in
from tests.shm.memories import Pauses, shared
from tests.shm.processes import Fork, die_here

CAPACITY = 64


@pytest.fixture
def memory() -> memoryview:
    """Room for one slot."""
    return shared(HEAD_SIZE + CAPACITY)


@pytest.fixture
def slot(memory: memoryview) -> SealedSlot:
    """A slot that holds something."""
    slot = SealedSlot(memory, 0, CAPACITY)
    slot.write(b"before")
    return slot


def leave_open(fork: Fork, slot: SealedSlot, payload: bytes) -> None:
    """Have a process write a payload and die before it is sealed."""

    def half_a_write() -> None:
        with slot.writing(len(payload)) as target:
            target[: len(payload)] = payload
            die_here()

    assert fork(half_a_write).wait() == -9


def test_memory_that_was_never_written_is_an_empty_payload() -> None:
    """Fresh zeroes are whole: no reader stumbles over a gateway that has just been started."""
    slot = SealedSlot(shared(HEAD_SIZE + CAPACITY), 0, CAPACITY)
    assert slot.read() == b""
    assert not slot.repair()


@given(st.lists(st.binary(max_size=CAPACITY), min_size=1, max_size=5))
def test_the_last_payload_is_read_back(payloads: list[bytes]) -> None:
    """Longer or shorter than the one before, empty or as large as the slot."""
    slot = SealedSlot(shared(HEAD_SIZE + CAPACITY), 0, CAPACITY)
    for payload in payloads:
        slot.write(payload)
        assert slot.read() == payload


def test_changing_in_place(slot: SealedSlot) -> None:
    """The payload is there to be changed; without a length all of it counts afterwards."""
    with slot.writing() as payload:
        assert bytes(payload[:6]) == b"before"
        payload[0:1] = b"B"
    assert slot.read() == b"Before" + bytes(CAPACITY - 6)


def test_neighbours_keep_to_themselves() -> None:
    """Slots that lie side by side do not touch each other."""
    stride = HEAD_SIZE + 8
    memory = shared(3 * stride)
    slots = [SealedSlot(memory, n * stride, 8) for n in range(3)]
    for n, slot in enumerate(slots):
        slot.write(bytes((n,)) * 8)
    slots[1].write(b"\xff" * 8)
    assert [slot.read() for slot in slots] == [b"\x00" * 8, b"\xff" * 8, b"\x02" * 8]


def test_another_process_reads_what_one_wrote(fork: Fork, slot: SealedSlot) -> None:
    """The memory is shared, not copied."""
    assert fork(lambda: slot.write(b"from the child")).wait() == 0
    assert slot.read() == b"from the child"


def test_too_much_is_refused(slot: SealedSlot) -> None:
    """A payload larger than the slot changes nothing."""
    with pytest.raises(ValueError, match="65 bytes do not fit into a slot of 64"):
        slot.write(bytes(CAPACITY + 1))
    assert slot.read() == b"before"


def test_a_dead_writer_is_noticed(fork: Fork, slot: SealedSlot) -> None:
    """The payload of a writer that died in the middle is not read, even if its bytes are all there."""
    leave_open(fork, slot, b"before")
    with pytest.raises(TornSlot):
        slot.read(Pauses())


def test_a_reader_gives_up(fork: Fork, slot: SealedSlot) -> None:
    """It waits at most 100 times and less than 50 ms in all, then says so."""
    leave_open(fork, slot, b"half")
    pauses = Pauses()
    with pytest.raises(TornSlot):
        slot.read(pauses)
    assert ATTEMPTS == 100
    assert 1 <= len(pauses.taken) <= 100
    assert 0 < sum(pauses.taken) < 0.05


def test_a_reader_waits_for_a_slow_writer(slot: SealedSlot) -> None:
    """What is sealed while the reader waits is what it gets."""
    writing = slot.writing(5)
    writing.__enter__()[:5] = b"after"
    pauses = Pauses()

    def writer_gets_on(seconds: float) -> None:
        pauses(seconds)
        if len(pauses.taken) == 3:
            writing.__exit__(None, None, None)

    assert slot.read(writer_gets_on) == b"after"
    assert len(pauses.taken) == 3


def test_a_whole_slot_is_read_without_waiting(slot: SealedSlot) -> None:
    """Nobody pauses when nothing is being changed."""
    pauses = Pauses()
    assert slot.read(pauses) == b"before"
    assert pauses.taken == []


def test_repair_seals_what_a_dead_writer_left(fork: Fork, slot: SealedSlot) -> None:
    """Once, and then the slot is read and written as ever."""
    leave_open(fork, slot, b"beyond")
    assert slot.repair()
    assert not slot.repair()
    assert slot.read() == b"beyond"
    slot.write(b"a longer payload")
    assert slot.read() == b"a longer payload"


def test_repair_leaves_whole_slots_alone(memory: memoryview, slot: SealedSlot) -> None:
    """Nothing is written where nothing is broken."""
    held = bytes(memory)
    assert not slot.repair()
    assert bytes(memory) == held


def test_a_dead_writer_does_not_stop_the_next_one(fork: Fork, slot: SealedSlot) -> None:
    """Without a repair a new payload makes the slot whole again, too."""
    leave_open(fork, slot, b"half")
    slot.write(b"after")
    assert slot.read() == b"after"
    assert not slot.repair()


def test_an_error_while_changing_leaves_a_readable_slot(slot: SealedSlot) -> None:
    """A fault in the writer's code is no reason for readers to wait for ever."""
    with pytest.raises(ZeroDivisionError), slot.writing(6) as payload:
        payload[0] //= 0
    assert slot.read() == b"before"


@pytest.mark.parametrize("position", range(HEAD_SIZE, HEAD_SIZE + 6))
@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_noticed(memory: memoryview, slot: SealedSlot, position: int, bit: int) -> None:
    """The CRC covers every bit of the payload."""
    memory[position] ^= 1 << bit
    with pytest.raises(TornSlot):
        slot.read(Pauses())
    assert slot.repair()


@pytest.mark.parametrize("position", range(8, HEAD_SIZE))
def test_a_flipped_length_or_checksum_is_noticed(memory: memoryview, slot: SealedSlot, position: int) -> None:
    """Neither a wrong length nor a wrong CRC is believed, and a length beyond the slot is repaired, too."""
    memory[position] ^= 0x80
    with pytest.raises(TornSlot):
        slot.read(Pauses())
    assert slot.repair()
    assert len(slot.read()) <= CAPACITY


def test_a_copy_is_read_like_the_slot(memory: memoryview, slot: SealedSlot) -> None:
    """What was whole when it was copied; what was just being changed, or has a flipped bit, is none."""
    slot.write(b"whole")
    assert payload_in(bytes(memory), 0) == b"whole"
    with slot.writing(5):
        assert payload_in(bytes(memory), 0) is None
    memory[HEAD_SIZE + 1] ^= 1
    assert payload_in(bytes(memory), 0) is None
