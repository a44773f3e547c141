"""Whether what the settings say of who may come in makes sense as a whole, before a gateway is started with it."""

from __future__ import annotations

from collections.abc import Iterator

from neasmart_gateway.settings.kinds import is_loopback
from neasmart_gateway.settings.models import Settings


def faults(settings: Settings) -> Iterator[str]:
    """Yield a readable line for each thing that must not be so."""
    api = settings.api
    if (
        api.enable_auth
        and api.key is None
        and not settings.keys
        and all(one.is_loopback for one in api.trusted_clients)
    ):
        yield (
            "NEASMART_API_ENABLE_AUTH is on, but there is no key, and no other machine among the trusted clients: set "
            "NEASMART_API_KEY, or make one with neasmart-gateway key new NAME"
        )
    if settings.environment != "production" or is_loopback(api.host) or api.allow_unauthenticated:
        return
    way_out = "or NEASMART_API_ALLOW_UNAUTHENTICATED=true if the network is trusted"
    if not api.enable_auth:
        yield (
            f"ENVIRONMENT is production and the API listens on {api.host} without authentication: set "
            f"NEASMART_API_ENABLE_AUTH=true, {way_out}"
        )
    elif any(network.prefixlen == 0 for network in api.trusted_clients):
        yield (
            f"ENVIRONMENT is production, the API listens on {api.host}, and NEASMART_API_TRUSTED_CLIENTS lets "
            f"everybody command: name the networks that you mean, {way_out}"
        )
