"""Models as schemas of OpenAPI 3.0.3, which is older than the JSON Schema that pydantic speaks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from neasmart_gateway.api.schema import Answer

Schema = dict[str, Any]

_REFS = "#/components/schemas/{model}"
_NULL = {"type": "null"}
_UNITS = {"°C": "In °C.", "%": "In percent.", "s": "In seconds."}
_DROPPED = ("title", "propertyNames", "examples", "const", "prefixItems", "$defs", "anyOf", "ge", "gt", "le", "lt")


def component(name: str, kind: str = "schemas") -> Schema:
    """Return a reference to a part of the document."""
    return {"$ref": f"#/components/{kind}/{name}"}


def components(models: Iterable[type[BaseModel]]) -> tuple[dict[type[BaseModel], str], dict[str, Schema]]:
    """Return the component's name of each model, and all components that they are made of, in order of names."""
    wanted = sorted(set(models), key=lambda model: (model.__name__, model.__module__))
    refs, found = models_json_schema([(model, _mode(model)) for model in wanted], ref_template=_REFS)
    names = {model: refs[model, _mode(model)]["$ref"].rpartition("/")[2] for model in wanted}
    parts = found.get("$defs", {})
    said = json.dumps(found)
    # What nobody refers to is what a type would be if we had not said ourselves how it looks.
    used = sorted(name for name in parts if name in names.values() or f'"{_REFS.format(model=name)}"' in said)
    return names, {name: plain(parts[name]) for name in used}


def _mode(model: type[BaseModel]) -> Literal["serialization", "validation"]:
    return "serialization" if issubclass(model, Answer) else "validation"


def plain(schema: Mapping[str, Any]) -> Schema:
    """Return a schema of OpenAPI 3.0.3 that says the same."""
    found = {name: _part(name, value) for name, value in schema.items() if name not in _DROPPED}
    for rule in (_exemplified, _constant, _bounded, _tuple, _alternatives, _measured, _undefaulted, _referred):
        found = rule(schema, found)
    return found


def _part(name: str, value: object) -> object:
    match name, value:
        case "properties", dict():
            return {key: plain(one) for key, one in value.items()}
        case (("items" | "additionalProperties" | "not"), dict()):
            return plain(value)
        case (("allOf" | "oneOf"), list()):
            return [plain(one) for one in value]
    return value


def _exemplified(schema: Mapping[str, Any], found: Schema) -> Schema:
    return found | {"example": schema["examples"][0]} if schema.get("examples") else found


def _constant(schema: Mapping[str, Any], found: Schema) -> Schema:
    return found | {"enum": [schema["const"]]} if "const" in schema else found


def _bounded(schema: Mapping[str, Any], found: Schema) -> Schema:
    """Say limits as 3.0.3 does; pydantic leaves some of them in its own words (`ge`) behind a validator."""
    for name, inclusive, exclusive in (("minimum", "ge", "gt"), ("maximum", "le", "lt")):
        formal = f"exclusive{name.capitalize()}"
        ends = [schema[one] for one in (name, inclusive) if one in schema]
        open_ends = [schema[one] for one in (formal, exclusive) if one in schema]
        tightest = max if name == "minimum" else min
        if ends or open_ends:
            limit = tightest([*ends, *open_ends])
            found = found | {name: limit} | ({formal: True} if limit in open_ends and limit not in ends else {})
    return found


def _tuple(schema: Mapping[str, Any], found: Schema) -> Schema:
    return (
        found | {"items": {"anyOf": [plain(one) for one in schema["prefixItems"]]}}
        if "prefixItems" in schema
        else found
    )


def _alternatives(schema: Mapping[str, Any], found: Schema) -> Schema:
    """Say what may be null by `nullable`, which counts beside a `type` only."""
    if "anyOf" not in schema:
        return found
    others = [plain(one) for one in schema["anyOf"] if one != _NULL]
    nullable = {"nullable": True} if _NULL in schema["anyOf"] else {}
    if len(others) > 1:
        return {**found, "anyOf": [others[0] | nullable, *others[1:]]}
    (only,) = others
    return found | ({"allOf": [only]} if "$ref" in only else only) | nullable


def _measured(schema: Mapping[str, Any], found: Schema) -> Schema:
    """Say the unit to people too."""
    unit = schema.get("x-unit")
    if unit is None:
        return found
    said = _UNITS.get(unit, f"In {unit}.")
    return found | {"description": f"{found['description']} {said}" if "description" in found else said}


def _undefaulted(schema: Mapping[str, Any], found: Schema) -> Schema:
    """Say no default where leaving a value away means that there is none."""
    return {name: value for name, value in found.items() if name != "default" or value is not None}


def _referred(schema: Mapping[str, Any], found: Schema) -> Schema:
    """Keep what stands beside a reference, which hides it otherwise."""
    if "$ref" not in found or len(found) == 1:
        return found
    return {"allOf": [{"$ref": found.pop("$ref")}], **found}
