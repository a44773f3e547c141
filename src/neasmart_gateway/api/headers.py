"""Headers that keep browsers from guessing, framing, telling and storing."""

from __future__ import annotations

from flask import Flask, Response

_ALWAYS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""What an answer that is no page may load."""


def install(app: Flask) -> None:
    """Put them on every answer."""
    app.after_request(_harden)


def _harden(response: Response) -> Response:
    response.headers.extend(_ALWAYS)
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
