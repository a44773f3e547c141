"""Zones as they are reported, what is desired of them, and how to change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from neasmart_gateway.api.schema import Answer, Body, Query, QueryNumber, QueryTruth, about, stamp
from neasmart_gateway.api.v1.models.commands import Command
from neasmart_gateway.api.v1.models.parts import Count, Reasons, Stale, StateName, UpdatedAt
from neasmart_gateway.domain.intentions import Intention, SetpointRange, SetZoneSetpoint, SetZoneState
from neasmart_gateway.domain.registers import BASES
from neasmart_gateway.domain.zones import Zone as DomainZone
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import InvalidValue
from neasmart_gateway.manager.views import ZoneView, newest_open


class ZoneDesired(Answer):
    """What open commands ask of a zone; null: nothing."""

    state: Annotated[StateName | None, about("The operating state that was asked for.", "normal")]
    setpoint: Annotated[float | None, about("The setpoint that was asked for.", 21.5, "°C")]


class Zone(Answer):
    """One zone. State, setpoint, temperature and humidity are what the base station has reported."""

    example: ClassVar = {"reasons": {}}

    base: Annotated[int, about("The base station, 1 to 5.", 1)]
    zone: Annotated[int, about("The zone on that base, 1 to 12.", 1)]
    base_label: Annotated[str, about("The base's name.", "Ground floor")]
    label: Annotated[str, about("The zone's name.", "Living room")]
    address: Annotated[int, about("The wire address of its first register.", 100)]
    state: Annotated[StateName | None, about("Operating state; null: see reasons.", "normal")]
    temperature: Annotated[float | None, about("Room temperature; null: see reasons.", 20.84, "°C")]
    setpoint: Annotated[float | None, about("Temperature to be reached; null: see reasons.", 21.5, "°C")]
    relative_humidity: Annotated[int | None, about("Relative humidity; null: see reasons.", 45, "%")]
    desired: Annotated[ZoneDesired | None, about("What open commands ask for; null: none is open.", None)]
    command: Annotated[Command | None, about("The newest open command on this zone; null: none is open.", None)]
    stale: Stale
    updated_at: UpdatedAt
    reasons: Reasons

    @classmethod
    def of(cls, view: ZoneView) -> Zone:
        zone, newest = view.zone, newest_open(view.receipts)
        return cls(
            base=zone.ref.base,
            zone=zone.ref.zone,
            base_label=view.base_label,
            label=view.label,
            address=zone.address,
            state=zone.state.value,
            temperature=zone.temperature.value,
            setpoint=zone.setpoint.value,
            relative_humidity=zone.relative_humidity.value,
            desired=_desired(zone),
            command=None if newest is None else Command.model_validate(newest),
            stale=view.stale,
            updated_at=stamp(view.updated_at),
            reasons=_reasons(zone),
        )


class Zones(Answer):
    """Zones that are configured, or that the base station has spoken of."""

    zones: Annotated[list[Zone], about("In the order of base and zone number.", [])]
    count: Count

    @classmethod
    def of(cls, views: Sequence[ZoneView]) -> Zones:
        return cls(zones=[Zone.of(view) for view in views], count=len(views))


class ZoneFilter(Query):
    """Which zones are wanted."""

    base: Annotated[QueryNumber | None, Field(ge=1, le=BASES), about("Only zones of this base.", 1)] = None
    stale: Annotated[QueryTruth | None, about("Only zones that are stale, or that are not.", False)] = None

    def admits(self, view: ZoneView) -> bool:
        return self.base in (None, view.zone.ref.base) and self.stale in (None, view.stale)


class ZoneChange(Body):
    """What to change about a zone: at least one field, and all of them or none."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    state: Annotated[StateName | SkipJsonSchema[None], about("The operating state to ask for.", "normal")] = None
    setpoint: Annotated[
        float | SkipJsonSchema[None],
        about("The setpoint to ask for, within the range that the operator has set (5 to 35 °C).", 21.5, "°C"),
        WithJsonSchema({"type": "number", "minimum": SetpointRange().minimum, "maximum": SetpointRange().maximum}),
    ] = None

    @field_validator("setpoint")
    @classmethod
    def _in_range(cls, celsius: float, info: ValidationInfo) -> float:
        """Let the intention itself judge, so that a wrong setpoint is named beside a wrong state."""
        allowed = (info.context or {}).get("allowed", SetpointRange())
        try:
            SetZoneSetpoint(ZoneRef(1, 1), celsius, allowed)
        except InvalidValue as error:
            raise PydanticCustomError("range", "{reason}", {"reason": error.message}) from error
        return celsius

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.state is None and self.setpoint is None:
            raise PydanticCustomError("empty", "must have at least one of state and setpoint")
        return self

    def intentions(self, ref: ZoneRef, allowed: SetpointRange) -> list[Intention]:
        """Return what this asks of a zone."""
        found: list[Intention] = []
        if self.state is not None:
            found.append(SetZoneState(ref, self.state))
        if self.setpoint is not None:
            found.append(SetZoneSetpoint(ref, self.setpoint, allowed))
        return found


def _desired(zone: DomainZone) -> ZoneDesired | None:
    if zone.desired_state is None and zone.desired_setpoint is None:
        return None
    return ZoneDesired(state=zone.desired_state, setpoint=zone.desired_setpoint)


def _reasons(zone: DomainZone) -> Reasons:
    readings = {
        "state": zone.state,
        "temperature": zone.temperature,
        "setpoint": zone.setpoint,
        "relative_humidity": zone.relative_humidity,
    }
    return {field: reading.reason for field, reading in readings.items() if reading.reason is not None}
