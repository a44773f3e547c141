"""How the gateway itself is: bus, commands, store, health, limits, from the shared memory alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.domain.components import Severity, condition, judge
from neasmart_gateway.domain.score import score
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.metrics import meters
from neasmart_gateway.metrics.catalogue import ERRORS, ORDER_REFUSALS
from neasmart_gateway.metrics.sheet import Sheet, ends
from neasmart_gateway.shm.breaker import STATES
from neasmart_gateway.shm.counters import Name
from neasmart_gateway.shm.facts import gather
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.shm.status import Status

PREFIXES = (
    "modbus_", "circuit_breaker_", "neasmart_bus_", "neasmart_command", "neasmart_fights", "neasmart_store_",
    "neasmart_api_", "neasmart_security_", "neasmart_health_", "neasmart_component_", "neasmart_daemon_",
    "neasmart_disk_", "neasmart_build_", "neasmart_mqtt_",
)  # fmt: skip
_LIMITED = "limited_"
_SEVERITIES = tuple(Severity)
_CONDITIONS = ("healthy", "degraded", "unhealthy")
_MODES = ("sqlite", "memory")
_SINGLE = (
    meters.FIGHTS, meters.DAEMON_STARTS, meters.FLUSHES, meters.STORE_FAILURES, meters.WRITTEN_BYTES,
    meters.DROPPED_ROWS, meters.MQTT_CONNECTIONS, meters.MQTT_PUBLISHED, meters.MQTT_RECEIVED,
)  # fmt: skip


class GatewayItself:
    """Looks at the shared memory whenever it is asked.

    `freshness` gives what is needed to judge ages at this moment; `listeners` are the names of the ways in, and
    `verdicts` those of frames.
    """

    def __init__(
        self, memory: SharedMemory, freshness: Callable[[], Freshness], version: str,
        listeners: Sequence[str] = (), verdicts: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._memory, self._freshness, self._version = memory, freshness, version
        self._listeners, self._verdicts = listeners, verdicts

    def sheet(self) -> Sheet:
        """Return all of it as it is now."""
        sheet, freshness = Sheet(*PREFIXES), self._freshness()
        status = self._status() if freshness.daemon_alive else {}
        self._counted(sheet, self._memory.counters.read())
        self._judged(sheet, freshness, status)
        self._times(sheet, freshness)
        for name, count in self._memory.tally.read().items():
            if name.startswith(_LIMITED):
                sheet.put("neasmart_api_limited_total", count, name.removeprefix(_LIMITED))
            else:
                sheet.put("neasmart_security_events_total", count, name)
        sheet.put("circuit_breaker_state", STATES.index(self._memory.breaker.state))
        sheet.put("neasmart_build_info", 1, self._version)
        if status:
            _reported(sheet, status)
        return sheet

    def _counted(self, sheet: Sheet, counts: Mapping[Name, float]) -> None:
        """Tell what the daemon has counted; every label set is there from the beginning."""
        for operation, kinds in ERRORS.items():
            for kind in kinds:
                name = (meters.MODBUS_ERRORS, operation, kind)
                sheet.put(*name[:1], counts.get(name, 0.0), *name[1:])
        for listener in self._listeners:
            for verdict in self._verdicts:
                sheet.put(meters.FRAMES, counts.get((meters.FRAMES, listener, verdict), 0.0), listener, verdict)
            _spread(sheet, counts, meters.TURNAROUND, listener)
        for state in (one for one in CommandState if one.is_final):
            sheet.put(meters.COMMANDS, counts.get((meters.COMMANDS, state), 0.0), state)
        _spread(sheet, counts, meters.DELIVERY)
        _spread(sheet, counts, meters.CONFIRMATION)
        for reason in ORDER_REFUSALS:
            sheet.put(meters.MQTT_REFUSED, counts.get((meters.MQTT_REFUSED, reason), 0.0), reason)
        for single in _SINGLE:
            sheet.put(single, counts.get((single,), 0.0))

    def _judged(self, sheet: Sheet, freshness: Freshness, status: Status) -> None:
        components = judge(gather(self._memory, status, freshness))
        sheet.put("neasmart_health_score", score(components).value)
        now = condition(components)
        for one in _CONDITIONS:
            sheet.put("neasmart_health_condition", one == now, one)
        for part in components:
            sheet.put("neasmart_component_severity", _SEVERITIES.index(part.severity), part.name, part.kind)
        sheet.put("neasmart_daemon_up", bool(status))

    def _times(self, sheet: Sheet, freshness: Freshness) -> None:
        header = self._memory.header
        sheet.put("neasmart_bus_silent", freshness.bus_silent)
        for name, moment in (("frame", header.last_frame), ("write", header.last_bus_write)):
            at = None if moment is None else moment + header.wall_offset
            sheet.put(f"neasmart_bus_last_{name}_timestamp_seconds", at)

    def _status(self) -> Status:
        """Return the report of the daemon at work; that of a dead one is no news."""
        status = self._memory.status.read()
        return status if status.get("instance") == self._memory.header.instance else {}


def _reported(sheet: Sheet, status: Mapping[str, Any]) -> None:
    """Tell what the daemon says of itself."""
    database, disk = status.get("database", {}), status.get("disk") or {}
    sheet.put("neasmart_daemon_start_timestamp_seconds", status.get("started_at"))
    sheet.put("neasmart_bus_two_base_stations", bool(status.get("two_peers")))
    sheet.put("neasmart_commands_open", status.get("pending_registers"))
    sheet.put("neasmart_fights_active", len(status.get("fights", ())))
    for mode in _MODES:
        sheet.put("neasmart_store_mode", database.get("mode") == mode, mode)
    sheet.put("neasmart_store_last_flush_timestamp_seconds", database.get("flushed_at"))
    sheet.put("neasmart_store_waiting", database.get("waiting_registers", 0) + database.get("waiting_rows", 0))
    sheet.put("neasmart_disk_free_bytes", disk.get("free"))
    sheet.put("neasmart_disk_size_bytes", disk.get("total"))
    if mqtt := status.get("mqtt"):
        sheet.put("neasmart_mqtt_connected", mqtt["state"] == "connected")
    for listener in status.get("listeners", ()):
        up = listener["state"] == "listening"
        sheet.put("neasmart_bus_listener_up", up, listener["name"], listener["type"])


def _spread(sheet: Sheet, counts: Mapping[Name, float], name: str, *labels: str) -> None:
    upper = ends(meters.BOUNDS[name])
    buckets = {end: counts.get((name, *labels, str(n)), 0.0) for n, end in enumerate(upper)}
    sheet.spread(name, buckets, counts.get((name, *labels, meters.SUM), 0.0), *labels)
