"""The command `neasmart-gateway`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from neasmart_gateway import __version__, bus_commands, key_commands, moving_commands
from neasmart_gateway.compat_test_command import compat_test
from neasmart_gateway.daemon.claims import stopped_gateway
from neasmart_gateway.demo import run_demo, until_interrupted
from neasmart_gateway.doctor_command import doctor
from neasmart_gateway.errors import GatewayError, SettingsError
from neasmart_gateway.escaping import escaped
from neasmart_gateway.ha_yaml_command import ha_yaml
from neasmart_gateway.health_command import health
from neasmart_gateway.settings import check_files, effective, load
from neasmart_gateway.simulator import replay as replaying
from neasmart_gateway.simulator.endpoints import Endpoint, line_of
from neasmart_gateway.simulator.manners import Manners, units_in
from neasmart_gateway.simulator.options import Options
from neasmart_gateway.store import upkeep
from neasmart_gateway.store.salvage import salvage
from neasmart_gateway.support_command import support_bundle

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

database = typer.Typer(no_args_is_help=True, help="Look after the database.")
app.add_typer(database, name="db")
app.add_typer(bus_commands.app)
app.add_typer(moving_commands.app)
app.add_typer(key_commands.app, name="key")


def main() -> None:
    """Run the command line; faults of the operator's end with status 2 and a line for each."""
    try:
        app()
    except SettingsError as error:
        _fail(error.faults)
    except GatewayError as error:
        _fail([error.message])


@app.command()
def serve() -> None:
    """Run the gateway in the foreground, as `gunicorn -c gunicorn_config.py` does in a clone."""
    load()
    arguments = [sys.executable, "-m", "gunicorn", "-c", "python:neasmart_gateway.gunicorn_config"]
    os.execv(sys.executable, arguments)  # noqa: S606 - our own interpreter, with arguments of our own


@app.command()
def demo() -> None:
    """Run a gateway and a simulated house on loopback and unprivileged ports, until Ctrl-C."""
    raise typer.Exit(run_demo())


@app.command("check-config")
def check_config() -> None:
    """Print the settings in force, secrets masked; or what is wrong with them, and exit with status 2."""
    settings = load()
    check_files(settings)
    for name, value in effective(settings).items():
        print(f"{name}={value}")
    for base in settings.structures:
        zones = ", ".join(f"{zone.id} {zone.label}" for zone in base.zones)
        print(f"# base {base.base_id} {base.base_label or ''}: {zones or 'no zones named'}")


