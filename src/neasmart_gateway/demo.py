"""A gateway and a simulated house side by side, for a first look, and the simulated house alone."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
import urllib.error
import urllib.request
from asyncio.subprocess import Process
from collections.abc import Mapping

from neasmart_gateway.rest_client import trusting
from neasmart_gateway.settings import Settings, load
from neasmart_gateway.settings.sources import variables
from neasmart_gateway.simulator.options import Endpoint, Options
from neasmart_gateway.simulator.run import simulate

_DEFAULTS = {
    "NEASMART_SERVER_ADDRESS": "127.0.0.1",
    "NEASMART_SERVER_PORT": "5020",
    "NEASMART_DATABASE_PATH": "./data/demo.db",
    "NEASMART_LOG_LEVEL": "WARNING",
}
"""What a demonstration needs otherwise than a house: no privileged port, nobody's real journal."""

_READY_SECONDS = 30.0
_POLL_SECONDS = 0.1


def run_demo() -> int:
    """Run both until Ctrl-C; returns the exit status: 0 after Ctrl-C, the gateway's own when it ends by itself."""
    unset = {name: value for name, value in _DEFAULTS.items() if not variables().get(name)}
    os.environ.update(unset)
    settings = load()
    taken = _taken("NEASMART_API_PORT", settings.api.host, settings.api.port)
    if settings.server.type != "serial":
        taken += _taken("NEASMART_SERVER_PORT", settings.server.address, settings.server.port)
    for line in taken:
        print(line, file=sys.stderr)  # noqa: T201 - a command line tells what is wrong
    return 2 if taken else asyncio.run(_demo(settings, os.environ))


async def until_interrupted(options: Options) -> None:
    """Run a simulated house until Ctrl-C or SIGTERM."""
    await simulate(options, _progress, _interrupted())
    if sys.stdout.isatty():
        _say("")


async def _demo(settings: Settings, environment: Mapping[str, str]) -> int:
    stop = _interrupted()
    # A session of its own, so that Ctrl-C at the terminal reaches us alone and we stop the gateway in good order.
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "neasmart_gateway", "serve", env=environment, start_new_session=True
    )
    ended = asyncio.create_task(gateway.wait())
    ended.add_done_callback(lambda _task: stop.set())
    try:
        url = f"{'https' if settings.api.tls_cert else 'http'}://{_authority(settings)}"
        if await _ready(url, trusting(settings.api), stop):
            _say(_where_to_look(url, settings))
            house = Endpoint(settings.server.address, settings.server.port)
            await simulate(Options(house, zones=6, speed=10), _progress, stop)
    finally:
        status = await _stopped(gateway)
    _say("\nstopped")
    return status


def _taken(name: str, host: str, port: int) -> list[str]:
    """Say that somebody listens already where we are to: a gateway there would be taken for ours, and be fed."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        return [f"{name} ({port}): {reason}; is another gateway running? Set another port."]
    return []


async def _stopped(gateway: Process) -> int:
    if gateway.returncode is None:
        gateway.terminate()
    return await gateway.wait()


async def _ready(url: str, tls: ssl.SSLContext | None, stop: asyncio.Event) -> bool:
    """Wait until the gateway serves; false when it will not."""
    for _ in range(int(_READY_SECONDS / _POLL_SECONDS)):
        if stop.is_set():
            return False
        if await asyncio.to_thread(_answers, f"{url}/health/ready", tls):
            return True
        await asyncio.sleep(_POLL_SECONDS)
    _say(f"the gateway does not become ready; see its log above, and {url}/health/ready")
    return False


def _answers(url: str, tls: ssl.SSLContext | None) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1, context=tls) as answer:  # noqa: S310 - a URL of our own making
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _authority(settings: Settings) -> str:
    host = settings.api.host
    return f"[{host}]:{settings.api.port}" if ":" in host else f"{host}:{settings.api.port}"


def _where_to_look(url: str, settings: Settings) -> str:
    return (
        f"\nThe gateway runs, with a simulated house behind it (ten times as fast as real time).\n"
        f"  pages    {url}/api/docs\n"
        f"  zones    {url}/api/v1/zones\n"
        f"  health   {url}/api/v1/health\n"
        f"  command  curl -X PATCH {url}/api/v1/zones/1/1 -H 'Content-Type: application/json'"
        f" -d '{{\"setpoint\": 22.5}}'\n"
        f"  Modbus   {settings.server.address}:{settings.server.port}, units 240 and 241\n"
        f"Ctrl-C stops both.\n"
    )


def _interrupted() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _progress(line: str) -> None:
    """Show the newest progress line: on a terminal in place of the last one, in a log below it."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\033[K{line}")
        sys.stdout.flush()
    else:
        _say(line)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command line answers on stdout
