"""Addresses of callers: what a text means, and whether it lies in some networks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from neasmart_gateway.api.options import Network

Address = IPv4Address | IPv6Address


def among(address: Address | None, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; nobody's does not."""
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=256)
def address_of(text: str) -> Address | None:
    """Return an address, an IPv4 one behind a double-stack socket as what it is; None for a Unix socket's peer."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
