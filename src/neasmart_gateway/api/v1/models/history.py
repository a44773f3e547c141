"""Lists of what happened: commands, changes, and both of one zone."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from neasmart_gateway.api.schema import Answer, Query, QueryNumber, QueryPlace, Timestamp, about
from neasmart_gateway.api.v1.models.commands import Command, Value
from neasmart_gateway.api.v1.models.parts import Count
from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.registers import BASES, PLACES, ZONES_PER_BASE
from neasmart_gateway.domain.times import iso
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.manager.history import AuditRow, Wanted
from neasmart_gateway.manager.views import Page, Receipt

_AT = "2026-11-21T06:30:00.250Z"
_LOST_PLUS = re.compile(r"T.* [0-9:]{2,8}$", re.ASCII)
"""In an address a + means a space."""
MOST = 200


def _moment(text: object) -> float:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        if _LOST_PLUS.search(str(text)):
            raise PydanticCustomError("moment", "has lost its +, which must be written %2B in an address") from None
        raise PydanticCustomError("moment", "must be a time such as 2026-11-21T06:30:00Z") from None
    if found.tzinfo is None:
        raise PydanticCustomError("moment", "must say its zone, such as the Z in 2026-11-21T06:30:00Z")
    return found.timestamp()


def _state(text: object) -> str:
    if text not in set(CommandState):
        raise PydanticCustomError("state", "must be one of {names}", {"names": ", ".join(CommandState)})
    return str(text)


Limit = Annotated[QueryNumber, Field(ge=1, le=MOST), about("How many at most.", 50)]
Before = Annotated[QueryPlace | None, about("Continue behind this number: the `next` of the answer before.", 1201)]
Moment = Annotated[float, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time as a query parameter has it."""
Since = Annotated[Moment | None, about("Nothing from before this time.", "2026-11-21T06:30:00Z")]
Next = Annotated[int | None, about("What to ask with as `before` for the next page; null: that was all.", None)]


class Paged(Query):
    """What all lists have in common."""

    limit: Limit = 50
    before: Before = None
    since: Since = None


class _OfAZone(Paged):
    """Lists that can be narrowed to a zone."""

    base: Annotated[QueryNumber | None, Field(ge=1, le=BASES), about("Only of zones of this base.", 1)] = None
    zone: Annotated[
        QueryNumber | None, Field(ge=1, le=ZONES_PER_BASE), about("Only of zones of this number; with base: of one.", 1)
    ] = None

    @property
    def addresses(self) -> tuple[int, ...] | None:
        if self.base is None and self.zone is None:
            return None
        bases = range(1, BASES + 1) if self.base is None else (self.base,)
        zones = range(1, ZONES_PER_BASE + 1) if self.zone is None else (self.zone,)
        return tuple(address for base in bases for zone in zones for address in addresses_of(ZoneRef(base, zone)))


class CommandQuery(_OfAZone):
    """Which commands are wanted."""

    state: Annotated[
        Annotated[str, BeforeValidator(_state), WithJsonSchema({"type": "string", "enum": list(CommandState)})] | None,
        about("Only commands in this state.", "overridden"),
    ] = None

    def wanted(self) -> Wanted:
        return Wanted(self.limit, self.before, self.addresses, self.since, self.state)


class AuditQuery(_OfAZone):
    """Which changes are wanted."""

    def wanted(self) -> Wanted:
        return Wanted(self.limit, self.before, self.addresses, self.since)


class TimelineQuery(Paged):
    """How much of a zone's past is wanted."""

    def wanted(self, ref: ZoneRef) -> Wanted:
        return Wanted(self.limit, self.before, addresses_of(ref), self.since)


class Commands(Answer):
    """Commands, newest first."""

    commands: Annotated[list[Command], about("Their receipts.", [])]
    count: Count
    next: Next

    @classmethod
    def of(cls, page: Page[Receipt]) -> Commands:
        receipts = [Command.model_validate(receipt) for receipt in page.rows]
        return cls(commands=receipts, count=len(receipts), next=page.next)


class Change(Answer):
    """One change of a command register, or a user's wish for one."""

    model_config = ConfigDict(serialize_by_alias=True)

    at: Annotated[Timestamp, about("When.", _AT)]
    register_name: Annotated[
        str,
        Field(serialization_alias="register"),
        about("The register's name in the register map.", "zone.setpoint"),
    ]
    address: Annotated[int, about("Its 0-based wire address.", 101)]
    base: Annotated[int | None, about("The base of its zone; null for the plant's registers.", 1)]
    zone: Annotated[int | None, about("The zone's number on that base; null for the plant's registers.", 1)]
    previous: Annotated[Value, about("The value before; null: never written, or no value.", 20.0)]
    value: Annotated[Value, about("The value afterwards, or the one that was asked for; null: no value.", 21.5)]
    cause: Annotated[
        str,
        about(
            "user (somebody asked for it), command (the base echoed that), state_command (the base moved a setpoint "
            "because a state was commanded), base (the base on its own: somebody at a thermostat, or a program), "
            "release (somebody withdrew our word), peer (another Modbus device wrote it).",
            "base",
        ),
    ]
    by: Annotated[
        str,
        about(
            "Who: way in and address or name of a user, the base station, or another device's address.", "base station"
        ),
    ]
    command_id: Annotated[str | None, about("The command that it belongs to; null: none.", None)]

    @classmethod
    def of(cls, row: AuditRow) -> Change:
        place = PLACES[row.address]
        ref = ZoneRef.at(place.index) if place.row.group == "zone" else None
        return cls(
            at=iso(row.at),
            register_name=place.row.name,
            address=row.address,
            base=ref.base if ref else None,
            zone=ref.zone if ref else None,
            previous=_value(row.address, row.before),
            value=_value(row.address, row.word),
            cause=row.cause,
            by=row.who,
            command_id=row.command_id,
        )


class Audit(Answer):
    """Changes, newest first."""

    changes: Annotated[list[Change], about("What changed.", [])]
    count: Count
    next: Next

    @classmethod
    def of(cls, page: Page[AuditRow]) -> Audit:
        return cls(changes=[Change.of(row) for row in page.rows], count=len(page.rows), next=page.next)


def addresses_of(ref: ZoneRef) -> tuple[int, ...]:
    """Return the command registers of a zone."""
    return ref.state_address, ref.setpoint_address


def _value(address: int, word: int | None) -> Value:
    if word is None:
        return None
    value = PLACES[address].row.codec.decode(word).value
    return value.label if isinstance(value, OperatingMode | OperatingState) else value
