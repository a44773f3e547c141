"""The command `neasmart-gateway health`: whether the running gateway is ready, for whoever watches over it."""

from __future__ import annotations

import typer

from neasmart_gateway.rest_client import NoGateway, RestClient
from neasmart_gateway.settings import load


def health() -> None:
    """Ask the running gateway whether it is ready; exit status 0 when it is, 1 when it is not or does not answer."""
    try:
        waiting_for = RestClient(load()).waiting_for()
    except NoGateway as away:
        typer.echo(away.message)
        raise typer.Exit(1) from None
    if waiting_for is None:
        typer.echo("ready")
        return
    typer.echo("not ready" + (f": {'; '.join(waiting_for)}" if waiting_for else ""))
    raise typer.Exit(1)
