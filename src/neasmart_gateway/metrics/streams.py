"""Counts event streams, in every worker, each in a file of its own; told together with the requests."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from neasmart_gateway.metrics.catalogue import BY_NAME, DROPS, GAPS

_OPEN, _DROPPED, _GAPS = "neasmart_event_streams", "neasmart_event_streams_dropped_total", "neasmart_event_gaps_total"


class Streams:
    """What has become of the event streams of this worker; those that a dead one had are no longer open."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open = Gauge(_OPEN, BY_NAME[_OPEN].help, registry=registry, multiprocess_mode="livesum")
        dropped, gaps = (Counter(name, BY_NAME[name].help, BY_NAME[name].labels, registry=registry)
                         for name in (_DROPPED, _GAPS))  # fmt: skip
        self._dropped = {reason: dropped.labels(reason) for reason in DROPS}
        self._gaps = {reason: gaps.labels(reason) for reason in GAPS}

    def open(self, count: int) -> None:
        """Note how many streams are open in this worker."""
        self._open.set(count)

    def dropped(self, reason: str) -> None:
        """Count a stream that was ended because its client does not read, for one of DROPS."""
        self._dropped[reason].inc()

    def gap(self, reason: str) -> None:
        """Count a gap that a client was told of, for one of GAPS."""
        self._gaps[reason].inc()
