"""One client's stream: a place among the events that the hub keeps ready."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, Self

from neasmart_gateway.api.events.lines import DROPPED, FAREWELL, Line, alive
from neasmart_gateway.api.events.waiting import Signal, Waiting
from neasmart_gateway.domain.topics import Kind

HEARTBEAT_SECONDS = 15.0
"""After so long without an event a client gets a sign of life, and we learn whether it is still there."""


class Filter(Protocol):
    """Which events a client wants."""

    def admits(self, kind: Kind, zones: frozenset[tuple[int, int]]) -> bool: ...


class Source(Protocol):
    """The hub, as a stream sees it."""

    waiting: Waiting
    signal: Signal
    end: int

    @property
    def begin(self) -> int: ...
    @property
    def id(self) -> str: ...
    def lines(self, place: int) -> Sequence[Line | bytes]: ...
    def closed(self, stream: Stream) -> None: ...


class Stream:
    """What is sent to one client, piece by piece. A piece is asked for when the one before it is on its way.

    `first` comes first, then everything from `place` on.
    """

    def __init__(self, hub: Source, wanted: Filter, place: int, first: Iterable[Line | bytes]) -> None:
        self._hub = hub
        self._wanted = wanted
        self._place = place
        self._first = self._joined(first)
        self._due = 0.0
        self._over = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return self._sent(first)
        while not self._over:
            if self._hub.waiting.ending():
                return self._last(FAREWELL)
            if self._place < self._hub.begin:
                return self._last(DROPPED)
            signal = self._hub.signal
            if text := self._news():
                return self._sent(text)
            left = self._due - self._hub.waiting.clock()
            if left <= 0:
                return self._sent(alive(self._hub.id))
            signal.wait(left)
        raise StopIteration

    def end(self) -> None:
        """Send nothing more."""
        self._over = True

    def close(self) -> None:
        """The client has gone, or was sent the last piece."""
        self._over = True
        self._hub.closed(self)

    def _news(self) -> bytes:
        lines = self._hub.lines(self._place)
        self._place = self._hub.end
        return self._joined(lines)

    def _joined(self, lines: Iterable[Line | bytes]) -> bytes:
        return b"".join(text for line in lines if (text := self._wants(line)))

    def _wants(self, line: Line | bytes) -> bytes:
        """Return the text of a line that is wanted; what the stream says of itself always is."""
        if isinstance(line, bytes):
            return line
        return line.text if self._wanted.admits(line.kind, line.zones) else b""

    def _sent(self, piece: bytes) -> bytes:
        self._due = self._hub.waiting.clock() + HEARTBEAT_SECONDS
        return piece

    def _last(self, piece: bytes) -> bytes:
        self._over = True
        return piece
