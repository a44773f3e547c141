"""Tells of streams that are ended because their clients do not read."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from neasmart_gateway.api import tracing
from neasmart_gateway.metrics.streams import Streams

_MINUTE = 60.0
_log = structlog.get_logger("neasmart.api")


class Drops:
    """Counts each, marks its access line, and lets the log have one line a minute; `clock` gives monotonic seconds."""

    def __init__(self, metrics: Streams, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._clock = clock
        self._told_at = float("-inf")
        self._left_out = 0

    def tell(self, reason: str) -> None:
        """Tell that the stream of the request at hand was ended for a reason of the catalogue."""
        self._metrics.dropped(reason)
        tracing.note(dropped=reason)
        if self._clock() - self._told_at < _MINUTE:
            self._left_out += 1
            return
        _log.warning(
            "an event stream was dropped, its client reads too slowly", dropped=reason, left_out=self._left_out
        )
        self._told_at, self._left_out = self._clock(), 0
