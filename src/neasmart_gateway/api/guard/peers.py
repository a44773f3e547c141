"""From which address a request comes, and whether that alone gives it rights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_network

from flask import request

from neasmart_gateway.api.guard.addresses import address_of, among
from neasmart_gateway.api.guard.ingress import through_ingress
from neasmart_gateway.api.options import Network

_FORWARDING = re.compile(
    r"HTTP_(X_(ORIGINAL_)?FORWARDED.*|FORWARDED|VIA|X_REAL_IP|X_CLIENT_IP|X_CLUSTER_CLIENT_IP|X_SCHEME|X_ENVOY_.*"
    r"|TRUE_CLIENT_IP|CF_CONNECTING_IP)"
)
"""What proxies add, as WSGI names it: a request that carries one of these speaks for somebody else."""
_MOST_HOPS = 20
_NEIGHBOURS = 64
"""Bits of an IPv6 address that stand for a household: within it anybody can take as many addresses as they like."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Whoever made a request: the address as text, whether it is a trusted one, and whether it is of this machine."""

    address: str
    trusted: bool
    loopback: bool

    @property
    def neighbourhood(self) -> str:
        """The addresses that count as one when it is counted who does something how often."""
        return _neighbourhood(self.address)


class Peers:
    """Tells peers: `trusted` may come without a key, and `proxies` are believed about whom they speak for."""

    def __init__(self, trusted: Sequence[Network], proxies: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)
        self._proxies = tuple(proxies)

    def of_request(self) -> Peer:
        """Return the peer of the request at hand.

        X-Forwarded-For counts only from a trusted proxy. Whatever else was forwarded comes from nobody we know: a proxy
        on this machine must not open the door to everyone. Home Assistant's ingress forwards too, but has asked its
        user who they are.
        """
        remote = request.remote_addr or ""
        if through_ingress():
            return Peer(remote, trusted=True, loopback=False)
        if not any(_FORWARDING.fullmatch(name) for name in request.environ if name.startswith("HTTP_")):
            return self._peer(remote)
        address = self._forwarded(remote)
        return Peer(remote or "local", trusted=False, loopback=False) if address is None else self._peer(address)

    def _forwarded(self, remote: str) -> str | None:
        """Return for whom trusted proxies speak: the nearest address that is not one of theirs; None: nobody says."""
        if not among(address_of(remote), self._proxies):
            return None
        hops = request.headers.get("X-Forwarded-For", "").split(",")[-_MOST_HOPS:]
        for hop in reversed(hops):
            address = address_of(hop.strip())
            if address is None:
                return None
            if not among(address, self._proxies):
                return str(address)
        return None

    def _peer(self, text: str) -> Peer:
        address = address_of(text)
        return Peer(text or "local", among(address, self._trusted), address is not None and address.is_loopback)


@lru_cache(maxsize=256)
def _neighbourhood(text: str) -> str:
    address = address_of(text)
    if not isinstance(address, IPv6Address):
        return text if address is None else str(address)
    return str(ip_network((int(address) >> _NEIGHBOURS << _NEIGHBOURS, 128 - _NEIGHBOURS)))
