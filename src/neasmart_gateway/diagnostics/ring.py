"""The last 100 events of one component; what repeats itself is counted and takes no further room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from neasmart_gateway.diagnostics.events import Event, cut

MOST = 100
AGAIN = 3600.0
"""Seconds within which the same again counts as a repetition."""
MOST_ALIKE = 20
"""Subjects of one sentence told apart within that time; those beyond share one event, so that none fills the ring."""
SEVERAL = "several"

_Key = tuple[str, str, str]


class Ring:
    """Events in the order in which each happened last. Remembers which of them nobody has written down yet."""

    def __init__(self) -> None:
        self._events: dict[int, Event] = {}
        self._latest: dict[_Key, int] = {}
        self._unsaved: dict[int, bool] = {}  # number → whether it is new, and not only counted up
        self._next = 1

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> None:
        """Note an event, or as many of its like as it counts."""
        event = self._shared(replace(event, subject=cut(event.subject)))
        known = self._repeated(event)
        if known is None:
            self._put(replace(event, number=self._next))
            self._unsaved[self._next - 1] = True
        else:
            first_at = min(known.first_at, event.first_at)
            self._put(replace(event, number=known.number, count=known.count + event.count, first_at=first_at))
            self._unsaved.setdefault(known.number, False)

    def restore(self, events: Iterable[Event], then: Iterable[Event] = ()) -> None:
        """Put events of before, which are written down, in front of those that there are, and others between them."""
        since, self._next = list(self._events.values()), 1
        self.clear()
        for event in events:
            self._put(event)
        for event in [*then, *since]:
            self.add(event)

    def newest_first(self) -> list[Event]:
        return list(reversed(self._events.values()))

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        for forgotten in (self._events, self._latest, self._unsaved):
            forgotten.clear()

    def unsaved(self, *, repeated: bool) -> list[Event]:
        """Return the events that are new, and, if wanted, those that were only counted up since they were saved.

        In the order in which each happened last, which is what files tell when they are read back.
        """
        wanted = {number for number, is_new in self._unsaved.items() if is_new or repeated}
        return [event for number, event in self._events.items() if number in wanted]

    def saved(self, events: Iterable[Event]) -> None:
        """These are written down; what has happened to them meanwhile is not."""
        for event in events:
            if self._events.get(event.number) is event:
                self._unsaved.pop(event.number, None)
            elif event.number in self._unsaved:
                self._unsaved[event.number] = False

    def _put(self, event: Event) -> None:
        self._events.pop(event.number, None)  # what has happened again goes to the end
        self._events[event.number] = event
        self._latest[_key(event)] = event.number
        self._next = max(self._next, event.number + 1)
        while len(self._events) > MOST:
            self._drop(next(iter(self._events)))

    def _drop(self, number: int) -> None:
        key = _key(self._events.pop(number))
        self._unsaved.pop(number, None)
        if self._latest.get(key) == number:
            del self._latest[key]

    def _repeated(self, event: Event) -> Event | None:
        """Return the event that this one repeats."""
        known = self._events.get(self._latest.get(_key(event), 0))
        return known if known is not None and _is_near(known, event) else None

    def _shared(self, event: Event) -> Event:
        """Return it without a subject of its own when there are too many of its kind."""
        if self._repeated(event) is not None:
            return event
        alike = sum(one.sentence == event.sentence and _is_near(one, event) for one in self._events.values())
        return replace(event, subject=SEVERAL) if alike >= MOST_ALIKE else event


def _key(event: Event) -> _Key:
    return event.level, event.sentence, event.subject


def _is_near(one: Event, other: Event) -> bool:
    return abs(other.last_at - one.last_at) <= AGAIN  # either way: the clock may have been set
