"""What of a house Home Assistant gets entities for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from neasmart_gateway.domain.structures import Structures
from neasmart_gateway.domain.zones import ZoneRef


@dataclass(frozen=True, slots=True)
class Room:
    """One zone, and the name that people know it by; no two rooms of a house have the same."""

    ref: ZoneRef
    name: str


@dataclass(frozen=True, slots=True)
class House:
    """Rooms in address order; mixed groups, pumps and dehumidifiers by their numbers (from 1)."""

    rooms: tuple[Room, ...]
    mixed_groups: tuple[int, ...] = ()
    pumps: tuple[int, ...] = ()
    dehumidifiers: tuple[int, ...] = ()
    outside: bool = True
    notifications: bool = True

    @classmethod
    def learned(cls, topology: Mapping[str, Any]) -> Self:
        """Return the house as GET /topology tells it."""
        return cls(
            rooms=_rooms((ZoneRef(zone["base"], zone["zone"]), zone["label"]) for zone in topology["zones"]),
            mixed_groups=_ids(topology["mixed_groups"]),
            pumps=_ids(topology["pumps"]),
            dehumidifiers=_ids(topology["dehumidifiers"]),
            outside=topology["outside"] is not None,
            notifications=topology["notifications"] is not None,
        )

    @classmethod
    def configured(cls, structures: Structures) -> Self:
        """Return the house as the settings have it; they know nothing of pumps and dehumidifiers."""
        zones = structures.zones
        groups = {plan.mixed_group for plan in zones.values() if plan.mixed_group is not None}
        return cls(_rooms((ref, structures.label(ref)) for ref in sorted(zones)), tuple(sorted(groups)))


def _ids(things: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    return tuple(one["id"] for one in things)


def _rooms(labelled: Iterable[tuple[ZoneRef, str]]) -> tuple[Room, ...]:
    """Return rooms with names of one line; those with the same one carry their numbers behind it."""
    found = [(ref, " ".join(label.split())) for ref, label in labelled]
    often = Counter(label for _, label in found)
    return tuple(Room(ref, label if often[label] == 1 else f"{label} ({ref.base}.{ref.zone})") for ref, label in found)
