"""Lets pages from named origins call the API from a browser."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Flask, Response, request
from flask_cors import CORS

from neasmart_gateway.api.guard.signatures import HEADERS

_METHODS = ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"]
_MAY_SEND = [
    "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Prefer", "X-API-Key", "X-Request-ID",
    *HEADERS,
]  # fmt: skip
_MAY_READ = [
    "ETag", "Location", "Preference-Applied", "Retry-After", "X-Neasmart-Bus-Age-Seconds", "X-Neasmart-Faults",
    "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-ID",
]  # fmt: skip


def install(app: Flask, origins: Sequence[str]) -> None:
    """Allow these origins, compared as they are; must be installed before whatever asks for a key."""
    # Compiled, because flask-cors takes "http://[::1]:3000" for a regular expression and "*" for everybody.
    exact = [re.compile(re.escape(origin) + r"\Z", re.IGNORECASE) for origin in origins]
    app.before_request(lambda: _preflight(exact))
    CORS(app, origins=exact, methods=_METHODS, allow_headers=_MAY_SEND, expose_headers=_MAY_READ, max_age=600)


def _preflight(origins: Sequence[re.Pattern[str]]) -> Response | None:
    """Answer a browser's question beforehand, which never carries a key; flask-cors adds what it allows."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    asking = request.headers.get("Origin", "")
    return Response(status=204) if asks and any(origin.match(asking) for origin in origins) else None
