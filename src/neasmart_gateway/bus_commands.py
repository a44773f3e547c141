"""The commands about the bus: what is heard on it, and what may be wrong with it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
import yaml

from neasmart_gateway import __version__
from neasmart_gateway.domain.times import unix_of
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.modbus.capture import Captured, Writer
from neasmart_gateway.rest_client import RestClient
from neasmart_gateway.settings import load

app = typer.Typer()

_PAGE = 1000
_LOOK_AGAIN = 0.5
_STDOUT = "-"


@app.command()
def capture(
    output: Annotated[str, typer.Option("--output", "-o", help="The file, which must not exist yet; - is stdout.")],
    minutes: Annotated[float, typer.Option(min=0.0, help="From how long ago; about ten minutes are kept.")] = 10.0,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what is heard from now on, until Ctrl-C.")
    ] = False,
) -> None:
    """Write what the running gateway has heard on the bus to a pcapng file, for Wireshark, tshark or --replay."""
    pages = _pages(RestClient(load()), time.time() - minutes * 60, follow)
    first = next(pages)  # before the file is made: there may be no gateway
    with _opened(output) as file:
        count = 0
        try:
            for chunk, frames in _chunks(first, pages):
                file.write(chunk)
                file.flush()
                count += frames
        except KeyboardInterrupt:
            pass
        except BrokenPipeError:  # whoever read has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
        except OSError as error:
            raise OperatorError(f"cannot write {output}: {error.strerror}") from None
    typer.echo(f"{'stdout' if output == _STDOUT else output}: {count} frames", err=output == _STDOUT)


@app.command()
def topology(
    as_yaml: Annotated[
        bool,
        typer.Option("--yaml", help="Print the structures section for the settings, and names for Home Assistant."),
    ] = False,
) -> None:
    """Show which zones and other things the base station has ever spoken of, and which have gone silent."""
    learned = RestClient(load()).get("/topology")
    typer.echo("\n".join(_structures(learned) if as_yaml else _table(learned)))


# Capturing


def _pages(client: RestClient, since: float, follow: bool) -> Iterator[list[Captured]]:
    """Yield what is kept from `since` on (Unix seconds), page by page; to follow, then what comes, for ever."""
    after = 0
    while True:
        page = client.get(f"/bus/frames?after={after}&limit={_PAGE}")
        after = page["next"]
        frames = [captured(frame) for frame in page["frames"]]
        yield [frame for frame in frames if frame.at >= since]
        if len(frames) < _PAGE:
            if not follow:
                return
            time.sleep(_LOOK_AGAIN)


def captured(frame: Mapping[str, Any]) -> Captured:
    """Return a frame that the API has shown as it goes into a capture."""
    as_they_are = {name: frame[name] for name in ("listener", "peer", "direction", "verdict", "framing")}
    return Captured(at=unix_of(frame["at"]), data=bytes.fromhex(frame["data"]), **as_they_are)


def _chunks(first: list[Captured], others: Iterator[list[Captured]]) -> Iterator[tuple[bytes, int]]:
    """Yield the file piece by piece, with how many frames are in each."""
    writer = Writer(f"neasmart-gateway {__version__}")
    yield writer.head() + b"".join(map(writer.frame, first)), len(first)
    for page in others:
        yield b"".join(map(writer.frame, page)), len(page)


def _opened(output: str) -> BinaryIO:
    if output == _STDOUT:
        if sys.stdout.isatty():
            raise OperatorError("a capture is no text for a terminal: name a file, or pipe it to tshark -r -")
        return os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    try:
        return Path(output).open("xb")
    except FileExistsError:
        raise OperatorError(f"{output} exists already: name another file, or remove it first") from None
    except OSError as error:
        raise OperatorError(f"cannot write {output}: {error.strerror}") from None


# The house


def _table(learned: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each thing."""
    if not learned["bus_alive"]:
        yield "The bus is silent or the daemon away: what has gone silent by itself cannot be told."
    for zone in learned["zones"]:
        named = "" if zone["configured"] else " (not in the settings)"
        yield _row(f"zone {zone['base']}.{zone['zone']}", zone, f"{zone['label']}{named}")
    for key in ("mixed_groups", "pumps", "dehumidifiers"):
        for thing in learned[key]:
            yield _row(f"{key[:-1].replace('_', ' ')} {thing['id']}", thing)
    for key in ("operation", "notifications", "outside"):
        if learned[key]:
            yield _row(key, learned[key])


def _row(name: str, seen: Mapping[str, Any], label: str = "") -> str:
    every = f"every {seen['every_seconds']:g} s" if seen["every_seconds"] else ""
    return f"{name:<16} {seen['presence']:<11} {seen['last_heard_at'] or '':<25} {every:<14} {label}".rstrip()


def _structures(learned: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the settings file's section."""
    if not learned["zones"]:
        yield "# The base station has not spoken of any zone yet."
        yield "structures: []"
        return
    yield "structures:"
    for base, zones in groupby(learned["zones"], key=lambda zone: (zone["base"], zone["base_label"])):
        yield f"  - base_id: {base[0]}"
        yield f"    base_label: {_inline(base[1])}"
        yield "    zones:"
        for zone in zones:
            plan = {"id": zone["zone"], "label": zone["label"], "mixed_group": zone["mixed_group"]}
            yield f"      - {_inline({k: v for k, v in plan.items() if v is not None})}{_remark(zone)}"
    heard = [zone for zone in learned["zones"] if zone["presence"] != "never"]
    if heard:
        yield "# The same for the zones field of the Home Assistant integration:"
        yield "# " + ",".join(f"{zone['base']}.{zone['zone']}:{_plain(zone['label'])}" for zone in heard)


def _inline(value: object) -> str:
    """Return a value as YAML on one line."""
    written = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return written.removesuffix("\n").removesuffix("\n...")


def _remark(zone: Mapping[str, Any]) -> str:
    match zone["presence"]:
        case "never":
            return "  # never heard"
        case "silent":
            return f"  # silent since {zone['last_heard_at']}"
    return ""


def _plain(label: str) -> str:
    """Return a label that neither ends the list's entry nor the line."""
    return " ".join(label.replace(",", " ").split())
