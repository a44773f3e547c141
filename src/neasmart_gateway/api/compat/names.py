"""Names of modes and states in the `/api` routes: what is sent, and everything that is taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from neasmart_gateway.domain.modes import OperatingMode, OperatingState

E = TypeVar("E", bound=IntEnum)
_BETWEEN = re.compile(r"[\s_-]+")

OFF = "off"
"""What is sent for 0: no override, unknown, or old."""
MODES: Mapping[OperatingMode, str] = {
    OperatingMode.AUTO: "auto",
    OperatingMode.HEATING: "heating",
    OperatingMode.COOLING: "cooling",
    OperatingMode.MANUAL_HEATING: "manual heating",
    OperatingMode.MANUAL_COOLING: "manual cooling",
}
STATES: Mapping[OperatingState, str] = {
    OperatingState.NORMAL: "presence",
    OperatingState.REDUCED: "away",
    OperatingState.STANDBY: "standby",
    OperatingState.TIME_PROGRAM: "scheduled",
    OperatingState.PARTY: "party",
    OperatingState.HOLIDAY: "holiday",
}
ZONE_STATES: Mapping[OperatingState, str] = {
    **STATES,
    OperatingState.PARTY: "presence",
    OperatingState.HOLIDAY: "away",
}
"""A zone in any other state fails in the integration; the true number stands beside."""

_TAKEN_MODES = {name: mode for mode, name in MODES.items()}
_TAKEN_STATES = {name: state for state, name in STATES.items()} | {
    "normal": OperatingState.NORMAL,
    "reduced": OperatingState.REDUCED,
    "time program": OperatingState.TIME_PROGRAM,
    "auto": OperatingState.TIME_PROGRAM,
    "absence": OperatingState.HOLIDAY,
    OFF: OperatingState.STANDBY,  # "off" is sent for HVAC off; 0 would be no command
}


def _taken(value: object, names: Mapping[str, E], members: type[E]) -> E:
    if isinstance(value, str) and (found := names.get(_BETWEEN.sub(" ", value.strip().lower()))) is not None:
        return found
    if type(value) is int and value in {*members}:
        return members(value)
    raise PydanticCustomError(
        "name",
        "must be one of {names}, or a number from 1 to {most}",
        {"names": ", ".join(names), "most": max(members)},
    )


def _schema(names: Mapping[str, E], members: type[E]) -> WithJsonSchema:
    numbers = {"type": "integer", "minimum": 1, "maximum": int(max(members))}
    return WithJsonSchema({"anyOf": [{"type": "string", "enum": list(names)}, numbers]})


TakenMode = Annotated[
    OperatingMode,
    BeforeValidator(lambda value: _taken(value, _TAKEN_MODES, OperatingMode)),
    _schema(_TAKEN_MODES, OperatingMode),
]
"""A mode by its name or number; case, `_`, `-` and blanks do not matter."""

TakenState = Annotated[
    OperatingState,
    BeforeValidator(lambda value: _taken(value, _TAKEN_STATES, OperatingState)),
    _schema(_TAKEN_STATES, OperatingState),
]
"""A state by a name of either family, or by its number."""
