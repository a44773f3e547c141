"""Many houses on one machine: what each of the gateways costs, whether all are served, and who keeps its budget."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.broker import mosquitto
from benchmarks.figures import percentile
from benchmarks.fleet_life import ZONES_OF_A_BASE, Size, fleet
from benchmarks.fleet_seen import Part, Polls, Seen, Served, observed
from benchmarks.table import Row, Table, figure
from benchmarks.targets import TARGETS
from benchmarks.written import is_counted

LONG = Size(minutes=10.0)
_COLUMNS = (
    "PSS MB", "CPU %", "disk MB/d", "polls", "lost", "p50 ms", "p99 ms", "own p99", "MQTT 1/s", "scrape p50", "p99 ms",
    "samples", "gateway",
)  # fmt: skip
_MEMORY, _CPU = (
    next(target.bound for target in TARGETS if target.measurement == "weight" and target.row == row)
    for row in ("memory (PSS)", "CPU at rest")
)
"""The budget of a gateway, the same as of one alone."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let people choose a size."""
    group = parser.add_argument_group("fleet")
    houses, bases = range(1, 101), range(ZONES_OF_A_BASE, 5 * ZONES_OF_A_BASE + 1, ZONES_OF_A_BASE)
    group.add_argument("--houses", type=int, choices=houses, metavar="N", help="how many, 1 to 100; default: 20")
    group.add_argument("--zones", type=int, choices=bases, help="zones of each house; default: 12")
    group.add_argument("--minutes", type=_minutes, metavar="M", help="observed for so long; default: 5, --long: 10")


def sized(chosen: argparse.Namespace) -> Size:
    """Return what was chosen."""
    given = {name: getattr(chosen, name) for name in ("houses", "zones", "minutes")}
    return replace(LONG if chosen.long else Size(), **{name: value for name, value in given.items() if value})


def missing() -> str:
    """Say which programs this machine lacks; nothing when it has all."""
    paths = {"mosquitto": mosquitto(), "prometheus": shutil.which("prometheus")}
    lacking = [name for name, path in paths.items() if path is None]
    return f"fleet needs {' and '.join(lacking)}: run scripts/install-test-tools" if lacking else ""


def measure(folder: Path, size: Size | None = None) -> Table:
    """Start everything, observe it, and say which gateways kept the budget of one."""
    size, path = size or Size(), mosquitto()
    if missing() or path is None:
        return Table(_title(size), (), (f"not measured: {missing()}",))
    counted = is_counted(folder)
    with fleet(folder, size, path) as running:
        seen = observed(running, size.minutes * 60)
    return shown(size, seen, counted=counted)


def shown(size: Size, seen: Seen, *, counted: bool) -> Table:
    """Return the table of what was seen; `counted` says whether the kernel counts bytes there."""
    return Table(_title(size), _rows(seen), _notes(size, seen), _listing(seen, counted=counted))


def _title(size: Size) -> str:
    return f"FLEET  each of {size.houses} gateways, with a house of {size.zones} zones / its budget"


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not 1 <= minutes <= 24 * 60:
        raise argparse.ArgumentTypeError("must be at least 1, in which there are some scrapes, and at most a day")
    return minutes


def _rows(seen: Seen) -> tuple[Row, ...]:
    def of(value: Callable[[Served], float], bound: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(value(one) for one in seen.houses), (bound,) * len(seen.houses)

    return (
        Row("memory (PSS)", "MB", "lower", *of(lambda one: one.part.megabytes, _MEMORY)),
        Row("CPU at rest", "% of a core", "lower", *of(lambda one: one.part.cpu, _CPU)),
        Row("polls answered", "%", "higher", *of(lambda one: one.polls.answered, 100.0)),
    )


def _broken(one: Served) -> str:
    """Say what of its budget a gateway has not kept."""
    words = {
        "memory": one.part.megabytes > _MEMORY,
        "CPU": one.part.cpu > _CPU,
        "polls": one.polls.lost > 0,
    }
    return " and ".join(word for word, is_broken in words.items() if is_broken)


def _listing(seen: Seen, *, counted: bool) -> tuple[tuple[str, ...], ...]:
    """Return a line for each gateway, one for all, and one for each of what they share."""

    def weight(part: Part) -> tuple[str, ...]:
        return figure(part.megabytes), f"{part.cpu:.2f}", figure(part.written) if counted else "-"

    def served(polls: Polls, own: float, published: float, scrapes: Sequence[float], samples: int) -> tuple[str, ...]:
        ordered = sorted(scrapes)
        scraped = [f"{percentile(ordered, share):.1f}" for share in (0.5, 0.99)]
        times = f"{polls.p50:.2f}", f"{polls.p99:.2f}", f"{own:.2f}"
        return (f"{polls.asked:,}", str(polls.lost), *times, f"{published:.2f}", *scraped, f"{samples:,}")

    lines = [
        (*weight(one.part), *served(one.polls, one.turnaround, one.published, one.scrapes, one.samples), _named(one))
        for one in seen.houses
    ]
    scrapes = [duration for one in seen.houses for duration in one.scrapes]
    published, samples = sum(one.published for one in seen.houses), sum(one.samples for one in seen.houses)
    together = served(seen.polls, seen.turnaround, published, scrapes, samples)
    everybody = (*weight(seen.together), *together, f"all {len(seen.houses)}")
    shared = [(*weight(part), *["-"] * (len(_COLUMNS) - 4), part.name) for part in seen.others]
    return (_COLUMNS, *lines, everybody, *shared)


def _named(one: Served) -> str:
    broken = _broken(one)
    return f"{one.part.name}: NOT WITHIN ITS BUDGET ({broken})" if broken else one.part.name


def _notes(size: Size, seen: Seen) -> tuple[str, ...]:
    kept = sum(not _broken(one) for one in seen.houses)
    polled = seen.polls.asked / len(seen.houses) / (60 * size.minutes)
    return (
        f"{kept} of {len(seen.houses)} gateways within their budget: at most {_MEMORY:g} MB and {_CPU:g} % of a core, "
        "and every poll answered",
        f"alerts: {', '.join(seen.alerts) or 'none fired, and none was pending'}",
        f"MQTT: what the gateways published; the broker received {seen.received:.1f} messages of all kinds a second",
        "each gateway: its own folder, ports and MQTT topic, else as it is installed, with one HTTP worker",
        f"each house: {size.bases} base{'s' * (size.bases > 1)} of the simulator over Modbus TCP at the real rate, "
        f"warm already, all houses in one process; one sends {polled:.0f} polls a second, and tells everything in 55 s",
        f"at rest: nobody asks over HTTP but Prometheus, every {size.scrape_seconds} s; the journal is written every "
        f"{size.flush_seconds} s. Observed for {size.minutes:g} minutes, once every house was known to broker, "
        "journal and Prometheus",
        "memory: the proportional set size; gateways on one machine share the pages of Python and libraries, so each "
        "weighs less than it does alone. disk: what the kernel was given, as if the whole day were so",
        "p50 and p99 of polls: from before the question to its answer, by the simulator's own clock, whose process "
        "serves all houses in turn; own p99: from question to answer by the gateway's histogram "
        "(neasmart_bus_turnaround_seconds), guessed between two of its bounds. Scrapes as Prometheus times them",
    )
