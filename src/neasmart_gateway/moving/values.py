"""The values of a house by name, as one gateway shows them, in words that both have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from neasmart_gateway.domain.modes import OperatingMode, OperatingState

Value = float | int | str | bool | None
Values = dict[str, Value]
"""By name: "zone 1.2 temperature", "operation mode", "mixed group 1 pump"."""

_LARGEST = 2**53
"""Whole numbers beyond are no values of a heating; some do not even fit into a float."""

Zones = list[tuple[int, int]]
"""(base, zone) of each."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value of ours: whether it is stale, why it is null, and when it was last heard, None: never."""

    value: Value
    stale: bool
    reason: str | None
    heard_at: str | None


def of_snapshot(snapshot: Mapping[str, Any]) -> dict[str, Shown]:
    """Return what GET /api/v1/snapshot shows, by name."""
    return dict(_shown(snapshot))


def zones_of(snapshot: Mapping[str, Any]) -> Zones:
    """Return the zones that a snapshot shows."""
    return [(zone["base"], zone["zone"]) for zone in snapshot["zones"]]


_FIELDS = {
    "operation": ("mode", "state"),
    "outside": ("temperature", "filtered_temperature"),
    "notifications": ("error", "warning", "hint"),
    "mixed_group": ("valve_opening", "pump", "flow_temperature", "return_temperature"),
    "pump": ("running",),
    "dehumidifier": ("running",),
    "zone": ("state", "setpoint", "temperature", "relative_humidity"),
}


def named(thing: str, field: str) -> str:
    """Return the name of a value: "zone 1.2", "relative_humidity" → "zone 1.2 relative humidity"."""
    return f"{thing} {field}".replace("_", " ")


def _shown(snapshot: Mapping[str, Any]) -> Iterator[tuple[str, Shown]]:
    for zone in snapshot["zones"]:
        yield from _of(f"zone {zone['base']}.{zone['zone']}", "zone", zone)
    for thing, key in (
        ("operation", "operation"), ("outside", "outside_temperature"), ("notifications", "notifications")
    ):  # fmt: skip
        yield from _of(thing, thing, snapshot[key])
    for group, key in (("mixed_group", "mixed_groups"), ("pump", "pumps"), ("dehumidifier", "dehumidifiers")):
        for one in snapshot[key]:
            yield from _of(f"{group} {one['id']}", group, one)


def _of(thing: str, group: str, shown: Mapping[str, Any]) -> Iterator[tuple[str, Shown]]:
    for field in _FIELDS[group]:
        found = Shown(shown[field], shown["stale"], shown["reasons"].get(field), shown["updated_at"])
        yield named(thing, field), found


# What older gateways say, in our words. What is not understood stays as it is, and so shows up as a difference.

_NAMES_OF_STATES = {
    "normal": "normal", "presence": "normal", "reduced": "reduced", "away": "reduced", "standby": "standby",
    "time program": "time_program", "scheduled": "time_program", "auto": "time_program", "party": "party",
    "holiday": "holiday", "absence": "holiday", "off": None,
}  # fmt: skip
_NAMES_OF_MODES = {label.replace("_", " "): label for label in OperatingMode.labels()} | {"off": None}


def state(value: object) -> Value:
    """Return an operating state by its name; None for 0 and "off", which override nothing."""
    return _member(value, OperatingState, _NAMES_OF_STATES)


def mode(value: object) -> Value:
    """Return an operating mode by its name; None for 0 and "off"."""
    return _member(value, OperatingMode, _NAMES_OF_MODES)


def _member(
    value: object, members: type[OperatingMode] | type[OperatingState], names: Mapping[str, str | None]
) -> Value:
    if isinstance(value, str):
        return names.get(" ".join(value.lower().replace("_", " ").replace("-", " ").split()), value)
    if _is_word(value):
        number = value & 0xFF  # the old gateways show the whole word, and the rest of it means something else
        known = {int(member): member.label for member in members} | {0: None}
        return known.get(number, value)
    return plain(value)


def number(value: object) -> Value:
    """Return a number, which may stand as {"value": number}; whole numbers of a word by their low byte."""
    return plain(value.get("value") if isinstance(value, dict) else value)


def low_byte(value: object) -> Value:
    """Return a percentage: the old gateways show the whole word."""
    found = number(value)
    return found & 0xFF if _is_word(found) else found


def flag(value: object) -> Value:
    """Return whether something is on: bit 0 of a number."""
    found = number(value)
    return bool(found & 1) if _is_word(found) else found


def plain(value: object) -> Value:
    """Return a value that can be compared, whatever was sent."""
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)[:60]
    return value if value is None or isinstance(value, float | int | bool) else str(value)[:60]


def _is_word(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 0x10000
