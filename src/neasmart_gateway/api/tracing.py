"""Gives each request an id that answer and log lines carry, and writes one access line at its end."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping
from functools import partial
from time import perf_counter

import structlog
from flask import Flask, Response, g, request

from neasmart_gateway.logs.lines import write

HEADER = "X-Request-ID"

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_POLLED = frozenset({"/health/live", "/health/ready", "/metrics"})
"""What watchdogs and Prometheus ask every few seconds: at DEBUG, so that they do not fill the disk."""
_log = logging.getLogger("neasmart.access")


def install(app: Flask) -> None:
    """Trace every request; must be installed first, because everything else may refuse."""
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """Return the id of the request at hand: the caller's own if it is harmless, else one of ours."""
    return str(g.request_id)


def context() -> dict[str, str]:
    """Return what the daemon's lines about a call shall carry; nothing outside of a request."""
    bound = structlog.contextvars.get_contextvars()
    return {"request_id": bound["request_id"]} if "request_id" in bound else {}


def note(**fields: str) -> None:
    """Let every further line of the request at hand carry these fields."""
    structlog.contextvars.bind_contextvars(**fields)


def begin(given: str) -> str:
    """Return the id of a request, the caller's own if it is harmless, and let every line of the request carry it."""
    request_id = given if _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
    # One greenlet serves many requests of a connection: what the last one has bound must go.
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def finished(route: str | None, began: float, fields: Mapping[str, object]) -> None:
    """Write the access line of a request that came in when `perf_counter` said `began`."""
    duration = round((perf_counter() - began) * 1000, 2)
    level = logging.DEBUG if route in _POLLED else logging.INFO
    write(_log, level, "request", {**fields, "route": route, "duration_ms": duration})


def _begin() -> None:
    g.request_id = begin(request.headers.get(HEADER, ""))
    g.began = perf_counter()


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    route = request.url_rule.rule if request.url_rule else None
    fields = {
        "key": g.get("caller_name"),
        "client": g.get("caller_address") or request.remote_addr or None,
        "method": request.method,
        "status": response.status_code,
    }
    done = partial(_done, route, g.began, fields)
    if response.is_streamed:
        response.call_on_close(done)
    else:
        done()
    return response


def _done(route: str | None, began: float, fields: Mapping[str, object]) -> None:
    finished(route, began, {**structlog.contextvars.get_contextvars(), **fields})
