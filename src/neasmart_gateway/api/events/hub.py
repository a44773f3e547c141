"""The hub of one worker: one greenlet follows the ring, renders each event once, and wakes every stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

import structlog

from neasmart_gateway.api.events.lines import Line, Renderer
from neasmart_gateway.api.events.resuming import Resuming
from neasmart_gateway.api.events.stream import Filter, Stream
from neasmart_gateway.api.events.waiting import Waiting
from neasmart_gateway.api.refusals import StreamsFull
from neasmart_gateway.manager.manager import ModbusManager

MOST_STREAMS = 500
"""Of one worker, which has 800 connections: others must get in too, and wait for the ends of their commands."""
MOST_LINES = 1024
"""How many events are kept ready for streams that lag; who lags further is dropped."""
LOOK_SECONDS = 0.025
"""How long an event waits at most before it is seen; it is looked for only while there are streams."""
_RETRY_AFTER = 5.0

_log = structlog.get_logger("neasmart.api")


class Hub:
    """Keeps the newest events as they are sent; a stream is only a place among them, so it costs next to nothing.

    `begin` and `end` count those events since the hub was made. Nothing in here may wait between looking at its own
    state and changing it: greenlets share it.
    """

    def __init__(self, manager: ModbusManager, waiting: Waiting) -> None:
        self.waiting = waiting
        self.signal = waiting.signal()
        self.end = 0
        self._manager = manager
        self._renderer = Renderer(manager)
        self._lines: deque[Line | bytes] = deque(maxlen=MOST_LINES)
        self._streams: set[Stream] = set()
        self._following = False
        self._seen = 0
        self._away = False

    @property
    def begin(self) -> int:
        """The place of the oldest event that is kept ready."""
        return self.end - len(self._lines)

    @property
    def id(self) -> str:
        """The id of the newest event that was told."""
        return f"{self._manager.events.boot}-{self._seen}"

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
            self._seen, self._away = self._manager.events.latest, self._manager.events.daemon_away
        place, seen, away = self.end, self._seen, self._away
        first = [*Resuming(self._manager.events, self._renderer).begin(last_id, seen)]
        first += self._renderer.state() if away else []
        stream = Stream(self, wanted, place, first)
        self._streams.add(stream)
        if not self._following:
            self._following = True
            self.waiting.spawn(self._follow)
        return stream

    def closed(self, stream: Stream) -> None:
        """Forget a stream."""
        self._streams.discard(stream)

    def lines(self, place: int) -> Sequence[Line | bytes]:
        """Return the events from a place on, which must be one that is kept."""
        return list(islice(self._lines, place - self.begin, None))

    def turn(self) -> None:
        """Take in what is new, and wake the streams if there is something."""
        events, seen = self._manager.events, self._seen
        away = events.daemon_away
        batch = events.since(seen)
        new: list[Line | bytes] = [*Resuming(events, self._renderer).lost(batch, batch.latest)]
        new += [self._renderer.line(event) for event in batch.events]
        if away and not self._away:
            new += self._renderer.state()
        self._seen, self._away = batch.latest, away
        self._lines.extend(new)
        self.end += len(new)
        if new or self.waiting.ending():
            self._wake()

    def _wake(self) -> None:
        before, self.signal = self.signal, self.waiting.signal()
        before.set()

    def _follow(self) -> None:
        try:
            while self._streams:
                self.turn()
                self.waiting.sleep(LOOK_SECONDS)
        except Exception:
            # Whatever it was: clients come back, and a new greenlet begins where each of them has left off.
            _log.exception("event streams are ended by a fault of the gateway")
            for stream in self._streams:
                stream.end()
            self._wake()
        finally:
            self._following = False
