"""Reads bodies and query parameters into models; refuses whatever does not fit, and names it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NoReturn, TypeVar

from flask import Flask, request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from neasmart_gateway.api.refusals import BadFields, BadQuery, FieldFault, MalformedBody
from neasmart_gateway.api.schema import Body, Query

MOST_BYTES = 64 * 1024
_MOST_FAULTS = 20
_LONGEST_NAME = 64
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})

M = TypeVar("M", bound=BaseModel)
B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)


def install(app: Flask, receiving: Callable[[], AbstractContextManager[object]]) -> None:
    """Bound every body, whether or not anybody reads it; to be installed behind whatever asks for a key.

    `receiving` bounds the time that it may take.
    """
    # One more, because werkzeug cuts a body of unknown length off at its limit without a word.
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES + 1
    app.before_request(partial(_receive, receiving))


def read_body(model: type[B], context: Mapping[str, Any] | None = None) -> B:
    """Return the JSON object of the request as a model.

    Raises UnsupportedMediaType, MalformedBody, or BadFields with every field that is wrong.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("The body must be JSON, with the header Content-Type: application/json.")
    return _fitted(model, _parsed(request.get_data()), BadFields, context)


def read_query(model: type[Q]) -> Q:
    """Return the query parameters of the request as a model; BadQuery names each that is wrong."""
    given = request.args.to_dict(flat=False)
    twice = [FieldFault(_short(name), "is given more than once") for name, values in given.items() if len(values) > 1]
    if twice:
        raise BadQuery("a query parameter can be given once", twice)
    return _fitted(model, {name: values[0] for name, values in given.items()}, BadQuery)


def _receive(receiving: Callable[[], AbstractContextManager[object]]) -> None:
    """Take the whole body in, so that one of unknown length is measured too; a part of one is none."""
    told = request.content_length or 0
    if told > MOST_BYTES:
        raise RequestEntityTooLarge
    if request.method in _BODILESS:
        return
    with receiving():
        size = len(request.get_data())
    if size > MOST_BYTES:
        raise RequestEntityTooLarge
    if size < told:
        raise BadRequest("The body ended before its Content-Length.")


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair cannot be answered, logged or kept
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"the body is not JSON that can be read: {_why(error)}") from error
    if not isinstance(value, dict):
        raise BadFields("the body must be a JSON object", [FieldFault("body", "must be a JSON object")])
    return value


def _why(error: ValueError | RecursionError) -> str:
    match error:
        case json.JSONDecodeError(msg=message) if "BOM" in message:
            return "it begins with a byte order mark (BOM), which JSON does not have"
        case json.JSONDecodeError(msg=message, lineno=line, colno=column):
            return f"{message} at line {line}, column {column}"
        case UnicodeError():
            return "it is not UTF-8"
        case RecursionError():
            return "it is nested too deeply"
    return "a number in it is too long"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedBody("the body is ambiguous: an object has the same key more than once")
    return found


def _no_constant(name: str) -> NoReturn:
    raise MalformedBody(f"the body is not JSON, which has no {name}")


def _fitted(
    model: type[M], given: dict[str, Any], refusal: type[BadFields], context: Mapping[str, Any] | None = None
) -> M:
    try:
        return model.model_validate(given, context=context)
    except ValidationError as error:
        faults = _faults(model, error)
        raise refusal("; ".join(map(str, faults)), faults) from error


def _faults(model: type[BaseModel], error: ValidationError) -> list[FieldFault]:
    """Name each field once, with the first thing that is wrong with it."""
    found: dict[str, FieldFault] = {}
    for detail in error.errors(include_url=False, include_input=False):
        fault = _fault(model, detail)
        found.setdefault(fault.field, fault)
    return list(found.values())[:_MOST_FAULTS]


def _fault(model: type[BaseModel], detail: ErrorDetails) -> FieldFault:
    name = _short(str(detail["loc"][0])) if detail["loc"] else "body"
    if detail["type"] == "extra_forbidden":
        return FieldFault(name, f"is not known here; known: {', '.join(_names(model)) or 'none'}")
    if detail["type"] == "missing":
        return FieldFault(name, "is missing")
    return FieldFault(name, detail["msg"].replace("Input should be", "must be", 1))


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
