"""The command `neasmart-gateway doctor`: what is wrong with the wiring, in plain words."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.rest_client import RestClient
from neasmart_gateway.settings import load

if TYPE_CHECKING:
    from neasmart_gateway.bus.speeds import Trial

_SECONDS = 3.0
_HARMLESS = "info"
_WIDTH = 100
_ALL_WELL = "Nothing found wrong."


def doctor(
    device: Annotated[
        str | None, typer.Argument(help="The serial device for --speeds; without it that of the settings.")
    ] = None,
    speeds: Annotated[
        bool, typer.Option("--speeds", help="With the gateway stopped: listen at each usual speed of the line.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="How long to listen at each speed.")] = _SECONDS,
) -> None:
    """Ask the running gateway what is wrong on the bus; exit status 1 when something is, 0 when not."""
    if speeds:
        raise typer.Exit(_try_speeds(device or _device_of_the_settings(), seconds))
    if device is not None:
        raise OperatorError(f"a device ({device}) goes with --speeds; without it the running gateway is asked")
    diagnosis = RestClient(load()).get("/bus/doctor")
    for line in told(diagnosis):
        typer.echo(line)
    raise typer.Exit(status(diagnosis))


def status(diagnosis: Mapping[str, Any]) -> int:
    """Return 0 when nothing is worse than info, else 1."""
    return int(any(finding["severity"] != _HARMLESS for finding in diagnosis["findings"]))


def told(diagnosis: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that tell a person what GET /bus/doctor has answered."""
    for finding in diagnosis["findings"]:
        yield from told_of(finding)
        yield ""
    if not diagnosis["findings"]:
        yield "Nothing found wrong so far; it is too early to be sure." if diagnosis["too_early"] else _ALL_WELL
    yield "Looked at:"
    for one in diagnosis["examined"]:
        yield from _wrapped("  ", one)


def told_of(finding: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of one finding."""
    yield f"{finding['severity'].upper()} {finding['code']}"
    yield from _wrapped("  ", finding["what"])
    evidence = ", ".join(f"{name} {_shown(value)}" for name, value in finding["evidence"].items())
    yield from _wrapped("  It rests on: ", evidence)
    if len(finding["remedy"]) == 1:
        yield from _wrapped("  What to do: ", finding["remedy"][0])
        return
    yield "  What to do, in this order:"
    for number, step in enumerate(finding["remedy"], 1):
        yield from _wrapped(f"    {number}. ", step)


def _wrapped(start: str, text: str) -> list[str]:
    """Return a text in lines that fit most screens, the further ones indented below the first."""
    return textwrap.wrap(
        text, _WIDTH, initial_indent=start, subsequent_indent=" " * (4 if ":" in start else len(start)),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _shown(value: object) -> str:
    """Return one piece of evidence as people read it."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_shown(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return "/".join(map(_shown, value)) or "none"
    return "never" if value is None else str(value)


def _device_of_the_settings() -> str:
    settings = load()
    serial = [one.address for one in (settings.server, *settings.listeners) if one.type == "serial"]
    if not serial:
        raise OperatorError(
            "no listener of the settings is serial: name the device, as in doctor --speeds /dev/serial/by-id/usb-…"
        )
    return serial[0]


def _try_speeds(device: str, seconds: float) -> int:
    # Not above: pymodbus and the whole bus would be loaded for every command that there is.
    from neasmart_gateway.bus.serial import DeviceFault
    from neasmart_gateway.bus.speeds import best, listen_at_each

    typer.echo(f"Listening on {device}, {seconds:g} s at each speed; nothing is sent.")
    trials: list[Trial] = []
    try:
        for trial in listen_at_each(device, seconds, time.monotonic):
            trials.append(trial)
            typer.echo(_heard(trial))
    except DeviceFault as fault:
        raise OperatorError(f"{fault} (a running gateway holds its device: stop it first)") from None
    found = best(trials)
    for line in _verdict(trials, found):
        typer.echo(line)
    return 0 if found else 1


def _heard(trial: Trial) -> str:
    traffic = trial.traffic
    if trial.refused:
        return f"  {trial.name:>10}: the device does not take this"
    return (
        f"  {trial.name:>10}: {traffic.bytes_in} bytes, {trial.frames} frames with a right checksum "
        f"({traffic.requests} for 240 or 241, {traffic.broadcasts} broadcasts), {traffic.dropped_bytes} bytes dropped"
    )


def _verdict(trials: Iterable[Trial], found: Trial | None) -> Iterator[str]:
    if found is not None:
        yield f"{found.name} is right: {found.frames} frames with a right checksum."
        yield f"Set {', '.join(_settings_of(found))}."
    elif any(trial.traffic.bytes_in for trial in trials):
        yield "Bytes come, but at no speed one frame with a right checksum: exchange A and B, and try again."
    else:
        yield "Not a byte at any speed: see to power, A, B and ground, and whether this is the right device."


def _settings_of(trial: Trial) -> Iterator[str]:
    yield f"NEASMART_SERVER_BAUDRATE={trial.line.baudrate}"
    yield f"NEASMART_SERVER_PARITY={trial.line.parity}"
