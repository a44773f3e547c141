"""Reads the fields of an answer as an integration does, and says them for a person."""

from __future__ import annotations

from collections.abc import Mapping

from neasmart_gateway.compat_test.asking import Body, plain
from neasmart_gateway.errors import GatewayError

UNKNOWN = "unknown"
_COLDEST, _HOTTEST = -50, 120


class Unfit(GatewayError):
    """What an integration cannot do with; says why."""


def number(body: Body, name: str, names: Mapping[int, str] | None = None) -> str:
    """Return a whole number, or its name where it must have one."""
    value = _given(body, name)
    if type(value) is not int or (names is not None and value not in names):
        raise Unfit(f"{name} is {said(value)}")
    return str(value) if names is None else names[value]


def celsius(body: Body, name: str) -> str:
    """Return a temperature that may be null."""
    value = _given(body, name)
    return UNKNOWN if value is None else _degrees(name, value)


def valued(body: Body, name: str) -> str:
    """Return a temperature that is an object with a `value`, or null."""
    value = _given(body, name)
    if value is None:
        return UNKNOWN
    if not isinstance(value, Mapping) or "value" not in value:
        raise Unfit(f"{name} is no object with a value, which the older generation needs")
    return _degrees(name, value["value"])


def truth(body: Body, name: str) -> str:
    """Return yes or no."""
    value = _given(body, name)
    if not isinstance(value, bool):
        raise Unfit(f"{name} is {said(value)}")
    return "yes" if value else "no"


def word(body: Body, name: str, known: tuple[str, ...]) -> str:
    """Return a name that the integration knows."""
    value = _given(body, name)
    if value not in known:
        raise Unfit(f"{name} is {said(value)}, which it does not know")
    return str(value)


def humid(body: Body, name: str) -> str:
    """Return the humidity in percent."""
    value = number(body, name)
    return f"humidity {value} %" if value != "0" else "no humidity"


def said(value: object) -> str:
    """Return a value of the other side as it can be printed; of lists and objects only what they are."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return plain(repr(value))


def _given(body: Body, name: str) -> object:
    if name not in body:
        raise Unfit(f"{name} is missing")
    return body[name]


def _degrees(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _COLDEST <= value <= _HOTTEST:
        raise Unfit(f"{name} is {said(value)}")
    return f"{value:.1f} °C"
