"""Headers of every answer: they keep browsers from guessing, framing, telling and storing, and tell of drills."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response

from neasmart_gateway.api.guard.ingress import through_ingress

FAULTS = "X-Neasmart-Faults"
_ALWAYS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""What an answer that is no page may load."""


def install(app: Flask) -> None:
    """Put them on every answer."""
    app.after_request(_harden)


def tell_of_faults(app: Flask, running: Callable[[], list[str]]) -> None:
    """Put the names of the faults that are made on purpose on every answer, while there are any."""

    def tell(response: Response) -> Response:
        if names := running():
            response.headers[FAULTS] = ",".join(names)
        return response

    app.after_request(tell)


def _harden(response: Response) -> Response:
    response.headers.extend(_ALWAYS)
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
    response.headers.setdefault("Cache-Control", "no-store")
    if through_ingress():  # Home Assistant shows us in a frame of its own page, which has the same origin
        policy = response.headers["Content-Security-Policy"]
        response.headers["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
