"""What the gateway weighs: memory of all its processes, start to first answer, CPU at rest; beside a bare Flask."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks import http, real_rate
from benchmarks.broker import broker, mosquitto
from benchmarks.end_to_end import Stream
from benchmarks.house import HEADERS, SETTINGS, UNIT, Rest, house
from benchmarks.http_load import FULL, ZONE, measured
from benchmarks.processes import cpu_seconds, memory, session
from benchmarks.table import Row, Table
from benchmarks.turns import in_turns
from tests.running import DEADLINE, Gateway
from tests.wire import Master

_MEGA = 1e6
_UNITS = (240, 241)
_LOOK = 0.005
_BROKER_SECONDS = 10.0
_NO_MQTT = "without MQTT"
_ESTABLISHED = "01"
_USED = (
    "/api/v1/zones", "/api/v1/snapshot", "/api/v1/health", "/api/v1/audit", "/api/v1/commands", "/api/v1/topology",
    "/apispec.json", "/metrics",
)  # fmt: skip
"""What has been asked for before memory is looked at: what is loaded at its first use counts too."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many starts, and for how many seconds the base writes at the real rate."""

    starts: int = 3
    rest_seconds: float = 20.0
    zones: int = real_rate.ZONES


LONG = Size(starts=10, rest_seconds=300.0)


def measure(folder: Path, size: Size | None = None) -> Table:
    """Measure one gateway with every feature on that needs no more than this machine, and a Flask route beside it."""
    size = size or Size()
    with _broker(folder / "broker") as mqtt:
        settings = {**mqtt, "NEASMART_DATABASE_FLUSH_SECONDS": str(min(60.0, size.rest_seconds))}
        with house(folder / "gateway", size.zones, **settings) as ours:
            feature = _mqtt(mqtt)
            mine = _memory(ours)  # before there is another Python to share pages with
            served = http.routes(ours.api_port, size.zones)[:1]
            with http.floor(folder, "Flask", ours, served) as flask:
                assert _is_answered(flask.port, served[0].of_floor().path)
                theirs = sum(memory(session(flask.master)).values()) / _MEGA
                rest = (100 * seconds / size.rest_seconds for seconds in _at_rest(ours, flask, size))
            starts = _starts(folder, ours, served, size)
    # Without MQTT it is another row than the target's, which is about all features.
    what = f"memory (PSS), {_NO_MQTT}" if _NO_MQTT in feature else "memory (PSS)"
    rows = (_row(what, "MB", sum(mine.values()), theirs), _row("CPU at rest", "% of a core", *rest), *starts)
    shares = ", ".join(f"{role} {of_one:.1f}" for role, of_one in mine.items())
    return Table("WEIGHT  ours / a bare Flask route under the same gunicorn", rows, _notes(size, feature, shares))


def _mqtt(settings: Mapping[str, str]) -> str:
    """Say whether the gateway has come to its broker: a setting alone says nothing."""
    if not settings:
        return f"{_NO_MQTT} (no mosquitto here: scripts/install-test-tools)"
    ends = perf_counter() + _BROKER_SECONDS
    while perf_counter() < ends:
        if _is_connected(int(settings["NEASMART_MQTT_PORT"])):
            return "MQTT to a broker on this machine"
        time.sleep(_LOOK)
    return f"{_NO_MQTT} (the gateway has not come to its broker)"


