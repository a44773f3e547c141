"""Turns a message into intentions, or refuses it: the same intentions, with the same limits, as over HTTP."""

from __future__ import annotations

import re
from typing import TypeVar

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
from neasmart_gateway.errors import InvalidValue, NotFound
from neasmart_gateway.mqtt.season import Season
from neasmart_gateway.mqtt.topics import PLANT, Order

LONGEST = 64
"""Bytes of a message that orders something; names and numbers need fewer."""
T = TypeVar("T")
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]+)?", re.ASCII)
_MODES = {label: OperatingMode[label.upper()] for label in OperatingMode.labels()}
_STATES = {label: OperatingState[label.upper()] for label in OperatingState.labels()}


def intention_of(order: Order, payload: bytes, season: Season, allowed: SetpointRange) -> Intention:
    """Return what is wanted; InvalidValue for a payload that makes no sense, NotFound for what nobody can order."""
    match order.place, order.what:
        case ZoneRef() as ref, "setpoint":
            return SetZoneSetpoint(ref, _celsius(_text(payload)), allowed)
        case ZoneRef() as ref, "mode":
            modes = {
                "off": OperatingState.STANDBY, "auto": OperatingState.TIME_PROGRAM, season.value: OperatingState.NORMAL,
            }  # fmt: skip
            return SetZoneState(ref, _one_of(modes, _text(payload), "mode"))
        case ZoneRef() as ref, "preset":
            return SetZoneState(ref, _one_of(_STATES, _text(payload), "preset"))
        case int() as base, "mode" if base == PLANT:
            return SetGlobalMode(_one_of(_MODES, _text(payload), "mode"))
        case int() as base, "state" if base == PLANT:
            return SetGlobalState(_one_of(_STATES, _text(payload), "state"))
    raise NotFound(f"there is no {order.what!r} to be set")


def shown(payload: bytes) -> str:
    """Return a payload as it may be told to people: short, and printable."""
    text = payload[:LONGEST].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _text(payload: bytes) -> str:
    if len(payload) > LONGEST:
        raise InvalidValue(f"a message of {len(payload)} bytes is no order: {LONGEST} are the most")
    return shown(payload)


def _celsius(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise InvalidValue(f"setpoint must be a number of °C such as 21.5, not {text!r}", field="setpoint")
    return round(float(text), 2)  # as a Home Assistant in °F converts: 30.999999999999996 is 31


def _one_of(members: dict[str, T], text: str, name: str) -> T:
    if text not in members:
        raise InvalidValue(f"{name} must be one of {', '.join(members)}, not {text!r}", field=name)
    return members[text]
