"""The commands that make, list and remove API keys. Keys stand in the YAML file, as hashes."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path
from typing import Annotated

import typer

from neasmart_gateway import key_file
from neasmart_gateway.api.guard.keys import SOLE, make_key
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.settings import load
from neasmart_gateway.settings.api import KEY_NAME

app = typer.Typer(no_args_is_help=True, help="Look after API keys.")

_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
_RESTART = "It counts from the next start of the gateway on."


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Whose key it is: small letters, digits and -, such as home-assistant.")],
    scope: Annotated[str, typer.Option(help="read, control (may command too) or admin (may do everything).")] = "read",
    signed: Annotated[
        bool, typer.Option("--signed", help="Demand a signature for critical operations; shows the secret for it.")
    ] = False,
) -> None:
    """Make a key and print it, this once: only its hash is kept, in the YAML file."""
    settings = load(whole=False)
    _hold_to_rules(name, scope)
    made, secret = make_key(name), secrets.token_urlsafe(32) if signed else None
    entry = {"name": name, "scope": scope, "hash": made.hashed} | ({"signing_secret": secret} if secret else {})
    key_file.add(settings.config, entry)
    _warn_of_others(settings.config)
    print(f"key: {made.key}")
    if secret:
        print(f"signing secret: {secret}")
    print(f"Write it down now: it is not shown again. {_RESTART}")
    if not settings.api.enable_auth:
        print("Keys are asked for only with NEASMART_API_ENABLE_AUTH=true, which is off.")


@app.command("list")
def list_keys() -> None:
    """Print every key's name and scope."""
    settings = load(whole=False)
    for key in settings.keys:
        print(f"{key.name}\t{key.scope}" + ("\tsigned" if key.signing_secret else ""))
    if settings.api.key:
        print(f"{SOLE}\t{Scope.ADMIN.label}\tin NEASMART_API_KEY")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The name of the key.")]) -> None:
    """Take a key out of the YAML file."""
    key_file.remove(load(whole=False).config, name)
    print(f"removed {name}. {_RESTART}")


def _hold_to_rules(name: str, scope: str) -> None:
    if not KEY_NAME.fullmatch(name) or name == SOLE:
        raise OperatorError(
            f"{name!r} cannot be a key's name: 1 to 32 small letters, digits and -, the first no -; {SOLE} is taken"
        )
    if scope not in {one.label for one in Scope if one}:
        raise OperatorError(f"{scope!r} is no scope: it is read, control or admin")


def _warn_of_others(file: Path) -> None:
    if file.stat().st_mode & _OTHERS:
        typer.echo(f"{file} can be read by others; better: chmod 600 {file}", err=True)
