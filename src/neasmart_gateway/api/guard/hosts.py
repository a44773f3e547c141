"""Refuses requests for names that are not ours, as a page sends them whose name was rebound to our address."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address

from flask import request

from neasmart_gateway.api.guard.ingress import through_ingress
from neasmart_gateway.api.refusals import ForeignHost

_LONGEST_SHOWN = 80


class HostGuard:
    """Lets through what is asked of an address, of localhost, of this machine's name, or of an `allowed` name.

    An address cannot be rebound: a browser that names it has been told to. `*.example` allows every name below
    example. `refused` is called for each request that is turned away.
    """

    def __init__(self, allowed: Sequence[str], refused: Callable[[], None]) -> None:
        own = socket.gethostname()
        self._names = {"localhost", own.lower(), f"{own.partition('.')[0].lower()}.local"}
        self._names |= {name.lower().rstrip(".") for name in allowed if not name.startswith("*.")}
        self._below = tuple(name[1:].lower().rstrip(".") for name in allowed if name.startswith("*."))
        self._refused = refused
        self._is_ours = lru_cache(maxsize=64)(self._judge)

    def check(self) -> None:
        """Refuse the request at hand (421) when it is for somebody else; of ingress, Home Assistant has judged."""
        if through_ingress():
            return
        host = request.environ.get("HTTP_HOST", "")
        if not self._is_ours(host) and (host or request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0"):
            self._refused()
            raise ForeignHost(
                f"This gateway is not {host[:_LONGEST_SHOWN]!r}. Call it by its address, or add the name to "
                "NEASMART_API_ALLOWED_HOSTS."
            )

    def _judge(self, host: str) -> bool:
        name = _without_port(host).lower().rstrip(".")
        return name in self._names or _is_address(name) or (bool(self._below) and name.endswith(self._below))


def _without_port(host: str) -> str:
    if host.startswith("["):
        name, bracket, _ = host[1:].partition("]")
        return name if bracket else host
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
