"""How the daemon counts: numbers in shared memory, under the names of the metrics that they become."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from neasmart_gateway.metrics.catalogue import COMMAND_BOUNDS, ERRORS, TURNAROUND_BOUNDS
from neasmart_gateway.shm.counters import Counter, Counters

FRAMES, TURNAROUND, MODBUS_ERRORS = (
    "neasmart_bus_frames_total",
    "neasmart_bus_turnaround_seconds",
    "modbus_errors_total",
)
COMMANDS = "neasmart_commands_total"
DELIVERY, CONFIRMATION = "neasmart_command_delivery_seconds", "neasmart_command_confirmation_seconds"
FIGHTS, DAEMON_STARTS = "neasmart_fights_total", "neasmart_daemon_starts_total"
FLUSHES, STORE_FAILURES = "neasmart_store_flushes_total", "neasmart_store_failures_total"
WRITTEN_BYTES, DROPPED_ROWS = "neasmart_store_written_bytes_total", "neasmart_store_dropped_rows_total"
MQTT_CONNECTIONS, MQTT_PUBLISHED, MQTT_RECEIVED, MQTT_REFUSED = (
    "neasmart_mqtt_connections_total",
    "neasmart_mqtt_published_total",
    "neasmart_mqtt_received_total",
    "neasmart_mqtt_refused_total",
)

BOUNDS: Mapping[str, tuple[float, ...]] = {
    TURNAROUND: TURNAROUND_BOUNDS, DELIVERY: COMMAND_BOUNDS, CONFIRMATION: COMMAND_BOUNDS,
}  # fmt: skip
SUM = "sum"


class Histogram:
    """Counts observations by bucket, and their sum; a part of the name for each, "0" being the first bucket."""

    def __init__(self, counters: Counters, name: str, *labels: str) -> None:
        self._bounds = BOUNDS[name]
        self._buckets = [counters.counter(name, *labels, str(n)) for n in range(len(self._bounds) + 1)]
        self._sum = counters.counter(name, *labels, SUM)

    def observe(self, value: float) -> None:
        self._buckets[bisect_left(self._bounds, value)].add()
        self._sum.add(value)


class Errors:
    """Counts what goes wrong on the bus."""

    def __init__(self, counters: Counters) -> None:
        self._counters: Mapping[tuple[str, str], Counter] = {
            (operation, kind): counters.counter(MODBUS_ERRORS, operation, kind)
            for operation, kinds in ERRORS.items()
            for kind in kinds
        }

    def add(self, operation: str, error_type: str) -> None:
        """Count one more; KeyError for one that the catalogue does not know."""
        self._counters[operation, error_type].add()


class Follower:
    """Counts what another counter, which begins at 0 with this process, has grown by."""

    def __init__(self, counters: Counters, name: str) -> None:
        self._counter = counters.counter(name)
        self._seen = 0.0

    def follow(self, value: float) -> None:
        self._counter.add(max(0.0, value - self._seen))
        self._seen = value
