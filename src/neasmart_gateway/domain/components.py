"""How each part of the gateway is: its state, how bad that is, since when, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from neasmart_gateway.domain.registers import PLACES
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.times import iso
from neasmart_gateway.domain.zones import ZoneRef

Condition = Literal["healthy", "degraded", "unhealthy"]

AWAY = "the gateway daemon is away"
UNKNOWN = "unknown"
EARLIEST = 1_767_225_600.0
"""2026-01-01: no clock that is right is behind this."""
_LEAST_BYTES, _LEAST_SHARE = 100_000_000, 0.02
_FULL = ("disk is full", "No space left", "quota exceeded")
"""In the words of SQLite and of the system."""


class Severity(StrEnum):
    """How bad a state is."""

    OK = "ok"
    DEGRADED = "degraded"
    """It does its work, but not all of it, or nobody can tell."""
    FAILED = "failed"
    """It does not do its work."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the gateway. `since` in Unix seconds, None: not known; `what` and `to_do` are None when it is ok."""

    name: str
    kind: str
    state: str
    severity: Severity = Severity.OK
    since: float | None = None
    what: str | None = None
    to_do: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known: the daemon's own report (empty while there is none), and what the shared memory says besides.

    Times are seconds of the monotonic clock, in the report Unix seconds; `wall_offset` turns the former into the
    latter, 0.0 before the first daemon. `barred` is whether the breaker keeps commands from the daemon at work,
    `drills` are the faults that are made on purpose now.
    """

    freshness: Freshness
    status: Mapping[str, Any]
    heartbeat: float | None
    booted_at: float
    wall_offset: float
    clock_set_at: float | None
    breaker: str
    breaker_opened_at: float | None
    barred: bool
    drills: Sequence[Mapping[str, Any]] = ()

    @property
    def daemon_at_work(self) -> bool:
        return self.freshness.daemon_alive and bool(self.status)

    def unix(self, moment: float | None) -> float | None:
        return None if moment is None else moment + self.wall_offset


def judge(facts: Facts) -> tuple[Component, ...]:
    """Return every component, each kind at least once, but MQTT only where it is used, and drills while they run."""
    daemon_only = (*_listeners(facts), _database(facts), _disk(facts))
    return (_daemon(facts), _bus(facts), *daemon_only, _breaker(facts), _clock(facts), *_mqtt(facts), *_drills(facts))


def condition(components: Sequence[Component]) -> Condition:
    """Return healthy when every component is ok, unhealthy when the daemon has failed, degraded otherwise."""
    if any(one.kind == "daemon" and one.severity is Severity.FAILED for one in components):
        return "unhealthy"
    return "healthy" if all(one.severity is Severity.OK for one in components) else "degraded"


def problems(components: Sequence[Component]) -> tuple[str, ...]:
    """Return a sentence for each component that is not ok; what is only unknown has its reason in another one."""
    return tuple(one.what for one in components if one.what is not None and one.state != UNKNOWN)


def is_low(free: int, total: int) -> bool:
    """Whether a file system has too few bytes free: less than 100 MB or 2 % of it, whichever is smaller."""
    return free < min(_LEAST_BYTES, _LEAST_SHARE * total)


def _daemon(facts: Facts) -> Component:
    if facts.daemon_at_work:
        return Component("daemon", "daemon", "running", since=facts.status.get("started_at"))
    return Component(
        "daemon", "daemon", "away", Severity.FAILED, facts.unix(facts.heartbeat),
        f"{AWAY}: values are not live, commands are refused",
        "Wait a few seconds, it is started again by itself. If it stays away, look into the log: another gateway may "
        "be using the same database. Then restart the service.",
    )  # fmt: skip


def _bus(facts: Facts) -> Component:
    faults = list(_bus_faults(facts))
    if faults:
        state, severity, _, to_do = faults[0]
        since = _silent_since(facts) if state == "silent" else None
        return Component("bus", "bus", state, severity, since, "; ".join(what for _, _, what, _ in faults), to_do)
    if not facts.daemon_at_work:
        return _unknown("bus", "bus")
    return Component("bus", "bus", "alive", since=facts.status.get("bus_alive_since"))


def _bus_faults(facts: Facts) -> Iterator[tuple[str, Severity, str, str]]:
    """Yield state, severity, what is wrong and what to do, the worst first."""
    if facts.freshness.bus_silent and _has_only_begun(facts):
        yield (
            "waiting", Severity.DEGRADED,
            "the base station has written nothing yet, but the gateway has not been running for long",
            "Wait: a base station that is connected writes within minutes.",
        )  # fmt: skip
    elif facts.freshness.bus_silent:
        yield (
            "silent", Severity.FAILED,
            f"the base station has written nothing for {facts.freshness.stale_after:g} s or longer",
            "Check that the base station has power, that its Modbus connection is switched on, and the cable or "
            "adapter to the gateway; /api/v1/bus/doctor tells more.",
        )  # fmt: skip
    if facts.daemon_at_work and (two := facts.status.get("two_peers")):
        yield (
            "two_base_stations", Severity.DEGRADED,
            f"{' and '.join(two)} both write measurements: two base stations, commands are refused",
            "Let only one base station write to this gateway; give the other one a gateway of its own.",
        )  # fmt: skip
    for address in facts.status.get("fights", ()) if facts.daemon_at_work else ():
        yield (
            "contested", Severity.DEGRADED, f"a client and the base station fight over {_named(address)}",
            "Find the program that sets this value again and again (see /api/v1/audit), and stop it, or change the "
            "schedule of the base station.",
        )  # fmt: skip


def _has_only_begun(facts: Facts) -> bool:
    """Whether the base, which has not written yet, has not had the time to."""
    fresh = facts.freshness
    return fresh.last_bus_write is None and fresh.now - facts.booted_at <= fresh.stale_after


def _silent_since(facts: Facts) -> float | None:
    last = facts.freshness.last_bus_write
    if last is not None:
        return facts.unix(last + facts.freshness.stale_after)
    return facts.unix(facts.booted_at or None)


def _listeners(facts: Facts) -> Iterator[Component]:
    listeners = facts.status.get("listeners", ()) if facts.daemon_at_work else ()
    if not listeners:
        yield _unknown("listeners", "listener")
    for one in listeners:
        yield _listener(one)


def _listener(one: Mapping[str, Any]) -> Component:
    name, state, since, failure = one["name"], one["state"], one.get("since"), one["failure"]
    if failure:
        advice = _SERIAL_ADVICE if one["type"] == "serial" else _PORT_ADVICE
        return Component(name, "listener", "failed", Severity.FAILED, since, f"{name}: {failure}", advice)
    if state == "listening":
        return Component(name, "listener", state, since=since)
    what = f"{name}: it is not open yet" if state == "opening" else f"{name}: it is {state}"
    return Component(name, "listener", state, Severity.DEGRADED, since, what, "Wait a few seconds.")


_SERIAL_ADVICE = (
    "Plug the adapter in, and check the name of the device and that the gateway's user may open it (group dialout)."
)
_PORT_ADVICE = "Stop the other program that uses this port, or correct the address and port in the settings."


def _database(facts: Facts) -> Component:
    if not facts.daemon_at_work:
        return _unknown("database", "database")
    report = facts.status.get("database", {})
    state = report.get("mode", UNKNOWN)
    if failure := report.get("failure"):
        return Component(
            "database", "database", state, Severity.FAILED, report.get("since"), failure,
            "Heating is not concerned: the gateway goes on in memory and writes everything down later. Make room on "
            "the disk, and check that the gateway's user may write the file.",
        )  # fmt: skip
    return Component("database", "database", state, since=report.get("returned_at") or facts.status.get("started_at"))


def _disk(facts: Facts) -> Component:
    if not facts.daemon_at_work:
        return _unknown("disk", "disk")
    report, database = facts.status.get("disk") or {}, facts.status.get("database", {})
    free, total, failure = report.get("free"), report.get("total"), database.get("failure") or ""
    low = free is not None and total is not None and is_low(free, total)
    if failure and (low or any(words in failure for words in _FULL)):
        what = "the disk of the database is full: nothing can be written down"
        return Component("disk", "disk", "full", Severity.FAILED, database.get("since"), what, _MAKE_ROOM)
    if report.get("hangs"):
        what = "the disk of the database has not answered for a while"
        return Component("disk", "disk", "hanging", Severity.DEGRADED, None, what, _CHECK_DISK)
    if report.get("failure"):
        what = f"the disk of the database cannot be examined: {report['failure']}"
        return Component("disk", "disk", "unreadable", Severity.DEGRADED, None, what, _CHECK_DISK)
    if low:
        what = "the disk of the database is almost full"
        return Component("disk", "disk", "low", Severity.DEGRADED, report.get("since"), what, _MAKE_ROOM)
    return Component("disk", "disk", "ok" if free is not None else "not_measured", since=report.get("since"))


_MAKE_ROOM = "Delete what is not needed, such as old logs and backups, or use a larger disk."
_CHECK_DISK = "Check that the disk or memory card is plugged in and sound, and that its file system is mounted."


def _breaker(facts: Facts) -> Component:
    if facts.breaker == "closed":
        return Component("breaker", "breaker", "closed")
    since = facts.unix(facts.breaker_opened_at)
    if not facts.barred:  # the daemon that did not answer has a successor, and the next command is tried with it
        return Component("breaker", "breaker", facts.breaker, since=since)
    severity = Severity.FAILED if facts.breaker == "open" else Severity.DEGRADED
    return Component(
        "breaker", "breaker", facts.breaker, severity, since, "the circuit breaker to the daemon is not closed",
        "Send the command again in half a minute. If that does not help, restart the service.",
    )  # fmt: skip


def _clock(facts: Facts) -> Component:
    if facts.wall_offset == 0.0:
        return _unknown("clock", "clock")
    if facts.freshness.now + facts.wall_offset < EARLIEST:
        return Component(
            "clock", "clock", "implausible", Severity.FAILED, None,
            "the clock of this machine is years behind: the times shown are wrong",
            "Give the machine access to a time server (timedatectl set-ntp true), or a clock module with a battery.",
        )  # fmt: skip
    if facts.clock_set_at is not None:
        return Component("clock", "clock", "was_set", since=facts.unix(facts.clock_set_at))
    return Component("clock", "clock", "steady", since=facts.unix(facts.booted_at or None))


def _mqtt(facts: Facts) -> Iterator[Component]:
    """Only the daemon knows whether a broker is named; while it is away, that is all there is to say."""
    report = facts.status.get("mqtt") if facts.daemon_at_work else None
    if not report:
        return
    state, since = report["state"], report["since"]
    if state == "connected":
        yield _connected(state, since, report.get("trouble"))
        return
    why = report["failure"] or "it is being tried for the first time"
    yield Component(
        "mqtt", "mqtt", state, Severity.DEGRADED, since,
        f"no connection to the MQTT broker {report['broker']}: {why}",
        "Heating is not concerned. Check that the broker runs and that the NEASMART_MQTT_ settings are those of it; "
        "it is tried again by itself, every half minute at least.",
    )  # fmt: skip


def _connected(state: str, since: float, trouble: str | None) -> Component:
    if trouble is None:
        return Component("mqtt", "mqtt", state, since=since)
    to_do = "Heating is not concerned. See docs/mqtt.md on several gateways at one broker, and on access rules."
    return Component("mqtt", "mqtt", state, Severity.DEGRADED, since, f"MQTT: {trouble}", to_do)


def _drills(facts: Facts) -> Iterator[Component]:
    for drill in facts.drills:
        kind, until = drill["kind"], iso(drill["ends_at"] + facts.wall_offset, "seconds")
        yield Component(
            kind, "drill", "running", Severity.DEGRADED, facts.unix(drill["started_at"]),
            f"a drill is running: {kind}, switched on by {drill['who']} until {until}",
            f"This is an exercise and ends by itself. DELETE /api/v1/faults/{kind} ends it at once.",
        )  # fmt: skip


def _unknown(name: str, kind: str) -> Component:
    what = "nobody can tell while the gateway daemon is away"
    return Component(name, kind, UNKNOWN, Severity.DEGRADED, None, what, "See what to do about the daemon.")


def _named(address: int) -> str:
    """Return a register's name with its zone, and its address."""
    place = PLACES[address]
    zone = ZoneRef.at(place.index) if place.row.group == "zone" else None
    of = f" of zone {zone.base}/{zone.zone}" if zone else ""
    return f"{place.row.name}{of} (register {address})"
