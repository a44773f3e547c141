"""The command `neasmart-gateway ha-yaml`: the house as Home Assistant's own configuration, ready to paste."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer

from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.ha_yaml.document import Access, document
from neasmart_gateway.ha_yaml.house import House
from neasmart_gateway.rest_client import RestClient
from neasmart_gateway.settings import Settings, load
from neasmart_gateway.settings.kinds import is_loopback

_EVERY = 30


def ha_yaml(
    url: Annotated[
        str | None,
        typer.Argument(help="Where Home Assistant reaches the gateway, as in http://192.0.2.7:5001."),
    ] = None,
    from_settings: Annotated[
        bool, typer.Option("--from-settings", help="Take the zones from the settings; no gateway is asked.")
    ] = False,
    every: Annotated[int, typer.Option(min=5, max=3600, help="Seconds between two looks.")] = _EVERY,
    auth: Annotated[
        bool | None, typer.Option("--auth/--no-auth", help="Whether Home Assistant sends a key; else as the settings.")
    ] = None,
) -> None:
    """Print the house as YAML for Home Assistant: sensors, setpoints and states, by its own `rest:` and `template:`."""
    settings = load()
    client = RestClient(settings, _address(url) if url is not None else None)
    house = House.configured(settings.house) if from_settings else House.learned(client.get("/topology"))
    if not house.rooms:
        raise OperatorError(_no_zones(from_settings))
    if is_loopback(urlsplit(client.url).hostname or ""):
        typer.echo(f"{client.url} is right for a Home Assistant on this very machine only: name another URL", err=True)
    needs_key = settings.api.enable_auth if auth is None else auth
    typer.echo(document(house, Access(client.url, needs_key, every), _allowed(settings)), nl=False)


def _address(url: str) -> str:
    """Return scheme, host and port of a gateway; OperatorError for what is no such address."""
    try:
        parts = urlsplit(url)
        plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and plain
    except ValueError:
        good = False
    if not good or not url.isprintable() or any(mark in url for mark in "{} \\\"'"):
        raise OperatorError(f"{url!r} is no address of a gateway, such as http://192.0.2.7:5001: no path, no password")
    return f"{parts.scheme}://{parts.netloc}"


def _allowed(settings: Settings) -> SetpointRange:
    return SetpointRange(settings.modbus.setpoint_min, settings.modbus.setpoint_max)


def _no_zones(from_settings: bool) -> str:
    if from_settings:
        return "the settings name no zones (structures): leave --from-settings out to ask the running gateway"
    return "the gateway knows of no zone yet: name them in the settings (structures), or wait until the base has spoken"
