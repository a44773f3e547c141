"""What the shared image says of condensation: zones and mixed groups, each read once, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from neasmart_gateway.domain.condensation import Condensation, Verdict, flow_of, judge, room_of
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.manager.views import UnitView, ZoneView


@dataclass(frozen=True, slots=True)
class Advice:
    """The judgement of the house, and each zone beside its own."""

    house: Condensation
    zones: Sequence[tuple[ZoneView, Verdict]]

    @property
    def told(self) -> tuple[bool | None, Iterator[tuple[ZoneRef, str, float | None, float | None]]]:
        """Whether the house is cooled, and each zone with its label, dew point (°C) and margin (K), None if unknown."""
        rooms = ((one.ref, view.label, one.dew_point.value, one.margin.value) for view, one in self.zones)
        return self.house.cooling, rooms


def advise(zones: Sequence[ZoneView], groups: Sequence[UnitView]) -> Advice:
    """Judge what was read; a mixed group that was never heard of is one that the house does not have."""
    rooms = [
        room_of(view.zone, view.mixed_group, live=not view.stale, humidity_live=not view.humidity_stale)
        for view in zones
    ]
    judged = judge(rooms, [flow_of(view.unit, live=not view.stale) for view in groups if view.unit.heard])
    return Advice(judged, list(zip(zones, judged.zones, strict=True)))
