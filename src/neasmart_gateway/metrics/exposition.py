"""Everything there is to tell, as one text, in the format that the scraper prefers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from neasmart_gateway.metrics.requests import Requests
from neasmart_gateway.metrics.streams import Streams

TEXT, OPENMETRICS = "text/plain", "application/openmetrics-text"
MEDIA = (TEXT, OPENMETRICS)
Source = Callable[[], Iterable[Metric]]


class Metrics(Collector):
    """Counts requests and event streams, and tells them together with what `sources` find when they are asked."""

    def __init__(self, requests: Requests, sources: Sequence[Source] = ()) -> None:
        self.requests = requests
        self.streams = Streams(requests.registry)
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, as it is now."""
        yield from self.requests.collect()
        for source in self._sources:
            yield from source()

    def told(self, media: str) -> tuple[bytes, str]:
        """Return the text in one of MEDIA, and its type in full."""
        if media == OPENMETRICS:
            return openmetrics.generate_latest(self, version="1.0.0"), openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self), CONTENT_TYPE_PLAIN_0_0_4
