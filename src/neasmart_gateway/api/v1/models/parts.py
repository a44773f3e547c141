"""Parts that several answers have in common: names of modes and states, staleness, reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from neasmart_gateway.api.schema import Answer, Timestamp, about, stamp
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.readings import Reason
from neasmart_gateway.manager.views import UnitView


def _by_name(members: type[OperatingMode] | type[OperatingState]) -> Callable[[object], object]:
    names = {member.label: member for member in members}

    def member(value: object) -> object:
        if isinstance(value, members):
            return value
        if not isinstance(value, str) or value not in names:
            raise PydanticCustomError("name", "must be one of {names}", {"names": ", ".join(names)})
        return names[value]

    return member


def _label(member: OperatingMode | OperatingState) -> str:
    return member.label


ModeName = Annotated[
    OperatingMode,
    BeforeValidator(_by_name(OperatingMode)),
    PlainSerializer(_label, return_type=str),
    WithJsonSchema({"type": "string", "enum": OperatingMode.labels()}),
]
"""An operating mode by its name ("heating"), never by its number."""

StateName = Annotated[
    OperatingState,
    BeforeValidator(_by_name(OperatingState)),
    PlainSerializer(_label, return_type=str),
    WithJsonSchema({"type": "string", "enum": OperatingState.labels()}),
]
"""An operating state by its name ("time_program"), never by its number."""

Stale = Annotated[
    bool, about("Not to be taken for live: old, or only remembered, or the bus is silent or the daemon away.", False)
]
UpdatedAt = Annotated[
    Timestamp | None, about("When the base station last wrote it; null: never.", "2026-11-21T06:30:00.250Z")
]
Reasons = Annotated[
    dict[str, Reason],
    about(
        "For each field that is null, why: never_written, invalid, standby, implausible, none.", {"setpoint": "standby"}
    ),
]
Count = Annotated[int, about("How many there are in this answer.", 12)]


class UnitAnswer(Answer):
    """A thing of the plant. Its fields are named as in the register map."""

    example: ClassVar = {"reasons": {}}

    @classmethod
    def of(cls, view: UnitView) -> Self:
        return cls.model_validate(observed(view))


class NumberedAnswer(UnitAnswer):
    """A thing of which the plant has several."""

    id: Annotated[int, about("Its number, as in the base station's own menu.", 1)]

    @classmethod
    def of(cls, view: UnitView) -> Self:
        return cls.model_validate({"id": view.unit.number, **observed(view)})


def observed(view: UnitView) -> dict[str, Any]:
    """Return what the base has reported of a thing, and how far that can be trusted."""
    fields = view.unit.fields
    return {
        **{name: reading.value for name, reading in fields.items()},
        "stale": view.stale,
        "updated_at": stamp(view.updated_at),
        "reasons": {name: reading.reason for name, reading in fields.items() if reading.reason is not None},
    }
