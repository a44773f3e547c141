"""Whole examples of models, put together from the examples of their fields; each one fits its model."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from neasmart_gateway.api.schema import Answer, Body


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return a whole example, as it goes over the wire. ValidationError if the fields' own examples do not fit."""
    body = issubclass(model, Body)
    return model.model_validate(_composed(model)).model_dump(mode="json", by_alias=True, exclude_unset=body)


def _composed(model: type[BaseModel]) -> dict[str, Any]:
    whole = {field.alias or name: _value(field) for name, field in model.model_fields.items()}
    if issubclass(model, Body):
        return {name: value for name, value in whole.items() if name not in model.seldom}
    listed = next((value for value in whole.values() if isinstance(value, list)), None)
    counted = {"count": len(listed)} if "count" in whole and listed is not None else {}
    otherwise = model.example if issubclass(model, Answer) else {}
    return whole | counted | {name: value for name, value in otherwise.items() if name in whole}


def _value(field: FieldInfo) -> object:
    """Return a field's example; where that only hints at a model, or is an empty list of them, a whole one."""
    given = field.examples[0] if field.examples else None
    inner = _model_in(field.annotation)
    if inner is None or given is None:
        return given
    if isinstance(given, list):
        return [_composed(inner)]
    return _composed(inner) | dict(given) if isinstance(given, Mapping) and not _is_mapping(field.annotation) else given


def _is_mapping(annotation: object) -> bool:
    return get_origin(annotation) in (dict, Mapping)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that an annotation speaks of: itself, or within an optional or a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, Annotated, list, tuple):
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
