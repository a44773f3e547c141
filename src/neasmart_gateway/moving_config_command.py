"""The command `neasmart-gateway import-config`: the settings of an older gateway as a settings file of ours."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from neasmart_gateway.errors import InvalidValue, OperatorError, SettingsError
from neasmart_gateway.escaping import escaped
from neasmart_gateway.moving.config import Translation, merged, translate
from neasmart_gateway.settings import faults_in
from neasmart_gateway.settings.sources import config_file

_LARGEST = 1_000_000


def import_config(
    files: Annotated[
        list[Path], typer.Argument(help="options.json or config.json, or all the files that config.json names.")
    ],
    write: Annotated[bool, typer.Option("--write", help="Write data/config.yaml (NEASMART_CONFIG).")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --write: also if there is such a file; it is kept beside it.")
    ] = False,
) -> None:
    """Make a settings file of the configuration of an older gateway; say what has no counterpart."""
    made = translate(merged((str(file), _content(file)) for file in files))
    faults = made.faults or faults_in(made.content)
    if faults:
        raise SettingsError(faults)
    text = _text(made, files)
    if write:
        _write(config_file(), text, force)
    else:
        typer.echo(text, nl=False)
    for remark in made.remarks:
        typer.echo(f"# {escaped(remark)}", err=True)


def _content(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise OperatorError(f"{file} is larger than a configuration ever was")
        content = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once_each)
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror}") from None
    except InvalidValue as error:
        raise OperatorError(f"{file}: {error.message}") from None
    except (ValueError, RecursionError) as error:
        raise OperatorError(f"{file} is not JSON{_where(error)}") from None
    if not isinstance(content, dict):
        raise OperatorError(f"{file} must hold a JSON object, such as an old gateway's options.json")
    return content


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice in one object, where it is not known which was meant; comments may."""
    times = Counter(key for key, _ in pairs if not key.startswith("//"))
    if twice := sorted(key for key in times if times[key] > 1):
        raise InvalidValue(f"{', '.join(twice)[:200]} stands there twice")
    return dict(pairs)


def _where(error: Exception) -> str:
    """Say where, but not with the error's own words: they may quote a secret."""
    return f", line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else ""


def _text(made: Translation, files: list[Path]) -> str:
    names = ", ".join(file.name for file in files)
    body = yaml.safe_dump(made.content, sort_keys=False, allow_unicode=True, width=120)
    return f"# Made by neasmart-gateway import-config of {json.dumps(names)}.\n{body}"


def _write(target: Path, text: str, force: bool) -> None:
    """Put the file in place whole, or not at all; what was there stays beside it."""
    if target.exists() and not force:
        raise OperatorError(f"{target} exists already: look at the result without --write first, or add --force")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        old = _kept_aside(target) if target.exists() else None
        _replace(target, text)
    except OSError as error:
        raise OperatorError(f"{target} cannot be written: {error.strerror}") from None
    typer.echo(f"written to {target}" + (f"; the old one is {old}" if old else ""))


def _replace(target: Path, text: str) -> None:
    descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            os.fchmod(descriptor, 0o644)
            new.write(text)
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _kept_aside(target: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    old = next(path for path in _names(target, stamp) if not path.exists())
    shutil.copy2(target, old)
    return old


def _names(target: Path, stamp: str) -> Iterator[Path]:
    yield target.with_name(f"{target.name}.replaced-{stamp}")
    for number in range(1, 1000):
        yield target.with_name(f"{target.name}.replaced-{stamp}-{number}")
