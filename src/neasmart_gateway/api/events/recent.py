"""What a worker knows of the past, once for all clients that come back."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter

from neasmart_gateway.api.events.lines import Line, Renderer
from neasmart_gateway.domain.topics import Topic
from neasmart_gateway.manager.events import Batch, Event
from neasmart_gateway.manager.manager import ModbusManager

_number = attrgetter("number")


class Recent:
    """Of each thing its newest event, of commands every step that is held: a few hundred, in the order of numbers.

    Only here is the ring read, each event once, however many clients resume. A receipt is read when somebody first
    wants that step. `seen` is the newest event that was taken in.
    """

    def __init__(self, manager: ModbusManager, renderer: Renderer) -> None:
        self.seen = 0
        self._manager = manager
        self._renderer = renderer
        self._held: dict[Topic | int, Event] = {}
        self._order: list[Event] = []
        self._steps: dict[int, Line] = {}
        self._lost = self._lost_step = 0

    def id(self, number: int) -> str:
        """Return the id of an event."""
        return f"{self.boot}-{number}"

    @property
    def boot(self) -> str:
        """Names this life of the gateway."""
        return self._manager.events.boot

    def take(self) -> Batch:
        """Take in what has come since, and return it."""
        batch = self._manager.events.since(self.seen)
        if batch.after > self.seen:
            self._lost = batch.after
        for event in batch.events:
            key = event.topic if event.step is None else event.number
            self._held.pop(key, None)
            self._held[key] = event
        if batch.events:
            self._forget_steps(self._manager.events.lost(steps=True))
            self._order = list(self._held.values())
        self.seen = batch.latest
        return batch

    def lost(self, *, steps: bool) -> int:
        """Return the number up to which not every event can be told any more, `steps` of commands among them or not."""
        known = max(self._lost, self._manager.events.lost(steps=steps))
        return max(known, self._lost_step) if steps else known

    def next(self, number: int) -> Event | None:
        """Return the first event behind another one; None when there is none."""
        place = bisect_right(self._order, number, key=_number)
        return self._order[place] if place < len(self._order) else None

    def line(self, event: Event) -> Line | None:
        """Return an event as it is sent; None for a step of a command that is lost by now."""
        if event.step is None:
            return self._renderer.line(event)
        if event.number not in self._steps:
            receipt = self._manager.events.receipt(event)
            if receipt is None:
                self._lost_step = max(self._lost_step, event.number)
                return None
            self._steps[event.number] = self._renderer.step(event, receipt)
        return self._steps[event.number]

    def _forget_steps(self, lost: int) -> None:
        for event in [event for event in self._held.values() if event.step is not None and event.number <= lost]:
            del self._held[event.number]
            self._steps.pop(event.number, None)
