"""The commands that make, list and remove API keys. Keys stand in the YAML file, as hashes."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from neasmart_gateway.api.guard.keys import SOLE, make_key
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.settings import Settings, load
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
    settings = load()
    _hold_to_rules(settings, name, scope)
    made, secret = make_key(name), secrets.token_urlsafe(32) if signed else None
    entry = {"name": name, "scope": scope, "hash": made.hashed} | ({"signing_secret": secret} if secret else {})
    with _edited(settings.config) as content:
        content.setdefault("keys", CommentedSeq()).append(CommentedMap(entry))
    print(f"key: {made.key}")
    if secret:
        print(f"signing secret: {secret}")
    print(f"Write it down now: it is not shown again. {_RESTART}")
    if not settings.api.enable_auth:
        print("Keys are asked for only with NEASMART_API_ENABLE_AUTH=true, which is off.")


@app.command("list")
def list_keys() -> None:
    """Print every key's name and scope."""
    settings = load()
    for key in settings.keys:
        print(f"{key.name}\t{key.scope}" + ("\tsigned" if key.signing_secret else ""))
    if settings.api.key:
        print(f"{SOLE}\t{Scope.ADMIN.label}\tin NEASMART_API_KEY")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The name of the key.")]) -> None:
    """Take a key out of the YAML file."""
    settings = load()
    if name not in {key.name for key in settings.keys}:
        raise OperatorError(f"there is no key {name!r} in {settings.config}")
    with _edited(settings.config) as content:
        content["keys"] = [entry for entry in content["keys"] if entry["name"] != name]
        if not content["keys"]:
            del content["keys"]
    print(f"removed {name}. {_RESTART}")


def _hold_to_rules(settings: Settings, name: str, scope: str) -> None:
    if not KEY_NAME.fullmatch(name) or name == SOLE:
        raise OperatorError(
            f"{name!r} cannot be a key's name: 1 to 32 small letters, digits and -, the first no -; {SOLE} is taken"
        )
    if scope not in {one.label for one in Scope if one}:
        raise OperatorError(f"{scope!r} is no scope: it is read, control or admin")
    if name in {key.name for key in settings.keys}:
        raise OperatorError(f"there is a key {name!r} already: remove it first, or take another name")


@contextmanager
def _edited(file: Path) -> Iterator[Any]:
    """Give the content of the YAML file to change, and put it back whole: comments stay, nobody sees half of it."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        content = yaml.load(file.read_text(encoding="utf-8")) if file.exists() else None
        content = CommentedMap() if content is None else content
        yield content
        _replace(file, yaml, content)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror}") from error


def _replace(file: Path, yaml: YAML, content: Any) -> None:  # noqa: ANN401 - whatever the file holds
    """Write beside the file, then put that in its place. A file that others may read stays so, with a warning."""
    target = file.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o600
    descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            yaml.dump(content, new)
            new.flush()
            os.fsync(new.fileno())
        Path(beside).chmod(mode)
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    if mode & _OTHERS:
        typer.echo(f"{file} can be read by others; better: chmod 600 {file}", err=True)
