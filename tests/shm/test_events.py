"""The ring of events: numbers that never repeat, and nothing that is missed without a word."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain.topics import BUS, COMMAND, HEALTH, OPERATION, UNIT_TOPICS, ZONE_TOPICS, Topic
from neasmart_gateway.shm import events
from neasmart_gateway.shm.events import EVENTS_SIZE, RECEIPT_SLOTS, SLOTS, Event, EventRing
from neasmart_gateway.shm.seal import HEAD_SIZE
from tests.shm.memories import Pauses, padded, shared
from tests.shm.processes import Fork, die_here

FIRST_SLOT = 64


@pytest.fixture
def memory() -> memoryview:
    """Room for a ring."""
    return shared(EVENTS_SIZE)


@pytest.fixture
def ring(memory: memoryview) -> EventRing:
    """An empty ring whose readers never really sleep."""
    ring = EventRing(memory, Pauses())
    ring.prepare()
    return ring


def numbers(found: Sequence[Event]) -> list[int]:
    return [event.number for event in found]


def test_an_empty_ring(ring: EventRing) -> None:
    """Nothing has happened, and nothing was missed."""
    assert (ring.latest, ring.since(0)) == (0, ([], 0, 0))
    assert ring.repair() == 0


def test_events_come_in_order(ring: EventRing) -> None:
    """Each with its number and what it is about; a step of a command with its receipt as it was then."""
    for topic in (ZONE_TOPICS[0], ZONE_TOPICS[59], UNIT_TOPICS[-1], OPERATION, BUS, HEALTH):
        ring.append(topic)
    ring.append_receipt({"id": "0-a", "state": "accepted"})
    ring.append_receipt({"id": "0-a", "state": "confirmed"})
    batch = ring.since(1)
    assert numbers(batch.events) == [2, 3, 4, 5, 6, 7, 8]
    assert [e.topic for e in batch.events][:2] == [ZONE_TOPICS[59], UNIT_TOPICS[-1]]
    assert [(e.topic, ring.receipt(e)) for e in batch.events[-3:]] == [
        (HEALTH, None), (COMMAND, {"id": "0-a", "state": "accepted"}), (COMMAND, {"id": "0-a", "state": "confirmed"}),
    ]  # fmt: skip
    assert (batch.after, batch.latest) == (1, 8)


def test_the_ring_moves_on(ring: EventRing) -> None:
    """The newest 4,095 are held; who is further behind is told from where on they are."""
    for n in range(SLOTS + 10):
        ring.append(ZONE_TOPICS[n % 60])
    batch = ring.since(0)
    assert numbers(batch.events) == list(range(12, SLOTS + 11))
    assert batch.after == 11 == ring.since(11).after


def test_steps_of_commands_are_held_whole_or_not_at_all(ring: EventRing) -> None:
    """Once the oldest of 512 steps is displaced, that is told, and what else has happened before is still held."""
    ring.append(BUS)
    for n in range(RECEIPT_SLOTS + 3):
        ring.append_receipt(padded(2048, id=f"{n}-a"))
    bus, *steps = ring.since(0).events
    held = [receipt["id"] for step in steps if (receipt := ring.receipt(step)) is not None]
    assert held == [f"{n}-a" for n in range(3, RECEIPT_SLOTS + 3)]
    assert (bus, ring.oldest, ring.oldest_step) == (Event(1, BUS), 1, 5)


def test_each_life_has_a_name_of_its_own(memory: memoryview, ring: EventRing) -> None:
    """Whoever comes with an id of a former life can be told apart; a daemon that starts anew does not change it."""
    name = ring.boot
    assert EventRing(memory).boot == name
    ring.prepare()
    assert ring.boot != name


def test_a_torn_event_is_not_passed_over(ring: EventRing, memory: memoryview) -> None:
    """What can be had begins behind it, also after it was repaired."""
    for topic in ZONE_TOPICS[:5]:
        ring.append(topic)
    memory[FIRST_SLOT + 3 * events._STRIDE + HEAD_SIZE] ^= 1
    assert (numbers(ring.since(0).events), ring.since(0).after) == ([4, 5], 3)
    assert ring.repair() == 1
    assert (numbers(ring.since(0).events), ring.since(0).after) == ([4, 5], 3)


def test_a_killed_writer_has_told_nobody(ring: EventRing, memory: memoryview, fork: Fork) -> None:
    """Its unfinished number is given to the next daemon's first event, and no reader has ever seen it otherwise."""
    ring.append(BUS)

    def die_within() -> None:
        with ring._slot(2).writing():
            die_here()

    fork(die_within).wait()
    assert ring.since(0).latest == 1
    successor = EventRing(memory, Pauses())
    assert successor.repair() == 1
    successor.append(HEALTH)
    assert ring.since(1).events == [Event(2, HEALTH)]


STEPS = st.lists(st.one_of(st.sampled_from([*ZONE_TOPICS[:3], BUS]), st.just("step"), st.just("restart")), max_size=60)


@given(steps=STEPS, after=st.integers(0, 60), small=st.integers(3, 8), receipts=st.integers(1, 4))
def test_it_is_as_a_list_of_which_the_end_is_kept(
    steps: list[Topic | str], after: int, small: int, receipts: int
) -> None:
    """All that is held comes, and nothing else, through restarts too; what is not held is counted."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(events, "SLOTS", small)
        patched.setattr(events, "RECEIPT_SLOTS", receipts)
        memory, model = shared(EVENTS_SIZE), list[tuple[int, Topic, dict[str, str] | None]]()
        ring = EventRing(memory, Pauses())
        for step in steps:
            if step == "restart":
                ring = EventRing(memory, Pauses())
                assert ring.repair() == 0
            elif step == "step":
                receipt = {"id": f"{len(model)}-a"}
                ring.append_receipt(receipt)
                model.append((len(model) + 1, COMMAND, receipt))
            else:
                assert isinstance(step, Topic)
                ring.append(step)
                model.append((len(model) + 1, step, None))
        begin = max(after, len(model) - small + 1)
        held = [(number, topic) for number, topic, _ in model if number > begin]
        found = ring.since(after)
        assert ([(e.number, e.topic) for e in found.events], found.after, found.latest) == (held, begin, len(model))
        displaced = [number for number, _, receipt in model if receipt is not None][:-receipts]
        assert ring.oldest_step == max([1, *(number + 1 for number in displaced)])
        kept = {number: receipt for number, _, receipt in model if number >= ring.oldest_step}
        assert [ring.receipt(e) for e in found.events if e.number in kept] == [kept[n] for n, _ in held if n in kept]
