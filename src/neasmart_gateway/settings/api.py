"""The settings of the REST API: where it listens, who may do what, and how much."""

from __future__ import annotations

import re
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr, model_validator

from neasmart_gateway.settings.kinds import Group, Limit, Listed, Network, Port

SOLE = "api-key"
"""The name of the one key that stands in NEASMART_API_KEY."""
KEY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_HASH = re.compile(r"scrypt\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}", re.ASCII)
_REDIS = ("redis", "rediss", "redis+unix")
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?", re.ASCII)
_ORIGIN = re.compile(r"https?://([^/\s:@*\[\]]+|\[[0-9a-f:]+\])(:[0-9]+)?", re.ASCII | re.IGNORECASE)
_PRINTABLE = re.compile(r"[!-~]{16,256}")
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def _hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _HOST.fullmatch(value):
            raise ValueError(f"{value} is no name of a host: no scheme, no port; *.example is every name below")
    return values


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _ORIGIN.fullmatch(value):
            raise ValueError(f"{value} is no origin, such as https://home.example or http://192.0.2.7:8123")
    return values


def _name(value: str) -> str:
    if not KEY_NAME.fullmatch(value) or value == SOLE:
        raise ValueError(f"must be 1 to 32 small letters, digits and -, the first no -; {SOLE} is taken")
    return value


def _key(value: SecretStr) -> SecretStr:
    if not _PRINTABLE.fullmatch(value.get_secret_value()):
        raise ValueError("must be 16 or more printable ASCII characters without blanks, so that nobody can guess it")
    return value


def _secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 32:
        raise ValueError("must be 32 or more characters, as neasmart-gateway key new --signed makes it")
    return value


def _is_hash(value: SecretStr) -> SecretStr:
    if not _HASH.fullmatch(value.get_secret_value()):
        raise ValueError("is not a hash as neasmart-gateway key new writes it")
    return value


class KeySettings(Group):
    """One API key, as `neasmart-gateway key new` writes it into the file: its hash, never the key itself."""

    name: Annotated[str, AfterValidator(_name)]
    scope: Literal["read", "control", "admin"]
    hash: Annotated[SecretStr, AfterValidator(_is_hash)]
    signing_secret: Annotated[SecretStr, AfterValidator(_secret)] | None = None


def _redis(value: SecretStr) -> SecretStr:
    """Refuse what is no address of a Redis; never with the value itself, which may hold a password."""
    address = value.get_secret_value()
    if address and not _is_redis(address):
        raise ValueError("it must be redis://HOST:PORT/0, rediss://HOST:PORT/0 or redis+unix:///PATH/OF/SOCKET")
    if address and find_spec("redis") is None:
        raise ValueError("it needs the package redis: pip install neasmart-gateway[redis]")
    return value


def _is_redis(address: str) -> bool:
    try:
        parts = urlsplit(address)
        named = parts.path if parts.scheme == "redis+unix" else parts.hostname and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in _REDIS and bool(named)


class Api(Group):
    """HTTP: where to listen, and who may do what."""

    host: str = "127.0.0.1"
    port: Port = 5001
    enable_auth: bool = False
    allow_unauthenticated: bool = False
    allowed_hosts: Annotated[tuple[str, ...], Listed, AfterValidator(_hosts)] = ()
    key: Annotated[SecretStr, AfterValidator(_key)] | None = None
    trusted_clients: Annotated[tuple[Network, ...], Listed] = _LOOPBACK
    trusted_proxies: Annotated[tuple[Network, ...], Listed] = ()
    ingress_proxies: Annotated[tuple[Network, ...], Listed] = ()
    enable_cors: bool = False
    cors_origins: Annotated[tuple[str, ...], Listed, AfterValidator(_origins)] = ()
    rate_limit_per_minute: Limit = 1200
    command_limit_per_minute: Limit = 120
    rate_limit_storage: Annotated[SecretStr, AfterValidator(_redis)] | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    compat: Annotated[tuple[Literal["root", "api"], ...], Listed] = ("root", "api")

    @model_validator(mode="after")
    def _cors_has_both(self) -> Self:
        if self.enable_cors is not bool(self.cors_origins):
            raise ValueError("NEASMART_API_ENABLE_CORS and NEASMART_API_CORS_ORIGINS must both be set, or neither")
        return self

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.tls_cert is None) is not (self.tls_key is None):
            raise ValueError("NEASMART_API_TLS_CERT and NEASMART_API_TLS_KEY must both be set, or neither")
        return self
