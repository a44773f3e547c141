"""The root routes' answers and bodies: each field with its name there and ours; unknown is 0, false or null."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from neasmart_gateway.api.compat import current
from neasmart_gateway.api.compat.current import Ours, Told
from neasmart_gateway.api.schema import Answer, Body, about
from neasmart_gateway.domain.intentions import (
    Intention,
    SetGlobalMode,
    SetGlobalState,
    SetpointRange,
    SetZoneSetpoint,
    SetZoneState,
)
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.manager.views import ZoneView

NEVER_REFUSED = SetpointRange(7.0, 35.0)
"""What the integration may send: a refusal would take the whole house off the screen."""
_WHERE_OUTSIDE = (
    "The setpoint in °C. One outside the operator's range, but within 7 to 35 °C, is brought to the nearest end of it."
)
_TEMPERATURE = "null: unknown or old."


class RootZone(Answer):
    """One zone."""

    state: Annotated[int, about("Operating state, 1 to 6; 0: none or unknown.", 1)]
    setpoint: Annotated[float | None, about("Temperature to be reached; null: standby, unknown or old.", 21.5, "°C")]
    temperature: Annotated[float | None, about(f"Room temperature; {_TEMPERATURE}", 20.84, "°C")]
    relative_humidity: Annotated[int, about("Relative humidity; 0: no sensor, unknown or old.", 45, "%")]

    @classmethod
    def of(cls, view: ZoneView) -> RootZone:
        return cls(
            state=current.state(view),
            setpoint=current.setpoint(view),
            temperature=current.temperature(view),
            relative_humidity=current.humidity(view),
        )


class RootMode(Told):
    """The operating mode of the plant."""

    mode: Annotated[int, Ours("mode", 0), about("1 to 5; 0: unknown or old.", 2)]


class RootState(Told):
    """The operating state of the plant."""

    state: Annotated[int, Ours("state", 0), about("1 to 6; 0: none, unknown or old.", 1)]


class RootOutside(Told):
    """The weather."""

    outside_temperature: Annotated[
        float | None, Ours("temperature", None), about(f"Outside temperature; {_TEMPERATURE}", 4.2, "°C")
    ]
    filtered_outside_temperature: Annotated[
        float | None, Ours("filtered_temperature", None), about(f"The same, averaged; {_TEMPERATURE}", 5.1, "°C")
    ]


class RootNotifications(Told):
    """Whether the base station has something to say."""

    hints_present: Annotated[bool, Ours("hint", False), about("A hint is present; false: none, unknown or old.", True)]
    warnings_present: Annotated[
        bool, Ours("warning", False), about("A warning is present; false: none, unknown or old.", False)
    ]
    error_present: Annotated[
        bool, Ours("error", False), about("An error is present; false: none, unknown or old.", False)
    ]


class RootMixedGroup(Told):
    """A mixing circuit."""

    pump_state: Annotated[int, Ours("pump", 0, int), about("1: it runs; 0: not, unknown or old.", 1)]
    mixing_valve_opening_percentage: Annotated[
        int, Ours("valve_opening", 0), about("How far the valve is open; 0: closed, unknown or old.", 35, "%")
    ]
    flow_temperature: Annotated[
        float | None, Ours("flow_temperature", None), about(f"Water to the rooms; {_TEMPERATURE}", 32.5, "°C")
    ]
    return_temperature: Annotated[
        float | None, Ours("return_temperature", None), about(f"Water from the rooms; {_TEMPERATURE}", 28.0, "°C")
    ]


class RootDehumidifier(Told):
    """A dehumidifier."""

    dehumidifier_state: Annotated[int, Ours("running", 0, int), about("1: it runs; 0: not, unknown or old.", 0)]


class RootPump(Told):
    """An extra pump."""

    pump_state: Annotated[int, Ours("running", 0, int), about("1: it runs; 0: not, unknown or old.", 1)]


class RootZoneChange(Body):
    """What to change about a zone: at least one field, and all of them or none."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    state: Annotated[int | SkipJsonSchema[None], Field(ge=1, le=6), about("Operating state, 1 to 6.", 1)] = None
    setpoint: Annotated[
        float | SkipJsonSchema[None],
        about(_WHERE_OUTSIDE, 21.5, "°C"),
        WithJsonSchema({"type": "number", "minimum": SetpointRange().minimum, "maximum": SetpointRange().maximum}),
    ] = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.state is None and self.setpoint is None:
            raise PydanticCustomError("empty", "must have at least one of state and setpoint")
        return self

    def intentions(self, ref: ZoneRef, allowed: SetpointRange) -> list[Intention]:
        """Return what this asks of a zone; InvalidValue for a setpoint that nobody may ask for."""
        found: list[Intention] = []
        if self.state is not None:
            found.append(SetZoneState(ref, OperatingState(self.state)))
        if self.setpoint is not None:
            found.append(SetZoneSetpoint(ref, _brought_into(allowed, self.setpoint), allowed))
        return found


class RootModeChange(Body):
    """The operating mode to ask for."""

    mode: Annotated[int, Field(ge=1, le=5), about("1 to 5.", 2)]

    def intentions(self) -> list[Intention]:
        return [SetGlobalMode(OperatingMode(self.mode))]


class RootStateChange(Body):
    """The operating state to ask for."""

    state: Annotated[int, Field(ge=1, le=6), about("1 to 6.", 1)]

    def intentions(self) -> list[Intention]:
        return [SetGlobalState(OperatingState(self.state))]


def _brought_into(allowed: SetpointRange, celsius: float) -> float:
    if celsius not in NEVER_REFUSED:
        return celsius
    return min(max(celsius, allowed.minimum), allowed.maximum)
