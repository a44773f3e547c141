"""Receipts are found by their id, until the ring has moved on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.shm.receipts import RECEIPTS_SIZE, SLOTS, ReceiptRing, slot_of
from neasmart_gateway.shm.seal import HEAD_SIZE
from tests.shm.memories import Pauses, shared
from tests.shm.processes import Fork

SILLY_IDS = [
    *("", "-", "x", "1", "1-", "-x", "--", "٣-x", "²-x", "\uff11-x", " 1-x", "1 -x", "+1-x", "-1-x", "1.0-x", "1e3-x"),
    *("0x1-x", "1_0-x", "\n1-x", "1\n-x", "\x00-x", "1\x00-x", "../1-x", "None-x"),
    *("9" * 20 + "-x", "9" * 5000 + "-x", "0" * 100_000 + "1-x"),
]


@pytest.fixture
def memory() -> memoryview:
    """Room for a ring."""
    return shared(RECEIPTS_SIZE)


@pytest.fixture
def ring(memory: memoryview) -> ReceiptRing:
    """An empty ring whose readers never really sleep."""
    return ReceiptRing(memory, Pauses())


def receipt(number: int, state: str = "accepted") -> dict[str, object]:
    """A receipt as the desk would write it."""
    return {"id": f"{number}-abc", "state": state, "writes": [{"field": "setpoint", "value": 21.5, "unit": "°C"}]}


def put(ring: ReceiptRing, number: int, state: str = "accepted") -> None:
    """Write the receipt of a command into its slot."""
    ring.put(number % SLOTS, receipt(number, state))


def test_an_empty_ring_knows_nothing(ring: ReceiptRing) -> None:
    """No id leads to a receipt, no slot holds one."""
    assert ring.find("0-abc") is None
    assert ring.at(0) is None
    assert ring.at(SLOTS - 1) is None
    assert list(ring) == []
    assert ring.repair() == 0


def test_a_receipt_is_found_and_renewed(ring: ReceiptRing) -> None:
    """As it was written last, umlauts and all."""
    put(ring, 7)
    assert ring.find("7-abc") == ring.at(7) == receipt(7)
    put(ring, 7, "confirmed")
    assert ring.find("7-abc") == receipt(7, "confirmed")


def test_only_the_whole_id_leads_to_it(ring: ReceiptRing) -> None:
    """Another ending, another number for the same slot, or zeroes in front: somebody else's command."""
    put(ring, 7)
    assert [ring.find(i) for i in ("7-abd", "7-ab", f"{7 + SLOTS}-abc", "07-abc", "8-abc")] == [None] * 5


def test_the_ring_moves_on(ring: ReceiptRing) -> None:
    """The 513th command takes the place of the first, and of no other."""
    for number in range(SLOTS + 1):
        put(ring, number)
    assert ring.find("0-abc") is None
    assert ring.find("512-abc") == receipt(512)
    assert ring.find("1-abc") == receipt(1)
    assert ring.find("511-abc") == receipt(511)


def test_all_that_is_held_can_be_listed(ring: ReceiptRing) -> None:
    """Each with its slot, in the order of the slots; empty ones are left out."""
    for number in (3, 511, 1024):
        put(ring, number)
    assert list(ring) == [(0, receipt(1024)), (3, receipt(3)), (511, receipt(511))]


@pytest.mark.parametrize("silly", SILLY_IDS, ids=lambda silly: repr(silly[:12]))
def test_silly_ids_are_unknown(ring: ReceiptRing, silly: str) -> None:
    """What comes from a URL may be anything: it leads nowhere and raises nothing."""
    for slot in range(2):
        ring.put(slot, receipt(slot))
    assert slot_of(silly) is None
    assert ring.find(silly) is None


@given(st.text() | st.from_regex(r"\A\d{1,25}-.{0,5}\Z"))
def test_any_text_is_an_id_or_none(text: str) -> None:
    """A slot of the ring, or nothing; never an error."""
    slot = slot_of(text)
    assert slot is None or 0 <= slot < SLOTS


@given(st.integers(0, 10**19 - 1), st.text(min_size=1))
def test_a_number_and_a_random_part_make_an_id(number: int, suffix: str) -> None:
    """Every number that is ever given out leads to its slot, hyphens behind it or not."""
    assert slot_of(f"{number}-{suffix}") == number % 512


def test_too_long_a_receipt_is_refused(ring: ReceiptRing) -> None:
    """It changes nothing."""
    put(ring, 7)
    with pytest.raises(ValueError, match="do not fit"):
        ring.put(7, {"id": "7-abc", "text": "x" * 3000})
    assert ring.find("7-abc") == receipt(7)


def test_a_torn_receipt_is_dropped(ring: ReceiptRing, memory: memoryview) -> None:
    """While it is torn it is unknown, after a repair its slot is free; the others stay."""
    put(ring, 7)
    put(ring, 8)
    memory[7 * (RECEIPTS_SIZE // SLOTS) + HEAD_SIZE] ^= 0x01
    assert ring.find("7-abc") is None
    assert list(ring) == [(8, receipt(8))]
    assert ring.repair() == 1
    assert ring.repair() == 0
    assert list(ring) == [(8, receipt(8))]
    put(ring, 7)
    assert ring.find("7-abc") == receipt(7)


def test_another_process_finds_it(ring: ReceiptRing, memory: memoryview, fork: Fork) -> None:
    """What the daemon writes down a worker can follow."""
    assert fork(lambda: put(ring, 7)).wait() == 0
    assert ReceiptRing(memory, Pauses()).find("7-abc") == receipt(7)