@app.command()
def simulate(
    connect: Annotated[
        str,
        typer.Option(help="HOST:PORT (Modbus TCP), rtu://HOST:PORT (RTU over TCP) or a device such as /dev/ttyUSB0."),
    ],
    bases: Annotated[int, typer.Option(help="Base stations in the house, 1 to 5.")] = 1,
    zones: Annotated[int, typer.Option(help="Zones of each base, 1 to 12.")] = 4,
    speed: Annotated[float, typer.Option(help="How many times as fast as real time.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same house.")] = 1,
    hand_changes: Annotated[
        float, typer.Option(help="Probability, 0 to 1, that somebody turns a thermostat within a minute.")
    ] = 0.05,
    baudrate: Annotated[int, typer.Option(help="Speed of the line, for RTU.")] = 38400,
    parity: Annotated[str, typer.Option(help="none, even or odd, for RTU.")] = "none",
    stopbits: Annotated[int, typer.Option(help="1 or 2, for RTU.")] = 1,
    others: Annotated[str, typer.Option(help="RTU: units of other slaves on the line, for example 17,18.")] = "",
    proprietary: Annotated[float, typer.Option(help="RTU: chance, 0 to 1, of a frame outside Modbus.")] = 0.0,
    noise: Annotated[float, typer.Option(help="RTU: chance of random bytes before or behind a frame.")] = 0.0,
    hits: Annotated[float, typer.Option(help="RTU: chance that bytes of a frame arrive changed.")] = 0.0,
    chopped: Annotated[float, typer.Option(help="Chance that a write arrives in pieces.")] = 0.0,
    glued: Annotated[float, typer.Option(help="Chance that a frame goes in one write with the next one.")] = 0.0,
    echo: Annotated[bool, typer.Option("--echo", help="RTU: send back at once what the gateway answers.")] = False,
    restart_every: Annotated[float, typer.Option(help="Mean seconds between restarts of the base; 0: none.")] = 0.0,
    restart_silence: Annotated[float, typer.Option(help="Seconds for which a restarting base is silent.")] = 10.0,
    unplug_every: Annotated[float, typer.Option(help="Mean seconds until the plug is pulled; 0: never.")] = 0.0,
    unplug_for: Annotated[float, typer.Option(help="Seconds for which it stays unplugged.")] = 3.0,
    replay: Annotated[Path | None, typer.Option(help="Play this capture instead, with its pauses, and end.")] = None,
) -> None:
    """Be a base station with a house behind it, until Ctrl-C."""
    manners = Manners(
        others=units_in(others),
        proprietary=proprietary,
        noise=noise,
        hits=hits,
        chopped=chopped,
        glued=glued,
        echo=echo,
        restart_every=restart_every,
        restart_silence=restart_silence,
        unplug_every=unplug_every,
        unplug_for=unplug_for,
    )
    endpoint = Endpoint.parse(connect, line_of(baudrate, parity, stopbits))
    if replay is not None:
        played = asyncio.run(replaying.replay(replaying.load(replay, endpoint), endpoint, speed))
        print(f"{played.frames} frames played, {played.answered_bytes} bytes came back")
        return
    options = Options(
        endpoint, bases=bases, zones=zones, speed=speed, seed=seed, hand_changes=hand_changes, manners=manners
    )
    asyncio.run(until_interrupted(options))


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to; must not exist yet.")]) -> None:
    """Copy the database to FILE, also while the gateway runs."""
    upkeep.backup(load().database.path, file)
    print(f"copied to {file}")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A copy made by backup.")]) -> None:
    """Put a copy in place of the database; the gateway must be stopped. The old database is set aside."""
    path = load().database.path
    with stopped_gateway(path):
        old = upkeep.restore(file, path)
    print(f"restored {path}" + (f"; the old one is {old}" if old else ""))


@database.command("check")
def check_database() -> None:
    """Look at every page of the database; exit status 1 when it is damaged."""
    path = load().database.path
    verdict = upkeep.check(path)
    rows = ", ".join(f"{count} {table}" for table, count in verdict.rows.items())
    for fault in verdict.faults:
        print(fault, file=sys.stderr)
    print(f"{path}: {'damaged' if verdict.faults else 'sound'}, schema version {verdict.version}, {rows}")
    raise typer.Exit(1 if verdict.faults else 0)


@database.command("salvage")
def salvage_database(
    damaged: Annotated[Path, typer.Argument(help="The damaged file.")],
    new: Annotated[Path, typer.Argument(help="Where to; must not exist yet.")],
) -> None:
    """Copy all that can be read of a damaged database to a new one; `restore` puts that in place."""
    for table, saved in salvage(damaged, new).items():
        lost = [f"rows {first} to {last} cannot be read" for first, last in saved.gaps]
        lost += [f"{saved.senseless} rows make no sense"] if saved.senseless else []
        lost += [f"the table cannot be read: {saved.failure}"] if saved.failure else []
        print("; ".join([f"{table}: {saved.rows} saved", *lost]))
    print(f"saved to {new}; to use it, stop the gateway and run: neasmart-gateway restore {new}")


app.command()(doctor)
app.command()(health)
app.command("compat-test")(compat_test)
app.command("ha-yaml")(ha_yaml)
app.command("support-bundle")(support_bundle)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def _fail(faults: list[str]) -> None:
    for line in "\n".join(faults).split("\n"):
        print(escaped(line), file=sys.stderr)  # it may quote a file or an answer of somebody else
    raise SystemExit(2)
