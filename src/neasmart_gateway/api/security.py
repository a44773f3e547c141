"""Who may come in, and by which name a caller goes."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from flask import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from neasmart_gateway.api.openapi.endpoints import is_open_documentation
from neasmart_gateway.api.options import Network

OPEN_PATHS = frozenset({"/health/live", "/health/ready"})
"""For watchdogs, which have no key; they say nothing about the house."""

_FORWARDING = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "X-Client-IP",
    "CF-Connecting-IP",
    "Via",
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CHALLENGE = WWWAuthenticate("bearer", {"realm": "NEA SMART gateway"})
_REFUSAL = "This needs a key, in the header X-API-Key or as Authorization: Bearer."


def caller() -> str:
    """Return the address of the peer; what forwarding headers claim does not count."""
    return request.remote_addr or "local"


class OriginGuard:
    """Keeps foreign web pages from commanding the house through the browser of somebody who may.

    A browser says in `Origin` whose page it acts for; programs send none. `allowed` are those of CORS.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = frozenset(origin.lower() for origin in allowed)

    def check(self) -> None:
        """Refuse the request at hand (403) when a page from elsewhere wants to change something."""
        origin = request.headers.get("Origin", "").lower()
        if not origin or request.method in _SAFE or origin in self._allowed:
            return
        if origin != f"{request.scheme}://{request.host}".lower():
            raise Forbidden("A web page from another origin may not do this; see NEASMART_API_CORS_ORIGINS.")


class Doorkeeper:
    """Lets in who has the key, and trusted peers that speak for themselves."""

    def __init__(self, key: str | None, trusted: Sequence[Network]) -> None:
        self._key = (key or "").encode()
        self._trusted = tuple(trusted)

    def check(self) -> None:
        """Refuse the request at hand (401) unless it may come in; a path that does not exist is no exception."""
        is_open = request.path in OPEN_PATHS or is_open_documentation(request.endpoint)
        if not is_open and not self._has_key() and not self._is_trusted():
            raise Unauthorized(_REFUSAL, www_authenticate=_CHALLENGE)

    def _has_key(self) -> bool:
        given = _given_key().encode("latin-1", "replace")  # a header's bytes as they came over the wire
        return bool(self._key) and hmac.compare_digest(given, self._key)

    def _is_trusted(self) -> bool:
        """A proxy on a trusted host speaks for everybody, so whatever was forwarded is not trusted."""
        if any(header in request.headers for header in _FORWARDING):
            return False
        address = _address(request.remote_addr or "")
        return address is not None and any(address in network for network in self._trusted)


def _given_key() -> str:
    bearer = request.authorization
    token = bearer.token if bearer is not None and bearer.type == "bearer" else None
    return request.headers.get("X-API-Key") or token or ""


@lru_cache(maxsize=256)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address, an IPv4 one behind a double-stack socket as what it is; None for a Unix socket's peer."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
