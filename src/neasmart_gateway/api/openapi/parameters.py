"""The parameters of an operation: in its path, its query and its headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from neasmart_gateway.api.openapi.headers import SENT, SIGNATURE
from neasmart_gateway.api.openapi.routes import Route
from neasmart_gateway.api.openapi.schemas import component, plain
from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.domain.registers import BASES, ZONES_PER_BASE

_NUMBER = {"type": "integer", "minimum": 1, "maximum": 9999}
_BASIC = ("X-Request-ID",)

IN_PATHS: Mapping[str, tuple[str, object, Mapping[str, Any]]] = {
    "base": (f"The base station, 1 to {BASES}.", 1, {"maximum": BASES}),
    "zone": (f"The zone on that base, 1 to {ZONES_PER_BASE}.", 1, {"maximum": ZONES_PER_BASE}),
    "number": ("Its number, as in the base station's own menu.", 1, {}),
    "command_id": ("The id of a command, from its receipt.", "17-9f3a1c02", {}),
    "component": ("The component: bus, commands, daemon, database, mqtt or security.", "bus", {}),
    "kind": ("The fault.", "bus_silence", {"enum": [kind.value for kind in FaultKind]}),
    "filename": ("The name of the file.", "docs.css", {}),
}
"""What stands in paths: meaning, an example, and what its schema has besides that of its converter."""


def parameters_of(route: Route) -> list[dict[str, Any]]:
    """Return all parameters of an operation."""
    return [*_in_path(route), *_in_query(route), *_in_headers(route)]


def _in_path(route: Route) -> Iterable[dict[str, Any]]:
    for name, converter in route.arguments.items():
        words, example, more = IN_PATHS.get(name, (f"The {name.replace('_', ' ')}.", None, {}))
        kind = _NUMBER if converter in ("number", "digits") else {"type": "string"}
        shown = {} if example is None else {"example": example}
        yield {"name": name, "in": "path", "required": True, "description": words, "schema": {**kind, **more}} | shown


def _in_query(route: Route) -> Iterable[dict[str, Any]]:
    if route.query is None:
        return
    schema = route.query.model_json_schema(mode="validation")
    for name, field in schema["properties"].items():
        found = plain(field)
        found.pop("nullable", None)  # a parameter is left away
        beside = {part: found.pop(part) for part in ("description", "example") if part in found}
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": found} | beside


def _in_headers(route: Route) -> Iterable[dict[str, Any]]:
    signed = SIGNATURE if route.operation.critical else ()
    return (component(name, "parameters") for name in (*route.operation.reads, *signed, *_BASIC))


def header_parameters() -> dict[str, dict[str, Any]]:
    """Return the components that operations refer to."""
    return {name: {"name": name, "in": "header", "required": False} | header for name, header in SENT.items()}
