"""A command's receipt, as the daemon writes it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from neasmart_gateway.api.schema import Answer, Timestamp, about
from neasmart_gateway.domain.commands import CommandState

_STATES = "accepted, delivered; then confirmed, overridden, unconfirmed, expired, superseded or cancelled."
_AT = "2026-11-21T06:30:00.250Z"

Value = str | float | None


class Receipt(Answer):
    """Part of a receipt. It comes from the daemon, which may already know more than this worker."""

    model_config = ConfigDict(extra="ignore", serialize_by_alias=True)


class By(Receipt):
    """Who sent a command."""

    via: Annotated[str, about("The way it came in: http or mqtt.", "http")]
    who: Annotated[str, about("The address or the name of whoever sent it.", "192.168.1.20")]


class Write(Receipt):
    """One register that a command wants changed, and what has become of it."""

    example: ClassVar = {"state": "delivered", "finished_at": None, "effective": None}

    name: Annotated[str, Field(alias="register"), about("The register's name in the register map.", "zone.setpoint")]
    address: Annotated[int, about("Its 0-based wire address.", 101)]
    base: Annotated[int | None, about("The base of its zone; null for the plant's registers.", 1)]
    zone: Annotated[int | None, about("The zone's number on that base; null for the plant's registers.", 1)]
    value: Annotated[Value, about("What was asked for: a name, or a temperature in °C.", 21.5)]
    previous: Annotated[Value, about("What the base had reported before; null: nothing, or no value.", 20.0)]
    state: Annotated[CommandState, about("Where this register stands: " + _STATES, "confirmed")]
    delivered_at: Annotated[Timestamp | None, about("When the base read it; null: it has not.", _AT)]
    delivered_unit: Annotated[int | None, about("The Modbus unit as which the base read it.", 240)]
    finished_at: Annotated[Timestamp | None, about("When it came to its end; null: it is open.", _AT)]
    effective: Annotated[Value, about("When confirmed: the value that the base wrote back.", 21.5)]
    overridden_by: Annotated[Value, about("When overridden: the value that the base wrote instead.", None)]


class Command(Receipt):
    """A command's receipt."""

    example: ClassVar = {"finished_at": None}

    id: Annotated[str, about("Names the command.", "17-9f3a1c02")]
    state: Annotated[CommandState, about("Where it stands as a whole: " + _STATES, "delivered")]
    by: Annotated[By, about("Who sent it.", {"via": "http", "who": "192.168.1.20"})]
    created_at: Annotated[Timestamp, about("When it was accepted.", _AT)]
    finished_at: Annotated[Timestamp | None, about("When the last register came to its end; null: it is open.", _AT)]
    durable: Annotated[bool, about("It was on disk before it was acknowledged; false while the disk was away.", True)]
    note: Annotated[str | None, about("Why it ended, where that needs saying.", None)]
    writes: Annotated[list[Write], about("One for each register that it wants changed.", [])]


class CommandAnswer(Answer):
    """A command, newly accepted or looked up."""

    command: Annotated[Command, about("The receipt.", {"id": "17-9f3a1c02", "state": "delivered"})]

    @classmethod
    def of(cls, receipt: dict[str, Any]) -> CommandAnswer:
        return cls(command=Command.model_validate(receipt))


class Released(Receipt):
    """A zone from which our words were withdrawn: the base reads "no data" there until it has written its own."""

    base: Annotated[int, about("The zone's base.", 1)]
    zone: Annotated[int, about("The zone's number on that base.", 1)]
    closed: Annotated[
        list[str], about("The ids of the commands that this ended; empty: none was open.", ["17-9f3a1c02"])
    ]
