"""What a stream begins with: what the client has missed, as far as it is still held, and else that it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from neasmart_gateway.api.events.lines import RETRY, Gap, Told, alive
from neasmart_gateway.api.events.recent import Recent
from neasmart_gateway.domain.topics import Kind
from neasmart_gateway.metrics.catalogue import MOVED_ON, RESTARTED, UNKNOWN_ID

_ID = re.compile(r"([0-9a-f]{12})-([0-9]{1,18})")


class Wanted(Protocol):
    """Which kinds of events a client wants at all."""

    def wants(self, kind: Kind) -> bool: ...


class Resuming:
    """Begins streams."""

    def __init__(self, recent: Recent) -> None:
        self._recent = recent

    def begin(self, wanted: Wanted, last_id: str | None) -> Iterator[Told]:
        """Return what a client gets first that has received everything up to the event `last_id`.

        Each next event is looked up when it is asked for: what has come meanwhile takes the place of what was before.
        """
        seen = self._recent.seen
        return self._begun(wanted, seen if last_id is None else self._number(last_id, seen), seen)

    def gap(self, reason: str, number: int, missed: int | None) -> Gap:
        """Return what tells that events up to a number are lost; None missed: nobody knows how many."""
        return Gap(reason, self._recent.id(number), missed)

    def _begun(self, wanted: Wanted, begin: int | str, seen: int) -> Iterator[Told]:
        yield RETRY + b"\n"
        if isinstance(begin, str):
            yield self.gap(begin, seen, None)
        else:
            yield from self._missed(wanted, begin, seen)
        yield alive(self._recent.id(seen))

    def _missed(self, wanted: Wanted, number: int, seen: int) -> Iterator[Told]:
        """Yield what of the events behind a number can be told, up to the one that the client gets by itself."""
        steps = wanted.wants(Kind.COMMAND)
        while number < seen:
            lost = min(self._recent.lost(steps=steps), seen)
            if number < lost:
                yield self.gap(MOVED_ON, lost, lost - number)
                number = lost
            event = self._recent.next(number)
            if event is None or event.number > seen:
                return
            line = self._recent.line(event) if wanted.wants(event.topic.kind) else b""
            if line is not None:  # else it was displaced just now, and the next look finds the gap
                number = event.number
                yield line

    def _number(self, last_id: str, seen: int) -> int | str:
        """Return the number of an event of this gateway's life, for any other id why it is none."""
        match = _ID.fullmatch(last_id)
        if match is not None and match[1] != self._recent.boot:
            return RESTARTED
        return UNKNOWN_ID if match is None or int(match[2]) > seen else int(match[2])
