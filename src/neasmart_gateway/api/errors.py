"""The one place where errors become answers: problem details after RFC 9457."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from math import ceil
from typing import Annotated
from urllib.parse import quote

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from neasmart_gateway.api.problems import BY_STATUS, CATALOGUE, Kind
from neasmart_gateway.api.refusals import BadFields, FieldFault, Forbidden, Unauthorized
from neasmart_gateway.api.schema import Answer, about
from neasmart_gateway.api.tracing import request_id
from neasmart_gateway.errors import GatewayError

_log = structlog.get_logger("neasmart.api")
PROBLEM = "application/problem+json"


def kind_of(family: type[GatewayError]) -> Kind:
    """Return the kind of problem that an error is: its own, or that of its nearest ancestor under its own code."""
    codes = (ancestor.code for ancestor in family.__mro__ if issubclass(ancestor, GatewayError))
    return replace(next(CATALOGUE[code] for code in codes if code in CATALOGUE), code=family.code)


class FieldProblem(Answer):
    """One field that is wrong."""

    field: Annotated[str, about("The field of the body, or the query parameter.", "setpoint")]
    message: Annotated[str, about("What is wrong with it.", "setpoint 99.0 °C is outside 5 to 35 °C")]


class Problem(Answer):
    """Problem details after RFC 9457, as application/problem+json."""

    type: Annotated[str, about("Names the kind of problem; stable.", "/api/docs/errors#invalid_value")]
    title: Annotated[str, about("The kind of problem in a few words.", "Invalid value")]
    status: Annotated[int, about("The HTTP status.", 422)]
    detail: Annotated[str, about("What happened here, for a person.", "setpoint 99.0 °C is outside 5 to 35 °C")]
    instance: Annotated[str, about("The path that was asked for.", "/api/v1/zones/1/1")]
    request_id: Annotated[str, about("The id under which this request stands in the log.", "5f0c9b3a6d1e2f47")]
    errors: Annotated[
        list[FieldProblem],
        about("Each field that is wrong; empty when the problem is not one of fields.", []),
    ]


def install(app: Flask) -> None:
    """Answer every error, ours or werkzeug's or unforeseen."""
    app.register_error_handler(GatewayError, _on_gateway_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_surprise)


def _on_gateway_error(error: GatewayError) -> Response:
    kind = kind_of(type(error))
    response = _problem(kind, error.message, _faults(error))
    if kind.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("a request failed by a fault of the gateway", exc_info=error)
    if error.retry_after is not None or kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(max(1, ceil(error.retry_after or 1)))
    if isinstance(error, Unauthorized | Forbidden):
        response.headers["WWW-Authenticate"] = error.challenge
    return response


def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    kind = BY_STATUS.get(status) or _unknown(status, error.name)
    response = _problem(kind, kind.said or error.description or kind.happened, ())
    # What the status demands (Allow, WWW-Authenticate, Retry-After), but not the type of werkzeug's own page.
    response.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return response


def _unknown(status: int, name: str) -> Kind:
    """Return a kind for a status that the catalogue does not have."""
    return Kind(f"http_{status}", status, name, name, (), ())


def _on_surprise(error: Exception) -> Response:
    _log.error("a request failed by a fault of the gateway", exc_info=error)
    detail = f"The gateway met a fault of its own; its log tells more under the request id {request_id()}."
    return _problem(CATALOGUE["internal_error"], detail, ())


def _faults(error: GatewayError) -> tuple[FieldFault, ...]:
    if isinstance(error, BadFields):
        return error.faults
    return (FieldFault(error.field, error.message),) if error.field else ()


def _problem(kind: Kind, detail: str, faults: tuple[FieldFault, ...]) -> Response:
    problem = Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=quote(request.path),
        request_id=request_id(),
        errors=[FieldProblem(field=fault.field, message=fault.message) for fault in faults],
    )
    return Response(problem.model_dump_json(), kind.status, mimetype=PROBLEM)
