"""The commands for moving in from an older gateway: take over its values and settings, and compare the two."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from neasmart_gateway.compare_command import compare
from neasmart_gateway.daemon.claims import stopped_gateway
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.moving.registers import Measurement, Predecessor, Sorted, sort
from neasmart_gateway.moving_config_command import import_config
from neasmart_gateway.settings import load
from neasmart_gateway.store import arrivals, predecessor
from neasmart_gateway.store.journal import Remembered

app = typer.Typer()
app.command("import-config")(import_config)
app.command()(compare)

_MOST_SHOWN = 20
_DOUBT = (
    "warning: too little is in this file to tell {whose}'s gateway from {other}'s: as the wrong one, setpoints are "
    "taken for temperatures. Look with --dry-run whether the values can be true"
)


@app.command("import")
def import_database(
    file: Annotated[Path, typer.Argument(help="The old gateway's registers.db; it is only read.")],
    whose: Annotated[
        Predecessor, typer.Option("--from", help="Whose gateway made it: MatteoManzoni's or giacomoalonzi's v2.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be imported.")] = False,
) -> None:
    """Take over the measurements of an older gateway, as old values; never its commands. Ours must be stopped."""
    path = load().database.path
    if file.exists() and path.exists() and file.samefile(path):
        raise OperatorError(
            f"{file} is where this gateway keeps its own database: move the old one elsewhere, and import that"
        )
    old = predecessor.read(file)
    found = sort(old.numbers, whose)
    at = min(old.changed_at, time.time())
    if found.other and found.measurements:
        typer.echo(_DOUBT.format(whose=whose, other=found.other), err=True)
    there = arrivals.known(path)
    if dry_run:
        for line in _table(found.measurements, there):
            typer.echo(line)
        new = sum(one.address not in there for one in found.measurements)
    else:
        with stopped_gateway(path):
            new = arrivals.add(path, [Remembered(one.address, one.word, at) for one in found.measurements])
    done = "would be imported" if dry_run else "imported"
    typer.echo(f"{new} of {len(found.measurements)} measurements {done}, as of {_utc(at)} at the latest")
    for line in _left_out(found, len(found.measurements) - new):
        typer.echo(line)


def _table(measurements: Iterable[Measurement], there: frozenset[int]) -> Iterator[str]:
    for one in measurements:
        remark = "known already: stays" if one.address in there else ""
        yield f"{one.address:>5}  {one.name:<36} {one.value:>12}  {remark}".rstrip()


def _left_out(found: Sorted, known: int) -> Iterator[str]:
    """Yield a line for each kind of number that is not imported."""
    if known:
        yield f"known already: {known}, heard by this gateway or imported before; they stay as they are"
    if found.commands:
        yield f"left out: {len(found.commands)} modes, states and setpoints; commands are never taken over"
    if found.unknown:
        yield f"left out: {len(found.unknown)} registers that nobody knows: {_ranges(found.unknown)}"
    for one in found.senseless[:_MOST_SHOWN]:
        yield f"left out: register {one.address} holds {one.number}: {one.reason}"
    if len(found.senseless) > _MOST_SHOWN:
        yield f"left out: {len(found.senseless) - _MOST_SHOWN} more such registers"


def _ranges(addresses: list[int]) -> str:
    """Return ascending addresses in short: "9, 103–105, …"."""
    runs = [[a for _, a in run] for _, run in groupby(enumerate(addresses), key=lambda pair: pair[1] - pair[0])]
    shown = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs[:_MOST_SHOWN]]
    return ", ".join([*shown, *(["…"] if len(runs) > _MOST_SHOWN else [])])


def _utc(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
