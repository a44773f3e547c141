"""The settings of the REST API: where it listens, who may do what, and how much."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from neasmart_gateway.settings.kinds import Group, Limit, Listed, Network, Port

_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class KeySettings(Group):
    """One API key, as `neasmart-gateway key new` writes it into the file: its hash, never the key itself."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    scope: Literal["read", "control", "admin"]
    hash: SecretStr
    signing_secret: Annotated[SecretStr, Field(min_length=32)] | None = None


class Api(Group):
    """HTTP: where to listen, and who may do what."""

    host: str = "127.0.0.1"
    port: Port = 5001
    enable_auth: bool = False
    allow_unauthenticated: bool = False
    allowed_hosts: Annotated[tuple[str, ...], Listed] = ()
    key: SecretStr | None = None
    trusted_clients: Annotated[tuple[Network, ...], Listed] = _LOOPBACK
    trusted_proxies: Annotated[tuple[Network, ...], Listed] = ()
    enable_cors: bool = False
    cors_origins: Annotated[tuple[str, ...], Listed] = ()
    rate_limit_per_minute: Limit = 1200
    command_limit_per_minute: Limit = 120
    tls_cert: Path | None = None
    tls_key: Path | None = None
    compat: Annotated[tuple[Literal["root", "api"], ...], Listed] = ("root", "api")

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.tls_cert is None) is not (self.tls_key is None):
            raise ValueError("NEASMART_API_TLS_CERT and NEASMART_API_TLS_KEY must both be set, or neither")
        return self
