"""The ring of events, held against a model that keeps everything and counts naively."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.diagnostics.events import Event
from neasmart_gateway.diagnostics.ring import AGAIN, MOST, MOST_ALIKE, SEVERAL, Ring

START = 1_800_000_000.0


def event(sentence: str = "refused", subject: str = "", at: float = START, count: int = 1) -> Event:
    return Event("bus", "warning", sentence, at, at, subject, count=count)


def filled(events: Iterable[Event]) -> Ring:
    ring = Ring()
    for one in events:
        ring.add(one)
    return ring


def told(ring: Ring) -> list[tuple[str, str, int, float, float]]:
    return [(one.sentence, one.subject, one.count, one.first_at, one.last_at) for one in ring.newest_first()]


class Model:
    """All events in a plain list, looked through from its end each time."""

    def __init__(self) -> None:
        self.kept: list[Event] = []

    def add(self, new: Event) -> None:
        known = self._known(new)
        if known is None:
            near = [one for one in self.kept if one.sentence == new.sentence and self._near(one, new)]
            if len(near) >= MOST_ALIKE:
                new = replace(new, subject=SEVERAL)
                known = self._known(new)
        if known is not None:
            self.kept.remove(known)
            new = replace(new, count=known.count + new.count, first_at=min(known.first_at, new.first_at))
        self.kept = [*self.kept, new][-MOST:]

    def _known(self, new: Event) -> Event | None:
        same = [one for one in self.kept if (one.sentence, one.subject) == (new.sentence, new.subject)]
        return same[-1] if same and self._near(same[-1], new) else None

    @staticmethod
    def _near(one: Event, other: Event) -> bool:
        return abs(one.last_at - other.last_at) <= AGAIN


WORDS = st.sampled_from(["refused", "lost", "opened"])
SUBJECTS = st.integers(0, 60).map(str)
PAUSES = st.sampled_from([0.0, 1.0, 60.0, AGAIN, AGAIN + 1, -30.0, -2 * AGAIN])
HAPPENINGS = st.lists(st.tuples(WORDS, SUBJECTS, PAUSES, st.integers(1, 3)), max_size=300)


@given(HAPPENINGS)
def test_it_is_what_a_naive_model_keeps(happenings: list[tuple[str, str, float, int]]) -> None:
    """Order, counts, first and last times, whatever comes and however the clock is set."""
    ring, model, now = Ring(), Model(), START
    for sentence, subject, pause, count in happenings:
        now += pause
        for one in (ring, model):
            one.add(event(sentence, subject, now, count))
    expected = [(one.sentence, one.subject, one.count, one.first_at, one.last_at) for one in reversed(model.kept)]
    assert told(ring) == expected
    numbers = [one.number for one in ring.newest_first()]
    assert len(set(numbers)) == len(numbers) <= MOST


@given(HAPPENINGS, st.integers(0, 300))
def test_what_is_saved_is_all_that_there_is(happenings: list[tuple[str, str, float, int]], when: int) -> None:
    """Of each number the last that was given out to be saved is the event as it stands; a ring restored is the same."""
    ring, now, written = Ring(), START, dict[int, Event]()
    for turn, (sentence, subject, pause, count) in enumerate(happenings):
        now += pause
        ring.add(event(sentence, subject, now, count))
        if turn == when:
            _save(ring, written)
    _save(ring, written)
    kept = {one.number: one for one in ring.newest_first()}
    assert {number: one for number, one in written.items() if number in kept} == kept
    assert ring.unsaved(repeated=True) == []
    again = Ring()
    again.restore(ring.newest_first()[::-1])
    assert again.newest_first() == ring.newest_first()


def _save(ring: Ring, written: dict[int, Event]) -> None:
    events = ring.unsaved(repeated=True)
    written |= {one.number: one for one in events}
    ring.saved(events)


def test_a_flood_takes_one_place() -> None:
    """It counts up, with when it began and when it was seen last."""
    ring = filled([event("lost"), *(event(at=START + second) for second in range(1000))])
    assert told(ring) == [("refused", "", 1000, START, START + 999), ("lost", "", 1, START, START)]


def test_a_flood_of_many_takes_few_places() -> None:
    """A scan of the port by a thousand addresses leaves what else has happened where it is."""
    ring = filled([event("lost"), *(event(subject=f"tcp 198.51.100.{number}") for number in range(1000))])
    assert len(ring) == MOST_ALIKE + 2
    assert told(ring)[0][1:3] == (SEVERAL, 1000 - MOST_ALIKE)
    assert told(ring)[-1][0] == "lost"


def test_the_same_after_hours_is_another_event() -> None:
    assert [one[2] for one in told(filled([event(), event(at=START + AGAIN + 1)]))] == [1, 1]


def test_the_newest_hundred_are_kept() -> None:
    ring = filled(event(str(number), at=START + number) for number in range(MOST + 5))
    assert [one[0] for one in told(ring)] == [str(number) for number in reversed(range(5, MOST + 5))]


def test_repetitions_need_not_be_saved_at_once() -> None:
    """New ones are told from those that were only counted up, which wait until they are wanted."""
    ring = filled([event()])
    ring.saved(ring.unsaved(repeated=False))
    ring.add(event())
    ring.add(event("lost"))
    assert [one.sentence for one in ring.unsaved(repeated=False)] == ["lost"]
    assert sorted(one.sentence for one in ring.unsaved(repeated=True)) == ["lost", "refused"]


def test_what_happens_while_it_is_being_saved_is_saved_later() -> None:
    ring = filled([event()])
    under_way = ring.unsaved(repeated=True)
    ring.add(event())
    ring.saved(under_way)
    assert [one.count for one in ring.unsaved(repeated=True)] == [2]


def test_what_is_restored_stands_before_what_has_happened_since() -> None:
    """Numbers go on behind the old ones; the same again within the hour goes on counting."""
    ring = filled([event("opened", at=START + 50), event(at=START + 60)])
    ring.restore([replace(event(count=7), number=41), replace(event("lost"), number=42)])
    assert [(one.sentence, one.number, one.count) for one in ring.newest_first()] == [
        ("refused", 41, 8), ("opened", 43, 1), ("lost", 42, 1),
    ]  # fmt: skip
    assert sorted(one.number for one in ring.unsaved(repeated=True)) == [41, 43]
