"""What a stream begins with: what the client has missed, as far as it is still held, and else that it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from neasmart_gateway.api.events.lines import RETRY, Line, Renderer, alive, note
from neasmart_gateway.manager.events import Batch, EventReader

_ID = re.compile(r"([0-9a-f]{12})-([0-9]{1,18})")
RESTARTED, MOVED_ON = "restarted", "moved_on"
SNAPSHOT = "/api/v1/snapshot"


class Resuming:
    """Begins streams; `seen` is the newest event that the stream does not get by itself."""

    def __init__(self, events: EventReader, renderer: Renderer) -> None:
        self._events = events
        self._renderer = renderer

    def begin(self, last_id: str | None, seen: int) -> Iterator[bytes | Line]:
        """Yield what a client gets first that has received everything up to the event `last_id`."""
        yield RETRY + b"\n"
        number = seen if last_id is None else self._number(last_id)
        if number is None:
            yield self.gap(RESTARTED, None, seen)
        elif number < seen:
            yield from self._missed(number, seen)
        yield alive(self._id(seen))

    def gap(self, reason: str, missed: int | None, number: int) -> bytes:
        """Return what tells that events up to a number are lost to the client; None missed: nobody knows how many."""
        return note("gap", self._id(number), {"reason": reason, "missed": missed, "read": SNAPSHOT})

    def lost(self, batch: Batch, seen: int) -> list[bytes]:
        """Return that gap for the events that a batch lacks, nothing when it lacks none."""
        if not batch.missed:
            return []
        return [self.gap(MOVED_ON, batch.missed, batch.events[0].number - 1 if batch.events else seen)]

    def _missed(self, number: int, seen: int) -> Iterator[bytes | Line]:
        batch = self._events.since(number)
        yield from self.lost(batch, seen)
        yield from (self._renderer.line(event) for event in batch.events if event.number <= seen)

    def _number(self, last_id: str) -> int | None:
        """Return the number of an event of this gateway's life; None for any other."""
        match = _ID.fullmatch(last_id)
        if match is None or match[1] != self._events.boot or int(match[2]) > self._events.latest:
            return None
        return int(match[2])

    def _id(self, number: int) -> str:
        return f"{self._events.boot}-{number}"
