"""The one place where errors become answers: problem details after RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Annotated
from urllib.parse import quote

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from neasmart_gateway.api.refusals import (
    BadFields,
    BadQuery,
    FieldFault,
    Forbidden,
    ForeignHost,
    ForeignOrigin,
    Unauthorized,
)
from neasmart_gateway.api.schema import Answer, about
from neasmart_gateway.api.tracing import request_id
from neasmart_gateway.errors import (
    CallerError,
    Conflict,
    DaemonAway,
    GatewayError,
    InvalidValue,
    NotFound,
    StoreError,
    TooMany,
)

_log = structlog.get_logger("neasmart.api")

STATUS: Mapping[type[GatewayError], HTTPStatus] = {
    BadQuery: HTTPStatus.BAD_REQUEST,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    ForeignOrigin: HTTPStatus.FORBIDDEN,
    ForeignHost: HTTPStatus.MISDIRECTED_REQUEST,
    BadFields: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidValue: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    CallerError: HTTPStatus.BAD_REQUEST,
    DaemonAway: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    GatewayError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""By family; the nearest one of an error's ancestors counts."""

_HTTP: Mapping[int, tuple[str, str | None]] = {
    400: ("invalid_request", None),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This resource does not take this method; the header Allow names those that it takes."),
    408: ("request_timeout", None),
    413: ("body_too_large", "The body is larger than 64 KiB."),
    415: ("unsupported_media_type", None),
}
"""Code and, where werkzeug's own words are not good enough, the sentence."""


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
    status = next(STATUS[family] for family in type(error).__mro__ if family in STATUS)
    response = _problem(error.code, status, error.message, _faults(error))
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("a request failed by a fault of the gateway", exc_info=error)
    if error.retry_after is not None or status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(max(1, ceil(error.retry_after or 1)))
    if isinstance(error, Unauthorized | Forbidden):
        response.headers["WWW-Authenticate"] = error.challenge
    return response


def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    code, detail = _HTTP.get(status, (f"http_{status}", None))
    response = _problem(code, status, detail or error.description or code, ())
    # What the status demands (Allow, WWW-Authenticate, Retry-After), but not the type of werkzeug's own page.
    response.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return response


def _on_surprise(error: Exception) -> Response:
    _log.error("a request failed by a fault of the gateway", exc_info=error)
    detail = f"The gateway met a fault of its own; its log tells more under the request id {request_id()}."
    return _problem("internal_error", 500, detail, ())


def _faults(error: GatewayError) -> tuple[FieldFault, ...]:
    if isinstance(error, BadFields):
        return error.faults
    return (FieldFault(error.field, error.message),) if error.field else ()


def _problem(code: str, status: int, detail: str, faults: tuple[FieldFault, ...]) -> Response:
    problem = Problem(
        type=f"/api/docs/errors#{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        instance=quote(request.path),
        request_id=request_id(),
        errors=[FieldProblem(field=fault.field, message=fault.message) for fault in faults],
    )
    return Response(problem.model_dump_json(), status, mimetype="application/problem+json")
