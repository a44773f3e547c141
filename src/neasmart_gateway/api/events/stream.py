"""One client's stream: a place among the events that the hub keeps ready."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol, Self

from neasmart_gateway.api.events.lines import DROPPED, FAREWELL, Gap, Told, alive
from neasmart_gateway.api.events.resuming import Wanted
from neasmart_gateway.api.events.waiting import Signal, Waiting
from neasmart_gateway.domain.topics import Kind
from neasmart_gateway.metrics.catalogue import NOT_READING, TOO_SLOW

HEARTBEAT_SECONDS = 15.0
"""After so long without an event a client gets a sign of life, and we learn whether it is still there."""
PIECE = 8 * 1024
"""Bytes of text after which a piece is sent, so that none is longer than this and one event: all that is held for one
client while it does not read, and all that it must take within the time for one piece."""


class Filter(Wanted, Protocol):
    """Which events a client wants; `everything` when none is left out."""

    @property
    def everything(self) -> bool: ...
    def admits(self, kind: Kind, zones: frozenset[tuple[int, int]]) -> bool: ...


class Source(Protocol):
    """The hub, as a stream sees it."""

    waiting: Waiting
    signal: Signal

    @property
    def begin(self) -> int: ...
    @property
    def id(self) -> str: ...
    def lines(self, place: int) -> Iterable[Told]: ...
    def give_way(self) -> None: ...
    def tell_gap(self, reason: str) -> None: ...
    def closed(self, stream: Stream, dropped: str | None) -> None: ...


class Stream:
    """What is sent to one client, piece by piece. A piece is asked for when the one before it is on its way.

    `first` comes first, then everything from `place` on.
    """

    def __init__(self, hub: Source, wanted: Filter, place: int, first: Iterator[Told]) -> None:
        self._hub = hub
        self._wanted = wanted
        self._place = place
        self._first = first
        self._due = 0.0
        self._more = False
        self._over = False
        self._dropped: str | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._more:
            self._hub.give_way()
        while not self._over:
            if self._hub.waiting.ending():
                return self._last(FAREWELL)
            if self._place < self._hub.begin:
                self._dropped = TOO_SLOW
                return self._last(DROPPED)
            signal = self._hub.signal
            if text := self._gathered():
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
        """The client has gone, was sent the last piece, or has not taken one in time."""
        self._over = True
        if isinstance(sys.exception(), TimeoutError):  # what the server closes us for
            self._dropped = NOT_READING
        self._hub.closed(self, self._dropped)

    def _gathered(self) -> bytes:
        """Return the next piece; nothing when there is nothing to be sent."""
        texts, size = [], 0
        for told in chain(self._first, self._new()):
            texts.append(self._text(told))
            size += len(texts[-1])
            if size >= PIECE:
                break
        self._more = size >= PIECE
        return b"".join(texts)

    def _new(self) -> Iterator[Told]:
        for told in self._hub.lines(self._place):
            self._place += 1
            yield told

    def _text(self, told: Told) -> bytes:
        """Return what is sent of something: nothing of what is not wanted."""
        if isinstance(told, bytes):
            return told
        if isinstance(told, Gap):
            self._hub.tell_gap(told.reason)
            return told.text(counted=self._wanted.everything)
        return told.text if self._wanted.admits(told.kind, told.zones) else b""

    def _sent(self, piece: bytes) -> bytes:
        self._due = self._hub.waiting.clock() + HEARTBEAT_SECONDS
        return piece

    def _last(self, piece: bytes) -> bytes:
        self._over = True
        return piece
