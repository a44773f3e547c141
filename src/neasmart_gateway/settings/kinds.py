"""What the groups of settings are made of: kinds of values, and what a group is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

Network = Annotated[IPv4Network | IPv6Network, PlainValidator(lambda value: ip_network(value))]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Limit = Annotated[int, Field(ge=1)]
Unit = Annotated[int, Field(ge=1, le=247)]


def _split(value: Any) -> Any:  # noqa: ANN401 - whatever the file or the environment holds
    """Let a list be written as "a,b" too, as an environment variable must."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Listed = BeforeValidator(_split)


def _whole(value: Any) -> Any:  # noqa: ANN401
    """Let a number be written as a text, as a variable is, where only some numbers are allowed."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


Whole = BeforeValidator(_whole)


class Group(BaseModel):
    """One group of settings; an unknown key in the file is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def each_once(these: Sequence[int | str], what: str) -> None:
    twice = sorted({one for one in these if these.count(one) > 1}, key=str)
    if twice:
        raise ValueError(f"{what} {', '.join(map(str, twice))} stands there twice")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, seen from itself alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def on_any_socket(networks: Iterable[IPv4Network | IPv6Network]) -> Iterator[str]:
    """Write each network as it is, and an IPv4 one also as a double-stack socket shows its addresses."""
    for network in networks:
        yield str(network)
        if isinstance(network, IPv4Network):
            yield f"::ffff:{network.network_address}/{96 + network.prefixlen}"
