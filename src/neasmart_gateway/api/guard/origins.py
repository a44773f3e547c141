"""Keeps foreign web pages from commanding the house through the browser of somebody who may."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import request

from neasmart_gateway.api.described import SAFE
from neasmart_gateway.api.refusals import ForeignOrigin


class OriginGuard:
    """A browser says in `Origin` whose page it acts for; programs send none. `allowed` are the origins of CORS."""

    def __init__(self, allowed: Sequence[str], refused: Callable[[], None]) -> None:
        self._allowed = frozenset(origin.lower() for origin in allowed)
        self._refused = refused

    def check(self) -> None:
        """Refuse the request at hand (403) when a page from elsewhere wants to change something."""
        origin = request.headers.get("Origin", "").lower()
        if not origin or request.method in SAFE or origin in self._allowed:
            return
        if origin != f"{request.scheme}://{request.host}".lower():
            self._refused()
            raise ForeignOrigin("A web page from another origin may not do this; see NEASMART_API_CORS_ORIGINS.")
