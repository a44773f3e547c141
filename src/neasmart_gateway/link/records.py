"""Calls and answers, and what they look like on the wire: four bytes of length, then JSON."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

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
from neasmart_gateway.errors import CallerError, Conflict, GatewayError, InvalidValue, NotDurable, NotFound, TooMany

LENGTH = struct.Struct(">I")
MOST_BYTES = 65536

Message = dict[str, Any]

_FAMILIES: dict[str, type[GatewayError]] = {
    family.code: family for family in (CallerError, InvalidValue, NotFound, Conflict, TooMany, NotDurable)
}


class BadMessage(Exception):
    """What came over the socket is not one of our messages."""


def pack(message: Message) -> bytes:
    """Return a message as it goes over the wire."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return LENGTH.pack(len(body)) + body


def length_of(head: bytes) -> int:
    """Return how many bytes follow the four of the head; BadMessage when that is too many."""
    (length,) = LENGTH.unpack(head)
    if length > MOST_BYTES:
        raise BadMessage(f"a message of {length} bytes is over the limit of {MOST_BYTES}")
    return int(length)


def unpack(body: bytes) -> Message:
    """Return the message that `body` holds; BadMessage when it is none."""
    try:
        message = json.loads(body)
    except ValueError as error:
        raise BadMessage("not JSON") from error
    if not isinstance(message, dict):
        raise BadMessage("not a JSON object")
    return message


def context_of(call: Mapping[str, Any]) -> dict[str, str]:
    """Return what the log lines about a call shall carry; nothing when it says nothing sensible."""
    context = call.get("context")
    if not isinstance(context, dict):
        return {}
    return {name: value for name, value in context.items() if isinstance(value, str)}


def encode_error(error: GatewayError) -> Message:
    """Return an error as a part of an answer."""
    return {"code": error.code, "message": error.message, "field": error.field, "retry_after": error.retry_after}


def decode_error(error: Mapping[str, Any]) -> GatewayError:
    """Return the error that an answer carries, as the class that was raised on the other side."""
    family = _FAMILIES.get(error["code"], GatewayError)
    return family(error["message"], field=error["field"], retry_after=error["retry_after"])


def decode_zone(params: Mapping[str, Any]) -> ZoneRef:
    """Return the zone that a call names."""
    return ZoneRef(params["base"], params["zone"])


def encode_intentions(intentions: Sequence[Intention]) -> list[Message]:
    """Return intentions as a part of a call."""
    return [_encode_intention(intention) for intention in intentions]


def _encode_intention(intention: Intention) -> Message:
    match intention:
        case SetZoneSetpoint(ref, celsius):
            return {"set": "zone.setpoint", "base": ref.base, "zone": ref.zone, "value": celsius}
        case SetZoneState(ref, state):
            return {"set": "zone.state", "base": ref.base, "zone": ref.zone, "value": int(state)}
        case SetGlobalMode(mode):
            return {"set": "operation.mode", "value": int(mode)}
        case SetGlobalState(state):
            return {"set": "operation.state", "value": int(state)}


def decode_intentions(messages: Sequence[Mapping[str, Any]], allowed: SetpointRange) -> list[Intention]:
    """Return the intentions of a call, checked again by their own constructors."""
    return [_decode_intention(message, allowed) for message in messages]


def _decode_intention(message: Mapping[str, Any], allowed: SetpointRange) -> Intention:
    match message:
        case {"set": "zone.setpoint", "base": base, "zone": zone, "value": value}:
            return SetZoneSetpoint(ZoneRef(base, zone), value, allowed)
        case {"set": "zone.state", "base": base, "zone": zone, "value": value}:
            return SetZoneState(ZoneRef(base, zone), OperatingState(value))
        case {"set": "operation.mode", "value": value}:
            return SetGlobalMode(OperatingMode(value))
        case {"set": "operation.state", "value": value}:
            return SetGlobalState(OperatingState(value))
    raise BadMessage(f"not an intention: {message}")
