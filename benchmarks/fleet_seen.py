"""What a fleet does in a while: what each gateway costs, and whether everybody is served."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.fleet_life import Fleet
from benchmarks.processes import cpu_seconds, memory, session
from benchmarks.written import Written
from tests.running import eventually

_DAY = 86400
_MEGA = 1e6
_RECEIVED = "$SYS/broker/messages/received"


@dataclass(frozen=True, slots=True)
class Part:
    """What some processes weigh: megabytes (PSS), percent of a core, and megabytes that they write in a day."""

    name: str
    megabytes: float
    cpu: float
    written: float


@dataclass(frozen=True, slots=True)
class Polls:
    """What a base saw of its polls; round trips in milliseconds."""

    asked: int
    lost: int
    p50: float
    p99: float

    @property
    def answered(self) -> float:
        """Percent of them."""
        return 100 * (1 - self.lost / self.asked)


@dataclass(frozen=True, slots=True)
class Served:
    """One gateway, and what others see of it."""

    part: Part
    polls: Polls
    turnaround: float
    """Milliseconds that 99 of 100 polls do not exceed by the gateway's own clock."""
    published: float
    """MQTT messages a second."""
    scrapes: tuple[float, ...]
    """Milliseconds that each took."""
    samples: int


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it; `received` are messages that the broker had in a second, `alerts` what was ever pending or fired."""

    houses: tuple[Served, ...]
    polls: Polls
    turnaround: float
    others: tuple[Part, ...]
    received: float
    alerts: tuple[str, ...]

    @property
    def together(self) -> Part:
        """All gateways as one."""
        parts = [one.part for one in self.houses]
        sums = (sum(values) for values in zip(*((p.megabytes, p.cpu, p.written) for p in parts), strict=True))
        return Part("all", *sums)


def observed(fleet: Fleet, seconds: float) -> Seen:
    """Look at everything for so long."""
    groups = {name: session(one.master) for name, one in fleet.gateways.items()} | {
        "mosquitto": [fleet.broker.pid],
        "prometheus": [fleet.prometheus.pid],
        "the houses themselves": [fleet.houses.pid],
    }
    before = {name: _used(pids) for name, pids in groups.items()}
    received = _received(fleet)
    _told(fleet)
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    *polls, all_polls = _told(fleet)
    after = {name: _used(pids) for name, pids in groups.items()}
    parts = {name: _part(name, pids, before[name], after[name], took) for name, pids in groups.items()}
    window = f"{max(1, round(took))}s"
    houses = tuple(
        _house(fleet, parts.pop(name), polled, window) for name, polled in zip(fleet.gateways, polls, strict=True)
    )
    return Seen(
        houses=houses,
        polls=all_polls,
        turnaround=_turnaround(fleet, window),
        others=tuple(parts.values()),
        received=(_received(fleet) - received) / took,
        alerts=_alerts(fleet, window),
    )


def _used(pids: Iterable[int]) -> tuple[float, int]:
    """Return seconds of CPU and bytes written, so far."""
    return cpu_seconds(pids), sum(Written.by(pid).gross for pid in pids)


def _part(name: str, pids: list[int], before: tuple[float, int], after: tuple[float, int], seconds: float) -> Part:
    cpu, written = ((late - early) / seconds for early, late in zip(before, after, strict=True))
    return Part(name, sum(memory(pids).values()) / _MEGA, 100 * cpu, written * _DAY / _MEGA)


def _told(fleet: Fleet) -> list[Polls]:
    """Ask the houses what they have seen since they were last asked: each for itself, then all together."""
    assert fleet.houses.stdin is not None
    assert fleet.houses.stdout is not None
    print(file=fleet.houses.stdin, flush=True)
    line = fleet.houses.stdout.readline()
    assert line, "the houses have ended"
    return [Polls(**told) for told in json.loads(line)]


def _received(fleet: Fleet) -> int:
    return int(eventually(lambda: fleet.listener.last(_RECEIVED), "the broker's own count") or 0)


def _house(fleet: Fleet, part: Part, polls: Polls, window: str) -> Served:
    ask, of_it = fleet.prometheus.query, f'{{instance="{part.name}"}}'
    (published,) = ask(f"rate(neasmart_mqtt_published_total{of_it}[{window}])")
    (durations,) = ask(f"scrape_duration_seconds{of_it}[{window}]")
    (samples,) = ask(f"scrape_samples_scraped{of_it}")
    return Served(
        part=part,
        polls=polls,
        turnaround=_turnaround(fleet, window, of_it),
        published=float(published["value"][1]),
        scrapes=tuple(1000 * float(value) for _, value in durations["values"]),
        samples=int(samples["value"][1]),
    )


def _turnaround(fleet: Fleet, window: str, of_it: str = "") -> float:
    buckets = f"sum by (le) (increase(neasmart_bus_turnaround_seconds_bucket{of_it}[{window}]))"
    (found,) = fleet.prometheus.query(f"1000 * histogram_quantile(0.99, {buckets})")
    return float(found["value"][1])


def _alerts(fleet: Fleet, window: str) -> tuple[str, ...]:
    """Return what Prometheus thought of raising, and what it raised, as lines."""
    found = fleet.prometheus.query(f"max by (alertname, instance, alertstate) (max_over_time(ALERTS[{window}]))")
    labels = (one["metric"] for one in found)
    return tuple(sorted(f"{one['alertname']} of {one['instance']} {one['alertstate']}" for one in labels))
