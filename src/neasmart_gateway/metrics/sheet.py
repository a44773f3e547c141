"""A sheet that values are written on, metric by metric, for one scrape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from neasmart_gateway.metrics import catalogue

Family = GaugeMetricFamily | CounterMetricFamily | HistogramMetricFamily


class Sheet:
    """Holds the metrics that these names begin with, all of them told even if nothing is written on one."""

    def __init__(self, *prefixes: str) -> None:
        chosen = [one for one in catalogue.CATALOGUE if one.name.startswith(prefixes)]
        self._families: Mapping[str, Family] = {one.name: _family(one) for one in chosen}

    def put(self, name: str, value: float | None, *labels: object) -> None:
        """Write a value of a gauge or counter; None is none."""
        if value is not None:
            family = self._families[name]
            assert not isinstance(family, HistogramMetricFamily)  # noqa: S101 - a name of the wrong kind is a fault of ours
            family.add_metric([str(label) for label in labels], float(value))

    def spread(self, name: str, counts: Mapping[str, float], total: float, *labels: object) -> None:
        """Write a histogram: `counts` by upper end as it is written, ascending, and the sum of what was observed."""
        family = self._families[name]
        assert isinstance(family, HistogramMetricFamily)  # noqa: S101
        buckets = list(zip(counts, accumulate(counts.values()), strict=True))
        family.add_metric([str(label) for label in labels], buckets, total)

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._families.values())


def ends(bounds: tuple[float, ...]) -> tuple[str, ...]:
    """Return the upper ends of a histogram's buckets as they are written, the last one included."""
    return tuple(floatToGoString(bound) for bound in (*bounds, float("inf")))


def _family(metric: catalogue.Metric) -> Family:
    if metric.kind == "histogram":
        return HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    return kind(metric.name, metric.help, labels=metric.labels)
