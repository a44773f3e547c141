"""The hub of one worker: one greenlet follows the ring, renders each event once, and wakes every stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import chain, islice

import structlog

from neasmart_gateway.api.events.drops import Drops
from neasmart_gateway.api.events.lines import Renderer, Told
from neasmart_gateway.api.events.recent import Recent
from neasmart_gateway.api.events.resuming import Resuming
from neasmart_gateway.api.events.stream import Filter, Stream
from neasmart_gateway.api.events.waiting import Waiting
from neasmart_gateway.api.refusals import StreamsFull
from neasmart_gateway.manager.events import Event
from neasmart_gateway.manager.manager import ModbusManager
from neasmart_gateway.metrics.catalogue import MOVED_ON
from neasmart_gateway.metrics.streams import Streams

MOST_STREAMS = 500
"""Of one worker, which has 800 connections: others must get in too, and wait for the ends of their commands."""
MOST_LINES = 1024
"""How many events are kept ready for streams that lag; who lags further is dropped."""
LOOK_SECONDS = 0.025
"""How long an event waits at most before it is seen; it is looked for only while there are streams."""
WAY_SECONDS = 0.0005
"""What a stream that has more to send leaves to others before its next piece, for each stream that does so too: some
times what a piece takes, so that a house full of clients that come back leaves most of the worker to requests. Who is
waited for by its own connection holds up nobody by that."""
_RETRY_AFTER = 5.0

_log = structlog.get_logger("neasmart.api")


class Hub:
    """Keeps the newest events as they are sent; a stream is only a place among them, and holds no more than a piece.

    `begin` and `end` count those events since the hub was made. Nothing in here may wait between looking at its own
    state and changing it: greenlets share it.
    """

    def __init__(self, manager: ModbusManager, waiting: Waiting, metrics: Streams) -> None:
        self.waiting = waiting
        self.signal = waiting.signal()
        self.end = 0
        self._manager = manager
        self._renderer = Renderer(manager)
        self._recent = Recent(manager, self._renderer)
        self._resuming = Resuming(self._recent)
        self._metrics = metrics
        self._drops = Drops(metrics, waiting.clock)
        self._lines: deque[Told] = deque(maxlen=MOST_LINES)
        self._streams: set[Stream] = set()
        self._giving_way = 0
        self._following = False
        self._away = False

    @property
    def begin(self) -> int:
        """The place of the oldest event that is kept ready."""
        return self.end - len(self._lines)

    @property
    def id(self) -> str:
        """The id of the newest event that was told."""
        return self._recent.id(self._recent.seen)

    @property
    def count(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    def check_room(self) -> None:
        """Raise StreamsFull when no further stream can be opened."""
        if self.waiting.ending() or len(self._streams) >= MOST_STREAMS:
            raise StreamsFull("This worker takes no further event stream now.", retry_after=_RETRY_AFTER)

    def open(self, wanted: Filter, last_id: str | None) -> Stream:
        """Return a new stream; it begins with what came behind the event `last_id`. StreamsFull when it cannot be."""
        self.check_room()
        if self._following:
            self.turn()  # another worker may have told this client more than we have seen yet
        else:
            self._away = self._manager.events.daemon_away
            self._recent.take()
            self._renderer.refresh()
        state = self._renderer.state() if self._away else ()
        stream = Stream(self, wanted, self.end, chain(self._resuming.begin(wanted, last_id), state))
        self._streams.add(stream)
        self._metrics.open(len(self._streams))
        if not self._following:
            self._following = True
            self.waiting.spawn(self._follow)
        return stream

    def closed(self, stream: Stream, dropped: str | None) -> None:
        """Forget a stream; `dropped` says why we have ended it, None: its client has, or its worker ends."""
        if stream in self._streams and dropped is not None:
            self._drops.tell(dropped)
        self._streams.discard(stream)
        self._metrics.open(len(self._streams))

    def lines(self, place: int) -> Iterable[Told]:
        """Return the events from a place on, which must be one that is kept."""
        return islice(self._lines, place - self.begin, None)

    def give_way(self) -> None:
        """Wait, the longer the more streams do the same: requests come in between."""
        self._giving_way += 1
        try:
            self.waiting.sleep(WAY_SECONDS * self._giving_way)
        finally:
            self._giving_way -= 1

    def tell_gap(self, reason: str) -> None:
        """Count that a client is told of a gap."""
        self._metrics.gap(reason)

    def turn(self) -> None:
        """Take in what is new, and wake the streams if there is something."""
        try:
            new = self._new()
        except Exception:
            # Streams would pass over it. Clients come back, and are sent what was behind the last that each has got.
            for stream in self._streams:
                stream.end()
            self._wake()
            raise
        self._lines.extend(new)
        self.end += len(new)
        if new or self.waiting.ending():
            self._wake()

    def _new(self) -> list[Told]:
        away, seen = self._manager.events.daemon_away, self._recent.seen
        batch = self._recent.take()
        self._renderer.refresh()
        new: list[Told] = []
        if batch.after > seen:
            new.append(self._resuming.gap(MOVED_ON, batch.after, batch.after - seen))
        new += map(self._line, batch.events)
        if away and not self._away:
            new += self._renderer.state()
        self._away = away
        return new

    def _line(self, event: Event) -> Told:
        """Return an event as streams get it; that it is lost, for a step of a command that was displaced so soon."""
        return self._recent.line(event) or self._resuming.gap(MOVED_ON, event.number, 1)

    def _wake(self) -> None:
        before, self.signal = self.signal, self.waiting.signal()
        before.set()

    def _follow(self) -> None:
        try:
            while self._streams:
                self.turn()
                self.waiting.sleep(LOOK_SECONDS)
        except Exception:  # whatever it was: the next stream begins a new greenlet
            _log.exception("event streams are ended by a fault of the gateway")
        finally:
            self._following = False
