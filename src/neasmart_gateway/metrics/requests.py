"""Counts HTTP requests and measures how long they take, in every worker, each in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import Metric

from neasmart_gateway.metrics import files
from neasmart_gateway.metrics.catalogue import BY_NAME, REQUEST_BOUNDS

_REQUESTS, _DURATION = "api_requests_total", "api_request_duration_seconds"


class Requests:
    """What this worker has answered; told together with what all others have.

    `folder` is where all of them count, which prometheus-client must have been told before it was first imported
    (PROMETHEUS_MULTIPROC_DIR); None: this process is the only one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        disable_created_metrics()  # which the files of several processes do not have either
        self.registry = CollectorRegistry()
        counted, measured = BY_NAME[_REQUESTS], BY_NAME[_DURATION]
        self._requests = Counter(_REQUESTS, counted.help, counted.labels, registry=self.registry)
        self._durations = Histogram(
            _DURATION, measured.help, measured.labels, buckets=REQUEST_BOUNDS, registry=self.registry
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """Count an answer; all but the time must be of few kinds, because each is kept for ever."""
        key = (method, endpoint, status)
        children = self._known.get(key)
        if children is None:  # to look a child up costs more than to count
            children = self._known[key] = (
                self._requests.labels(method, endpoint, str(status)),
                self._durations.labels(method, endpoint),
            )
        counter, histogram = children
        counter.inc()
        histogram.observe(seconds)

    def collect(self) -> Iterator[Metric]:
        """Return what all workers have counted since the gateway started, in whatever of them has our registry."""
        if self._folder is None:
            return iter(list(self.registry.collect()))
        return iter(files.added_up(self._folder))
