"""Raw holding registers, with what the register map says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, cast

from pydantic import Field

from neasmart_gateway.api.schema import Answer, Query, QueryNumber, about, stamp
from neasmart_gateway.api.v1.models.parts import Count, Stale, UpdatedAt
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.readings import Reason
from neasmart_gateway.domain.registers import ADDRESS_SPACE, Place
from neasmart_gateway.domain.zones import ZoneRef, reading
from neasmart_gateway.manager.views import RegisterView

MOST_REGISTERS = 2000
_WORD = "16 bits as a number, 0 to 65535"

Value = bool | int | float | str | None


class Register(Answer):
    """One holding register."""

    address: Annotated[int, about("0-based wire address.", 102)]
    name: Annotated[str | None, about("Its name in the register map; null: it is not in there.", "zone.temperature")]
    base: Annotated[int | None, about("The base, if it belongs to a zone.", 1)]
    zone: Annotated[int | None, about("The zone on that base, if it belongs to one.", 1)]
    number: Annotated[int | None, about("The number of its mixed group, pump or dehumidifier, if it has one.", None)]
    word: Annotated[int | None, about(f"What the base wrote last, {_WORD}; null: never.", 3108)]
    pending: Annotated[int | None, about(f"The word of an open command, {_WORD}; null: none.", None)]
    value: Annotated[Value, about("What the word means; null: see reason, or nobody knows.", 21.32)]
    unit: Annotated[str | None, about("The unit of the value.", "°C")]
    reason: Annotated[Reason | None, about("Why there is no value.", None)]
    stale: Stale
    updated_at: UpdatedAt

    @classmethod
    def of(cls, view: RegisterView) -> Register:
        cell, place = view.cell, view.place
        value, reason = _meaning(view)
        ref = ZoneRef.at(place.index) if place and place.row.group == "zone" else None
        return cls(
            address=cell.address,
            name=place.row.name if place else None,
            base=ref.base if ref else None,
            zone=ref.zone if ref else None,
            number=None if ref else _number(place),
            word=cell.reported,
            pending=cell.pending,
            value=value,
            unit=place.row.codec.unit or None if place else None,
            reason=reason,
            stale=view.stale,
            updated_at=stamp(view.updated_at),
        )


class Registers(Answer):
    """Consecutive registers."""

    registers: Annotated[list[Register], about("In the order of their addresses.", [])]
    count: Count

    @classmethod
    def of(cls, views: Sequence[RegisterView]) -> Registers:
        return cls(registers=[Register.of(view) for view in views], count=len(views))


class RegisterRange(Query):
    """Which registers are wanted; what would lie beyond the last one is left out."""

    start: Annotated[QueryNumber, Field(ge=0, lt=ADDRESS_SPACE), about("The first address.", 100)] = 0
    count: Annotated[QueryNumber, Field(ge=1, le=MOST_REGISTERS), about("How many, at most 2,000.", 100)] = 100

    @property
    def available(self) -> int:
        """How many of them there are."""
        return min(self.count, ADDRESS_SPACE - self.start)


def _meaning(view: RegisterView) -> tuple[Value, Reason | None]:
    """Return what a word means, and why not; of registers outside the map there is nothing to say."""
    if view.place is None:
        return None, None
    found = reading(view.place.row, view.cell)
    value = found.value
    shown = value.label if isinstance(value, OperatingMode | OperatingState) else value
    return cast(Value, shown), found.reason


def _number(place: Place | None) -> int | None:
    return place.index + 1 if place is not None and place.row.count > 1 else None
