"""What the house is like, from the shared image alone: zones and plant. What is not live is not told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from neasmart_gateway.domain.plant import Unit, count_of, decode_unit
from neasmart_gateway.domain.readings import Reading
from neasmart_gateway.domain.registers import rows_of
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.structures import Structures
from neasmart_gateway.domain.zones import Zone, ZoneRef, decode_zone
from neasmart_gateway.metrics.sheet import Sheet
from neasmart_gateway.shm.memory import SharedMemory

PREFIXES = tuple(
    f"neasmart_{thing}_"
    for thing in (
        "zone",
        "outside",
        "operation",
        "notification",
        "notifications",
        "mixed_group",
        "pump",
        "dehumidifier",
    )
)
_ZONE, _UPDATED = "neasmart_zone_", "last_update_timestamp_seconds"
_PERCENT = 100.0

_FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "outside": {
            "temperature": "neasmart_outside_temperature_celsius",
            "filtered_temperature": "neasmart_outside_filtered_temperature_celsius",
        },
        "operation": {"mode": "neasmart_operation_mode", "state": "neasmart_operation_state"},
        "mixed_group": {
            "valve_opening": "neasmart_mixed_group_valve_opening_ratio",
            "pump": "neasmart_mixed_group_pump_running",
            "flow_temperature": "neasmart_mixed_group_flow_temperature_celsius",
            "return_temperature": "neasmart_mixed_group_return_temperature_celsius",
        },
        "pump": {"running": "neasmart_pump_running"},
        "dehumidifier": {"running": "neasmart_dehumidifier_running"},
        "notifications": {},
    }
)
"""Group → field → metric."""


class House:
    """Looks at the shared image whenever it is asked; no call, no SQL.

    `freshness` gives what is needed to judge ages at this moment.
    """

    def __init__(self, memory: SharedMemory, structures: Structures, freshness: Callable[[], Freshness]) -> None:
        self._memory, self._structures, self._freshness = memory, structures, freshness

    def sheet(self) -> Sheet:
        """Return all of it as it is now."""
        sheet, freshness = Sheet(*PREFIXES), self._freshness()
        for ref in ZoneRef.every():
            self._zone(sheet, ref, freshness)
        for group in _FIELDS:
            for number in range(1, count_of(group) + 1):
                self._unit(sheet, group, number, freshness)
        return sheet

    def _zone(self, sheet: Sheet, ref: ZoneRef, freshness: Freshness) -> None:
        block = self._memory.reader.block(ref.state_address)
        zone = decode_zone(ref, block)
        if not zone.heard and ref not in self._structures.zones:
            return
        labels = (ref.base, ref.zone, self._structures.label(ref))
        stale = not block.consistent or freshness.zone_is_stale(zone)
        sheet.put(f"{_ZONE}stale", stale, *labels)
        sheet.put(f"{_ZONE}age_seconds", None if zone.heard_at is None else freshness.now - zone.heard_at, *labels)
        sheet.put(_ZONE + _UPDATED, self._unix(zone.heard_at), *labels)
        if not stale:
            _live_zone(sheet, zone, labels)
            if not freshness.humidity_is_stale(zone):
                sheet.put(f"{_ZONE}humidity_ratio", _number(zone.relative_humidity, _PERCENT), *labels)

    def _unit(self, sheet: Sheet, group: str, number: int, freshness: Freshness) -> None:
        block = self._memory.reader.block(rows_of(group)[0].start)
        unit = decode_unit(group, number, block)
        labels = (number,) if count_of(group) > 1 else ()
        sheet.put(f"neasmart_{group}_{_UPDATED}", self._unix(unit.heard_at), *labels)
        if not block.consistent or freshness.unit_is_stale(unit):
            return
        for field, name in _FIELDS[group].items():
            scale = _PERCENT if name.endswith("_ratio") else 1.0
            sheet.put(name, _number(unit.fields[field], scale), *labels)
        if group == "notifications":
            _flags(sheet, unit)

    def _unix(self, moment: float | None) -> float | None:
        offset = self._memory.header.wall_offset
        return None if moment is None or not offset else moment + offset


def _live_zone(sheet: Sheet, zone: Zone, labels: tuple[object, ...]) -> None:
    sheet.put(f"{_ZONE}temperature_celsius", zone.temperature.value, *labels)
    sheet.put(f"{_ZONE}setpoint_celsius", zone.setpoint.value, *labels)
    sheet.put(f"{_ZONE}state", zone.state.value, *labels)


def _flags(sheet: Sheet, unit: Unit) -> None:
    for kind, reading in unit.fields.items():
        sheet.put("neasmart_notification_active", _number(reading), kind)


def _number(reading: Reading[object], scale: float = 1.0) -> float | None:
    """Return a value as a number, divided by what its whole is; None when there is none."""
    value = reading.value
    return float(value) / scale if isinstance(value, int | float) else None
