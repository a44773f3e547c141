"""What the operator has told about the house: bases, zones, their labels, and which mixed group feeds a zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from neasmart_gateway.domain.zones import ZoneRef


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """One configured zone; `mixed_group` is 1–3, None when nobody said."""

    label: str
    mixed_group: int | None = None


@dataclass(frozen=True, slots=True)
class Structures:
    """Labels by base and zone; what is not configured gets a plain name."""

    base_labels: Mapping[int, str] = field(default_factory=dict)
    zones: Mapping[ZoneRef, ZonePlan] = field(default_factory=dict)

    def label(self, ref: ZoneRef) -> str:
        plan = self.zones.get(ref)
        return plan.label if plan else f"Zone {ref.base}.{ref.zone}"

    def base_label(self, base: int) -> str:
        return self.base_labels.get(base, f"Base {base}")
