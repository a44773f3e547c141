"""Home Assistant's ingress: our pages inside its own, under a path of its own, for users that it knows.

Supervisor takes that path away before it passes a request on, names it in X-Ingress-Path, and leaves the Host of the
browser as it was, which is Home Assistant's name and none of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flask import request

from neasmart_gateway.api.guard.addresses import address_of, among
from neasmart_gateway.api.options import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_MARK = "neasmart.ingress"
_PATH = re.compile(r"(/[A-Za-z0-9_-]+){1,8}", re.ASCII)


class Ingress:
    """A WSGI application around ours: what comes from one of `proxies` with an ingress path is served under that path.

    The header of anybody else counts for nothing.
    """

    def __init__(self, app: WSGIApplication, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = tuple(proxies)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("HTTP_X_INGRESS_PATH", "")
        if path and _PATH.fullmatch(path) and among(address_of(environ.get("REMOTE_ADDR", "")), self._proxies):
            environ["SCRIPT_NAME"] = path  # Flask puts it in front of every address that it makes
            environ[_MARK] = True
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        return self._app(environ, start_response)


def through_ingress() -> bool:
    """Whether the request at hand came through Home Assistant's ingress."""
    return _MARK in request.environ
