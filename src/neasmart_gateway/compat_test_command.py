"""The command `neasmart-gateway compat-test`: what each Home Assistant integration would show of a gateway."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import typer

from neasmart_gateway.compat_test.asking import Asker, checked, plain
from neasmart_gateway.compat_test.calls import Call, api_calls, root_calls
from neasmart_gateway.compat_test.playing import found_zones, played, refuses_commands
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.rest_client import RestClient
from neasmart_gateway.settings import load
from neasmart_gateway.settings.kinds import is_loopback


class Contract(StrEnum):
    """Whose calls are played."""

    ROOT = "root"
    API = "api"


_CALLS: Mapping[Contract, tuple[str, Callable[[list[str]], Iterator[Call]]]] = {
    Contract.ROOT: ("Root routes (integration of the MatteoManzoni gateway)", root_calls),
    Contract.API: ("/api routes (integration of the giacomoalonzi gateway)", api_calls),
}
_FROM_HERE = (
    "Asked from this machine, which may be let in where Home Assistant on another is not: whether that is trusted "
    "(401) and calls by a known name (421) shows only there. See NEASMART_API_TRUSTED_CLIENTS and "
    "NEASMART_API_ALLOWED_HOSTS."
)


def compat_test(
    url: Annotated[
        str | None, typer.Argument(help="Where the gateway is, such as http://192.0.2.7:5001; else as in the settings.")
    ] = None,
    zone: Annotated[
        list[str] | None, typer.Option(help="BASE/ZONE, once for each; else all that can be found.")
    ] = None,
    contract: Annotated[
        Contract | None, typer.Option(help="The one to test; else both, or with the settings those that are served.")
    ] = None,
) -> None:
    """Play the calls of the Home Assistant integrations; exit status 1 when something of them would fail.

    It reads, and sends empty commands ({}), which every gateway must refuse. No key is sent, because the integrations
    send none.
    """
    if wrong := [one for one in zone or () if not re.fullmatch("[1-5]/([1-9]|1[0-2])", one)]:
        raise OperatorError(f"{wrong[0]!r} is no zone, such as 1/1")
    asker, served = _asker(url)
    contracts = [contract] if contract else served
    zones = zone or found_zones(asker, at_root=Contract.ROOT in contracts) or ["1/1"]
    typer.echo(f"Asked at {asker.base}, without a key.")
    if is_loopback(urlsplit(asker.base).hostname or ""):
        typer.echo(_FROM_HERE)
    failed = _refusal(asker) + sum(_played(asker, one, zones) for one in contracts)
    typer.echo(f"\n{failed} of these would fail." if failed else "\nEverything of these would be shown.")
    raise typer.Exit(int(failed > 0))


def _asker(url: str | None) -> tuple[Asker, list[Contract]]:
    if url is not None:
        return Asker(checked(url)), list(Contract)
    settings = load()
    client = RestClient(settings)
    served = [one for one in Contract if one in settings.api.compat]
    return Asker(client.url, client.tls), served or list(Contract)


def _refusal(asker: Asker) -> int:
    reason = refuses_commands(asker)
    if reason is not None:
        typer.echo(f"FAILS every command, 409: {plain(reason)}")
    return int(reason is not None)


def _played(asker: Asker, contract: Contract, zones: list[str]) -> int:
    title, calls = _CALLS[contract]
    typer.echo(f"\n{title}")
    lines = list(played(asker, calls(zones)))
    for line in lines:
        typer.echo(f"  {'FAILS' if line.fails else 'ok   '} {line.text}")
    return sum(line.fails for line in lines)
