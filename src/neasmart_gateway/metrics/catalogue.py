"""Every metric by its name: what it means, and by which labels it is told apart. The documentation is made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

REQUEST_BOUNDS = (0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0)
TURNAROUND_BOUNDS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
COMMAND_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds: the upper ends of a histogram's buckets but the last."""

_REFUSED = ("illegal_function", "illegal_data_address", "illegal_data_value", "server_device_failure")
ERRORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "read": _REFUSED,
        "write": _REFUSED,
        "other": _REFUSED,
        "receive": ("bad_crc", "truncated", "noise", "not_modbus_tcp"),
        "answer": ("followed", "late"),
        "listen": ("cannot_open", "device_lost", "connection_refused"),
    }
)
"""What can go wrong on the bus, by operation: a request that we refused, bytes that were dropped, an answer that was
not given (others spoke behind the request, or it was too old), a way in that is not open."""

TOO_SLOW, NOT_READING = DROPS = ("too_slow", "not_reading")
"""Why event streams are dropped: their client is too many events behind, or has not taken a piece in time."""
RESTARTED, MOVED_ON, UNKNOWN_ID = GAPS = ("restarted", "moved_on", "unknown_id")
"""Why events are lost to a client: its id is of another life of the gateway, too old, or none of ours."""


ORDER_REFUSALS = ("retained", "late", "too_many", "invalid", "not_taken")
"""Why an order by MQTT changed nothing: the broker had stored it, it was late, one too many, made no sense, or none is
taken at present."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; counters are named with the `_total` that they are shown with."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


def _metrics(kind: Kind, prefix: str, labels: str, **helps: str) -> Iterator[Metric]:
    return (Metric(prefix + name, kind, tuple(labels.split()), text) for name, text in helps.items())


_UPDATED = "When the base station wrote it last (of several values: the oldest); stays when the values are gone."

CATALOGUE: tuple[Metric, ...] = (
    *_metrics(
        "counter", "", "method endpoint status",
        api_requests_total="HTTP requests answered, by route template; what is no route is unknown.",
    ),
    *_metrics(
        "histogram", "", "method endpoint",
        api_request_duration_seconds="Time from a request's head to its answer's; unknown as above.",
    ),
    *_metrics(
        "counter", "", "operation error_type",
        modbus_errors_total="Faults on the bus: refused requests, dropped bytes, answers not given, ways in not open.",
    ),
    *_metrics(
        "gauge", "", "",
        circuit_breaker_state="The breaker between HTTP workers and daemon: 0 closed, 1 open, 2 half-open.",
    ),
    *_metrics(
        "gauge", "neasmart_condensation_", "base zone name",
        dew_point_celsius="Dew point of the room's air; absent while stale, unknown, or without a humidity sensor.",
        margin_kelvin="How far the water that cools is above the dew point; absent while nothing cools, or unknown.",
    ),
    *_metrics(
        "gauge", "neasmart_condensation_", "",
        cooling="1 while water runs that is colder than the rooms it serves, else 0; absent while that is unknown.",
    ),
    *_metrics(
        "gauge", "neasmart_zone_", "base zone name",
        temperature_celsius="Room temperature; absent while stale or unknown.",
        setpoint_celsius="Wanted temperature as the base station has it; absent while stale, unknown or in standby.",
        humidity_ratio="Relative humidity, 0 to 1; absent while it or the room is stale, or without a sensor.",
        state="State: 1 normal, 2 reduced, 3 standby, 4 time program, 5 party, 6 holiday; absent while stale.",
        stale="1 while the zone's values are not live, or it was never heard of.",
        age_seconds="Since the zone was heard last; absent if never.",
        last_update_timestamp_seconds="When the zone was heard last; stays when its values are gone.",
    ),
    *_metrics(
        "gauge", "neasmart_", "",
        outside_temperature_celsius="Outside temperature; absent while stale or unknown.",
        outside_filtered_temperature_celsius="Outside temperature as the base station smooths it; absent while stale.",
        outside_last_update_timestamp_seconds=_UPDATED,
        operation_mode="1 auto, 2 heating, 3 cooling, 4 manual heating, 5 manual cooling; absent while stale.",
        operation_state="State of the house, numbered as that of a zone; absent while stale.",
        operation_last_update_timestamp_seconds=_UPDATED,
        notifications_last_update_timestamp_seconds=_UPDATED,
    ),
    *_metrics(
        "gauge", "neasmart_mixed_group_", "group",
        valve_opening_ratio="How far the mixing valve is open, 0 to 1; absent while stale.",
        pump_running="1 while the group's pump runs; absent while stale.",
        flow_temperature_celsius="Flow temperature; absent while stale.",
        return_temperature_celsius="Return temperature; absent while stale.",
        last_update_timestamp_seconds=_UPDATED,
    ),
    *_metrics(
        "gauge", "neasmart_pump_", "pump",
        running="1 while it runs; absent while stale.",
        last_update_timestamp_seconds=_UPDATED,
    ),
    *_metrics(
        "gauge", "neasmart_dehumidifier_", "dehumidifier",
        running="1 while it runs; absent while stale.",
        last_update_timestamp_seconds=_UPDATED,
    ),
    *_metrics(
        "gauge", "neasmart_notification_", "kind",
        active="1 while the base station has an error, warning or hint; absent while stale.",
    ),
    *_metrics(
        "counter", "neasmart_bus_", "listener verdict",
        frames_total="Frames heard, by what they were; those of verdict request are the base station's for us.",
    ),
    *_metrics(
        "histogram", "neasmart_bus_", "listener",
        turnaround_seconds="From the last byte of a request to our answer.",
    ),
    *_metrics(
        "gauge", "neasmart_bus_", "",
        silent="1 while the base station has written nothing for the stale limit, or never.",
        last_frame_timestamp_seconds="When the last valid frame for us came.",
        last_write_timestamp_seconds="When the base station last wrote a register.",
        two_base_stations="1 while two base stations write into the same registers; absent without daemon.",
    ),
    *_metrics(
        "gauge", "neasmart_bus_", "listener type",
        listener_up="1 while the way in is open; absent without daemon.",
    ),
    *_metrics("counter", "neasmart_", "state", commands_total="Commands that came to their end, by final state."),
    *_metrics(
        "histogram", "neasmart_command_", "",
        delivery_seconds="From a command's acceptance until the base station has read it.",
        confirmation_seconds="From a command's acceptance until the base station has confirmed it.",
    ),
    *_metrics(
        "gauge", "neasmart_", "",
        commands_open="Registers with a command that is still open; absent without daemon.",
        fights_active="Registers that a client and the base station fight over at present; absent without daemon.",
    ),
    *_metrics("counter", "neasmart_", "", fights_total="Fights over a register that have begun."),
    *_metrics(
        "gauge", "neasmart_store_", "mode",
        mode="1 for the mode of the store, sqlite or memory; absent without daemon.",
    ),
    *_metrics(
        "gauge", "neasmart_store_", "",
        last_flush_timestamp_seconds="When changes were last written down; absent before, and without daemon.",
        waiting="Registers and rows that wait to be written down; absent without daemon.",
    ),
    *_metrics(
        "counter", "neasmart_store_", "",
        flushes_total="Batches written down.",
        failures_total="Times that the database could not be used.",
        written_bytes_total="Bytes that the daemon gave to disks, as the kernel counts them; read with each flush.",
        dropped_rows_total="Commands and changes that were never written down, because too many waited.",
    ),
    *_metrics(
        "counter", "neasmart_", "kind",
        api_limited_total="Requests refused because their caller had used up a limit, reads or commands.",
    ),
    *_metrics(
        "counter", "neasmart_", "event",
        security_events_total="Who was let in or refused, as in /api/v1/security/stats.",
    ),
    *_metrics("gauge", "neasmart_", "", event_streams="Event streams that are open."),
    *_metrics(
        "counter", "neasmart_", "reason",
        event_streams_dropped_total="Event streams ended because their client does not read, see docs/events.md.",
        event_gaps_total="Times that a client of an event stream was told that events are lost to it.",
    ),
    *_metrics(
        "gauge", "neasmart_health_", "",
        score="0 to 100, as in /api/v1/health.",
    ),
    *_metrics(
        "gauge", "neasmart_health_", "condition",
        condition="1 for healthy, degraded or unhealthy, whichever it is.",
    ),
    *_metrics(
        "gauge", "neasmart_", "component kind",
        component_severity="0 ok, 1 degraded, 2 failed, as in /api/v1/health.",
    ),
    *_metrics(
        "gauge", "neasmart_mqtt_", "",
        connected="1 while the MQTT broker is connected; absent without one in the settings, and without daemon.",
    ),
    *_metrics(
        "counter", "neasmart_mqtt_", "",
        connections_total="Connections to the MQTT broker that were made: the first, and every one after a loss.",
        published_total="Messages sent to the MQTT broker.",
        received_total="Messages that came from it.",
    ),
    *_metrics("counter", "neasmart_mqtt_", "reason", refused_total="Orders by MQTT that changed nothing, by reason."),
    *_metrics(
        "gauge", "neasmart_", "",
        daemon_up="1 while the daemon is at work.",
        daemon_start_timestamp_seconds="When the daemon at work started; absent without it.",
        disk_free_bytes="Room left where the database lies; absent until measured, and without daemon.",
        disk_size_bytes="Size of that file system.",
    ),
    *_metrics(
        "counter", "neasmart_", "",
        daemon_starts_total="Times that a daemon has begun its work in this gateway.",
    ),
    *_metrics("gauge", "neasmart_", "version", build_info="Always 1; the label tells the version."),
)  # fmt: skip

BY_NAME: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in CATALOGUE})