def _is_connected(port: int) -> bool:
    """Whether anybody here has a connection to a port of loopback."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(line[2] == f"0100007F:{port:04X}" and line[3] == _ESTABLISHED for line in lines)


def _memory(ours: Gateway) -> dict[str, float]:
    """Return the megabytes of each process by its role, once it has done a bit of everything."""
    with Stream(ours.api_port):
        _use(ours)
        measured(ours.api_port, ZONE, FULL, 1.0)
        return {_role(pid, ours): of_one / _MEGA for pid, of_one in memory(session(ours.master)).items()}


def _row(what: str, unit: str, ours: float, theirs: float) -> Row:
    return Row(what, unit, "lower", (ours,), (theirs,))


def _role(pid: int, ours: Gateway) -> str:
    if pid == ours.master:
        return "master"
    return "HTTP worker" if pid in ours.workers else "supervisor" if pid == ours.arbiter else "daemon"


def _use(ours: Gateway) -> None:
    """Have every part of the gateway work once."""
    with Rest(ours.api_port) as rest:
        for path in _USED:
            rest.ask("GET", path)


def _at_rest(ours: Gateway, flask: http.Floor, size: Size) -> tuple[float, float]:
    """Return the seconds of CPU that each used while a base wrote and polled as a base does."""
    both = [session(ours.master), session(flask.master)]
    before = [cpu_seconds(pids) for pids in both]
    with Master(ours.modbus_port) as base:
        _live(base, size)
    mine, theirs = (cpu_seconds(pids) - used for pids, used in zip(both, before, strict=True))
    return mine, theirs


def _live(base: Master, size: Size) -> None:
    """Write at the real rate, and poll each unit once a second."""
    pause = 60 / (real_rate.WRITES_PER_ZONE * size.zones)
    writes = _writes(size.zones)
    began = time.monotonic()
    polled = 0
    for number in range(int(size.rest_seconds / pause)):
        time.sleep(max(0.0, began + number * pause - time.monotonic()))
        address, word = next(writes)
        base.write(UNIT, address, [word])
        while polled <= number * pause:
            polled += 1
            for unit in _UNITS:
                base.read(unit, 100, 3)
    time.sleep(max(0.0, began + size.rest_seconds - time.monotonic()))


def _writes(zones: int) -> Iterator[tuple[int, int]]:
    number = 0
    while True:
        number += 1
        yield from real_rate.minute(number, zones)


def _starts(folder: Path, running: Gateway, served: list[http.Route], size: Size) -> list[Row]:
    """Start both anew again and again, each time in an empty folder."""
    made = iter(range(2 * size.starts))

    def ours() -> tuple[float, float]:
        with started(folder / f"start-{next(made)}") as (_, seconds):
            return seconds

    def theirs() -> tuple[float, float]:
        own = folder / f"start-{next(made)}"
        own.mkdir()
        began = perf_counter()
        with http.floor(own, "Flask", running, served) as flask:
            return (_seconds(began, lambda: _is_answered(flask.port, served[0].of_floor().path)),) * 2

    mine, flask = in_turns(size.starts, ours, theirs)
    return [
        Row(what, "s", "lower", tuple(one[n] for one in mine), tuple(one[n] for one in flask))
        for n, what in enumerate(("start to first answer on the bus", "start to first answer over HTTP, ready"))
    ]


@contextmanager
def started(folder: Path, **settings: str) -> Iterator[tuple[Gateway, tuple[float, float]]]:
    """Give a gateway, and the seconds until the base was answered, and until HTTP said that all is ready."""
    folder.mkdir(exist_ok=True)
    starting = Gateway(folder, {**SETTINGS, **settings})
    try:
        began = perf_counter()
        starting.start()
        on_the_bus = _seconds(began, lambda: _answers_the_base(starting.modbus_port))
        yield starting, (on_the_bus, _seconds(began, lambda: _is_answered(starting.api_port, "/health/ready")))
        starting.stop()
    finally:
        starting.clean_up()


def _seconds(began: float, look: Callable[[], bool]) -> float:
    """Return how long after `began` there was something to see."""
    while not look():
        assert perf_counter() - began < DEADLINE, "it does not start"
        time.sleep(_LOOK)
    return perf_counter() - began


def _answers_the_base(port: int) -> bool:
    try:
        with Master(port) as base:
            return bool(base.read(UNIT, 100, 3))
    except OSError:
        return False


def _is_answered(port: int, path: str) -> bool:
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=HEADERS)
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310 - the same
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def _broker(folder: Path) -> Iterator[Mapping[str, str]]:
    """Give the settings of a broker of our own, or none where there is no mosquitto."""
    path = mosquitto()
    if path is None:
        yield {}
        return
    with broker(folder, path) as ours:
        yield ours.settings


def _notes(size: Size, feature: str, shares: str) -> tuple[str, ...]:
    return (
        f"{size.zones} zones, one HTTP worker, keys, limits, metrics, history, {feature}",
        f"memory: the proportional set size of the whole process tree, once everything was asked for and with "
        f"one event stream; MB: {shares}. Flask's is smaller than it would be alone, ours being there to share with",
        f"CPU at rest: the whole tree for {size.rest_seconds:g} s, in which the base writes "
        f"{real_rate.WRITES_PER_ZONE * size.zones} registers a minute, a tenth of them changes, and polls each unit "
        f"once a second, with a flush every {min(60.0, size.rest_seconds):g} s; nobody asks over HTTP. The kernel "
        "counts in hundredths of a second",
        f"start: from the exec of gunicorn in an empty folder; medians of {size.starts} in turns",
        "what is written to disk a day: see `disk`",
    )
