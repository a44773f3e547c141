"""The operating mode and state of the plant as a whole."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from neasmart_gateway.api.schema import Answer, Body, about
from neasmart_gateway.api.v1.models.commands import Command
from neasmart_gateway.api.v1.models.parts import ModeName, Reasons, Stale, StateName, UpdatedAt, observed
from neasmart_gateway.domain.intentions import Intention, SetGlobalMode, SetGlobalState
from neasmart_gateway.manager.views import UnitView, newest_open


class OperationDesired(Answer):
    """What open commands ask of the plant; null: nothing."""

    mode: Annotated[ModeName | None, about("The operating mode that was asked for.", "heating")] = None
    state: Annotated[StateName | None, about("The operating state that was asked for.", "normal")] = None


class Operation(Answer):
    """How the plant as a whole is run, as the base station has reported it."""

    example: ClassVar = {"reasons": {}}

    mode: Annotated[ModeName | None, about("Operating mode; null: see reasons.", "heating")]
    state: Annotated[StateName | None, about("Operating state; null: see reasons.", "normal")]
    desired: Annotated[OperationDesired | None, about("What open commands ask for; null: none is open.", None)]
    command: Annotated[Command | None, about("The newest open command on mode or state; null: none is open.", None)]
    stale: Stale
    updated_at: UpdatedAt
    reasons: Reasons

    @classmethod
    def of(cls, view: UnitView) -> Operation:
        desired = dict(view.unit.desired) or None
        return cls.model_validate({**observed(view), "desired": desired, "command": newest_open(view.receipts)})


class OperationChange(Body):
    """What to change about the whole plant: at least one field, and all of them or none."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    mode: Annotated[ModeName | SkipJsonSchema[None], about("The operating mode to ask for.", "heating")] = None
    state: Annotated[StateName | SkipJsonSchema[None], about("The operating state to ask for.", "normal")] = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.mode is None and self.state is None:
            raise PydanticCustomError("empty", "must have at least one of mode and state")
        return self

    def intentions(self) -> list[Intention]:
        """Return what this asks of the plant."""
        found: list[Intention] = []
        if self.mode is not None:
            found.append(SetGlobalMode(self.mode))
        if self.state is not None:
            found.append(SetGlobalState(self.state))
        return found
