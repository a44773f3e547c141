"""What the base station reports of the plant around the zones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from neasmart_gateway.api.schema import Answer, about
from neasmart_gateway.api.v1.models.parts import Count, NumberedAnswer, Reasons, Stale, UnitAnswer, UpdatedAt
from neasmart_gateway.manager.views import UnitView


class OutsideTemperature(UnitAnswer):
    """The weather, as the base station's sensor has it."""

    temperature: Annotated[float | None, about("Outside temperature; null: see reasons.", 4.2, "°C")]
    filtered_temperature: Annotated[float | None, about("The same, averaged by the base station.", 5.1, "°C")]
    stale: Stale
    updated_at: UpdatedAt
    reasons: Reasons


class Notifications(UnitAnswer):
    """Whether the base station has something to say; what it is stands in its own menu."""

    error: Annotated[bool | None, about("At least one error is present.", False)]
    warning: Annotated[bool | None, about("At least one warning is present.", False)]
    hint: Annotated[bool | None, about("At least one hint is present.", True)]
    stale: Stale
    updated_at: UpdatedAt
    reasons: Reasons


class MixedGroup(NumberedAnswer):
    """A mixing circuit with its pump."""

    valve_opening: Annotated[int | None, about("How far the mixing valve is open.", 35, "%")]
    pump: Annotated[bool | None, about("The circuit's pump is running.", True)]
    flow_temperature: Annotated[float | None, about("Temperature of the water to the rooms.", 32.5, "°C")]
    return_temperature: Annotated[float | None, about("Temperature of the water from the rooms.", 28.0, "°C")]
    stale: Stale
    updated_at: UpdatedAt
    reasons: Reasons


class Dehumidifier(NumberedAnswer):
    """A dehumidifier that the base station switches."""

    running: Annotated[bool | None, about("It is running.", False)]
    stale: Stale
    updated_at: UpdatedAt
    reasons: Reasons


class Pump(NumberedAnswer):
    """An extra pump that the base station switches."""

    running: Annotated[bool | None, about("It is running.", True)]
    stale: Stale
    updated_at: UpdatedAt
    reasons: Reasons


class MixedGroups(Answer):
    """All mixed groups of the register map, heard of or not."""

    mixed_groups: Annotated[list[MixedGroup], about("In the order of their numbers.", [])]
    count: Count

    @classmethod
    def of(cls, views: Sequence[UnitView]) -> MixedGroups:
        return cls(mixed_groups=[MixedGroup.of(view) for view in views], count=len(views))


class Dehumidifiers(Answer):
    """All dehumidifiers of the register map, heard of or not."""

    dehumidifiers: Annotated[list[Dehumidifier], about("In the order of their numbers.", [])]
    count: Count

    @classmethod
    def of(cls, views: Sequence[UnitView]) -> Dehumidifiers:
        return cls(dehumidifiers=[Dehumidifier.of(view) for view in views], count=len(views))


class Pumps(Answer):
    """All extra pumps of the register map, heard of or not."""

    pumps: Annotated[list[Pump], about("In the order of their numbers.", [])]
    count: Count

    @classmethod
    def of(cls, views: Sequence[UnitView]) -> Pumps:
        return cls(pumps=[Pump.of(view) for view in views], count=len(views))
