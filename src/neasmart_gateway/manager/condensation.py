"""What the shared image says of condensation: zones and mixed groups, each read once, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from neasmart_gateway.domain.condensation import Condensation, Flow, Room, Verdict, judge
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
    judged = judge([_room(view) for view in zones], [_flow(view) for view in groups if view.unit.heard])
    return Advice(judged, list(zip(zones, judged.zones, strict=True)))


def _room(view: ZoneView) -> Room:
    zone = view.zone
    return Room(
        ref=zone.ref,
        temperature=zone.temperature,
        relative_humidity=zone.relative_humidity,
        mixed_group=view.mixed_group,
        live=not view.stale,
        humidity_live=not view.humidity_stale,
    )


def _flow(view: UnitView) -> Flow:
    pump, celsius = view.unit.fields["pump"].value, view.unit.fields["flow_temperature"].value
    live = not view.stale
    return Flow(
        group=view.unit.number,
        pump=pump if live and isinstance(pump, bool) else None,
        celsius=celsius if live and isinstance(celsius, float) else None,
    )
