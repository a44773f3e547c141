"""How far the cooling water is from each room's dew point."""

from __future__ import annotations

from typing import Annotated

from neasmart_gateway.api.schema import Answer, about, stamp
from neasmart_gateway.api.v1.models.parts import Stale, UpdatedAt
from neasmart_gateway.domain.condensation import Known, Risk, Verdict, Why
from neasmart_gateway.manager.condensation import Advice
from neasmart_gateway.manager.views import ZoneView

_WHYS = f"For each field that is null, why: {', '.join(Why)}."
RiskName = Annotated[
    Risk,
    about(
        "possible (margin of 0 K or less), near (below 2 K), unknown, none (2 K or more, or not cooling).",
        "near",
    ),
]
Whys = Annotated[dict[str, Why], about(_WHYS, {"margin": "not_cooling"})]


class ZoneCondensation(Answer):
    """One zone's air, and the water that it is held against."""

    base: Annotated[int, about("The base station, 1 to 5.", 1)]
    zone: Annotated[int, about("The zone on that base, 1 to 12.", 1)]
    base_label: Annotated[str, about("The base's name.", "Ground floor")]
    label: Annotated[str, about("The zone's name.", "Living room")]
    dew_point: Annotated[float | None, about("At what temperature its air condenses.", 16.7, "°C")]
    margin: Annotated[float | None, about("Flow temperature minus dew point, while cooling.", 1.3, "K")]
    risk: RiskName
    cooling: Annotated[bool | None, about("Water runs 1 K or more below its coldest room; null: not known.", True)]
    mixed_group: Annotated[int | None, about("Whose water it is held against; null: none that runs is known.", 1)]
    flow_temperature: Annotated[float | None, about("Of that water; null: it is not known to run.", 18.0, "°C")]
    stale: Stale
    updated_at: UpdatedAt
    reasons: Whys

    @classmethod
    def of(cls, view: ZoneView, verdict: Verdict) -> ZoneCondensation:
        circuit = verdict.circuit
        return cls(
            base=verdict.ref.base,
            zone=verdict.ref.zone,
            base_label=view.base_label,
            label=view.label,
            dew_point=_rounded(verdict.dew_point.value),
            margin=_rounded(verdict.margin.value),
            risk=verdict.risk,
            cooling=circuit.cooling,
            mixed_group=circuit.group,
            flow_temperature=circuit.celsius,
            stale=view.stale,
            updated_at=stamp(view.updated_at),
            reasons=_whys(dew_point=verdict.dew_point, margin=verdict.margin),
        )


class Condensation(Answer):
    """The house: whether it cools, its lowest margin, its worst risk, and every zone."""

    cooling: Annotated[bool | None, about("Some mixed group cools; null: that cannot be told.", True)]
    lowest_margin: Annotated[float | None, about("The lowest margin of all zones.", 1.3, "K")]
    risk: RiskName
    reasons: Whys
    zones: Annotated[list[ZoneCondensation], about("Zones that are configured or were heard of.", [])]

    @classmethod
    def of(cls, advice: Advice) -> Condensation:
        house = advice.house
        return cls(
            cooling=house.cooling,
            lowest_margin=_rounded(house.lowest_margin.value),
            risk=house.risk,
            reasons=_whys(lowest_margin=house.lowest_margin),
            zones=[ZoneCondensation.of(view, verdict) for view, verdict in advice.zones],
        )


def _rounded(value: float | None) -> float | None:
    """Return hundredths: the sensors know no more."""
    return None if value is None else round(value, 2)


def _whys(**known: Known) -> dict[str, Why]:
    return {field: one.why for field, one in known.items() if one.why is not None}
