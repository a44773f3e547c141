"""What is published of zones and bases: values while they are live, null when not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from neasmart_gateway.domain.condensation import Verdict
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.plant import Unit
from neasmart_gateway.domain.readings import Reading
from neasmart_gateway.domain.zones import Zone
from neasmart_gateway.mqtt.discovery import Part, rows
from neasmart_gateway.mqtt.season import Season

T = TypeVar("T")
State = dict[str, bool | float | str | None]


@dataclass(frozen=True, slots=True)
class Told:
    """A thing of the plant and whether it is live."""

    unit: Unit
    live: bool


@dataclass(frozen=True, slots=True)
class Room:
    """A zone, whether it and its humidity are live, and what its dew point means."""

    zone: Zone
    verdict: Verdict
    live: bool
    humidity_live: bool


def zone_state(room: Room, season: Season, outcome: str | None) -> State:
    """Return a zone's state: what is desired while a command is open, else what the base reports."""
    zone, live = room.zone, room.live
    state = _shown(zone.desired_state, zone.state, live=live)
    return {
        "mode": None if state is None else hvac_mode(state, season),
        "preset": None if state is None else state.label,
        "setpoint": _number(_shown(zone.desired_setpoint, zone.setpoint, live=live)),
        "temperature": _number(_shown(None, zone.temperature, live=live)),
        "humidity": _shown(None, zone.relative_humidity, live=room.humidity_live),
        "dew_point": _number(room.verdict.dew_point.value),
        "condensation_margin": _number(room.verdict.margin.value),
        "command_pending": bool(zone.receipts),
        "command_outcome": outcome,
    }


def hvac_mode(state: OperatingState, season: Season) -> str:
    """Return a zone's state in Home Assistant's words; a zone has no other modes than these three."""
    if state is OperatingState.STANDBY:
        return "off"
    return "auto" if state is OperatingState.TIME_PROGRAM else season.value


def plant_state(operation: Told, parts: Mapping[Part, Told], outcome: str | None, *, bus_alive: bool) -> State:
    """Return the state of base 1, on which stands what there is one of in the house."""
    registers = {
        key: _plain(parts[row.group, n], row.field) for row, key, n in rows() if (row.group, n) in parts
    }  # fmt: skip
    return {
        "bus_alive": bus_alive,
        "mode": _label(operation, "mode"),
        "state": _label(operation, "state"),
        **registers,
        "command_pending": bool(operation.unit.receipts),
        "command_outcome": outcome,
    }


def _plain(told: Told, field: str) -> bool | float | None:
    value = told.unit.fields[field].value if told.live else None
    return _number(value) if isinstance(value, float) else value  # type: ignore[return-value] # bool or whole percent


def _label(operation: Told, field: str) -> str | None:
    desired = operation.unit.desired.get(field)
    value = operation.unit.fields[field].value if desired is None and operation.live else desired
    return value.label if isinstance(value, OperatingMode | OperatingState) else None


def _shown(desired: T | None, reported: Reading[T], *, live: bool) -> T | None:
    if desired is not None:
        return desired
    return reported.value if live else None


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
