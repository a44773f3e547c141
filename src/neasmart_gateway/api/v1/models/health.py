"""The full report of how the gateway is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import ConfigDict

from neasmart_gateway.api.compat import recognising
from neasmart_gateway.api.schema import Answer, Timestamp, about, stamp
from neasmart_gateway.manager.access import Calls
from neasmart_gateway.manager.health import Health

_AT = "2026-11-21T06:30:00.250Z"
ConditionName = Literal["healthy", "degraded", "unhealthy"]
SeverityName = Literal["ok", "degraded", "failed"]


class Component(Answer):
    """How one part of the gateway is."""

    name: Annotated[str, about("Its name; that of a listener is from the settings.", "database")]
    kind: Annotated[
        str,
        about(
            "daemon, bus, listener, database, disk, breaker, clock, mqtt if it is used, or drill while one runs.",
            "database",
        ),
    ]
    state: Annotated[str, about("Its own word for how it is; unknown: only the daemon could tell.", "sqlite")]
    severity: Annotated[
        SeverityName, about("ok, degraded (not all of its work, or nobody can tell) or failed (none of it).", "ok")
    ]
    since: Annotated[Timestamp | None, about("When it came into this state; null: not known.", _AT)]
    what: Annotated[str | None, about("What is wrong, in a sentence; null: nothing.", None)]
    to_do: Annotated[str | None, about("What to do about it; null: nothing is wrong.", None)]


class ScorePart(Answer):
    """What one kind of component adds to the score."""

    name: Annotated[str, about("The kind of component.", "bus")]
    weight: Annotated[int, about("What it adds at most; all together are 100.", 20)]
    points: Annotated[float, about("What it adds: all when ok, half when degraded, else nothing.", 20.0)]


class DaemonWords(Answer):
    """Told by the daemon, which may already know more than this worker."""

    model_config = ConfigDict(extra="ignore")


class DaemonHealth(Answer):
    """The gateway daemon, which serves the bus."""

    state: Annotated[Literal["running", "away"], about("running, or away: then nothing is live.", "running")]
    started_at: Annotated[Timestamp | None, about("When it started; null while there is none.", _AT)]
    heartbeat_at: Annotated[Timestamp | None, about("When its loop last turned; null: never.", _AT)]
    pid: Annotated[int | None, about("Its process id; null while there is none.", 4711)]


class BusHealth(Answer):
    """The bus to the base station."""

    state: Annotated[Literal["alive", "silent"], about("silent: the base has written nothing for too long.", "alive")]
    last_frame_at: Annotated[Timestamp | None, about("When the last valid frame came; null: never.", _AT)]
    last_write_at: Annotated[Timestamp | None, about("When the base last wrote a register; null: never.", _AT)]
    fights: Annotated[list[int], about("Registers that a client and the base station fight over at present.", [])]
    fights_total: Annotated[int, about("Fights that have begun since the daemon started.", 0)]
    two_base_stations: Annotated[
        list[str], about("Those that write measurements beside each other, the base first; empty: only one does.", [])
    ]


class Listener(DaemonWords):
    """One way in for the base station."""

    name: Annotated[str, about("Its name.", "tcp")]
    type: Annotated[str, about("Its kind.", "tcp")]
    state: Annotated[str, about("opening, listening, failed or closed.", "listening")]
    tried: Annotated[bool, about("It was tried at least once.", True)]
    address: Annotated[str | None, about("Where it is bound; null: it is not.", "0.0.0.0:502")]
    failure: Annotated[str | None, about("Why it cannot be opened; null: it can.", None)]
    traffic: Annotated[dict[str, int], about("Counters since the daemon started.", {"requests": 1200, "foreign": 0})]


class DatabaseHealth(DaemonWords):
    """The journal, which remembers measurements over a restart."""

    mode: Annotated[str, about("sqlite, or memory while the file cannot be used.", "sqlite")]
    failure: Annotated[str | None, about("Why the file cannot be used; null: it can.", None)]
    since: Annotated[Timestamp | None, about("Since when the file cannot be used; null: it can.", None)]
    set_aside: Annotated[
        str | None,
        about("Where a file lies that was beyond use and was moved since the gateway started; null: none.", None),
    ] = None
    flushed_at: Annotated[Timestamp | None, about("When something was last written down; null: not yet.", _AT)]
    waiting_registers: Annotated[int, about("Registers that have changed and are not written down yet.", 3)]
    waiting_rows: Annotated[int, about("Commands and audit rows that are not written down yet.", 0)]
    dropped_rows: Annotated[
        int, about("Commands, audit rows and points of the history dropped while the file was away.", 0)
    ]


class DiskHealth(DaemonWords):
    """The file system that the database is on."""

    free: Annotated[int | None, about("Bytes that are free for the gateway; null: not measured.", 9_000_000_000)]
    total: Annotated[int | None, about("Its size in bytes; null: not measured.", 32_000_000_000)]
    measured_at: Annotated[Timestamp | None, about("When that was measured; null: not yet.", _AT)]


class ClockHealth(Answer):
    """The clock of the machine that the gateway runs on."""

    state: Annotated[
        Literal["steady", "was_set", "implausible", "unknown"],
        about("was_set: by more than a second since the start; implausible: before 2026.", "steady"),
    ]
    set_at: Annotated[Timestamp | None, about("When it was last set; null: not since the start.", None)]
    set_by_seconds: Annotated[
        float | None, about("By how much, negative when set back; null: not since the start.", None, "s")
    ]


class Integration(Answer):
    """A client of the older gateways' routes: a Home Assistant integration, or something else."""

    name: Annotated[str, about("Who it seems to be.", f"seems to be {recognising.NAMES['root']}")]
    routes: Annotated[Literal["root", "api"], about("Which routes it calls.", "root")]
    generation: Annotated[
        recognising.Generation | None,
        about("older or newer, by how it asked lately; null: that cannot be told.", "older"),
    ]
    requests: Annotated[int, about("How many requests it has made.", 1570)]
    last_seen_at: Annotated[Timestamp, about("When it last made one.", _AT)]
    weaknesses: Annotated[list[str], about("What is known to be weak in it.", ["ignores staleness"])]

    @classmethod
    def of(cls, calls: Calls) -> Integration:
        return cls.model_validate(
            {
                "name": recognising.name_of(calls),
                "routes": calls.routes,
                "generation": recognising.generation_of(calls),
                "requests": calls.requests,
                "last_seen_at": stamp(calls.last_seen),
                "weaknesses": recognising.weaknesses_of(calls),
            }
        )


class HealthReport(Answer):
    """How the gateway is, and what is wrong."""

    condition: Annotated[
        ConditionName,
        about("healthy, degraded (something is wrong, see problems) or unhealthy (the daemon is away).", "healthy"),
    ]
    ready: Annotated[bool, about("The daemon is at work and its listeners are open.", True)]
    waiting_for: Annotated[list[str], about("What keeps it from being ready.", [])]
    problems: Annotated[list[str], about("What is wrong, a sentence each.", [])]
    score: Annotated[int, about("0 to 100; 100 exactly when everything is ok.", 100)]
    score_parts: Annotated[list[ScorePart], about("What the score is made of.", [])]
    components: Annotated[list[Component], about("Every part of the gateway, and what to do about it.", [])]
    version: Annotated[str, about("The version of the gateway.", "0.1.0")]
    daemon: Annotated[DaemonHealth, about("The gateway daemon.", {"state": "running"})]
    bus: Annotated[BusHealth, about("How the bus is.", {"state": "alive"})]
    listeners: Annotated[list[Listener], about("Ways in for the base station; empty while the daemon is away.", [])]
    database: Annotated[DatabaseHealth | None, about("The journal; null while the daemon is away.", None)]
    disk: Annotated[DiskHealth | None, about("The disk of the database; null while the daemon is away.", None)]
    clock: Annotated[ClockHealth, about("The clock of the machine.", {"state": "steady"})]
    breaker: Annotated[
        Literal["closed", "open", "half-open"],
        about("The circuit breaker between HTTP and daemon; closed is the good state.", "closed"),
    ]
    pending_registers: Annotated[int, about("Registers that carry an open command's word.", 0)]
    faults: Annotated[list[str], about("Faults that are made on purpose at present; empty: no drill is running.", [])]

    integrations: Annotated[
        list[Integration], about("Who calls the routes of older gateways, since the gateway started.", [])
    ]

    @classmethod
    def of(cls, health: Health, version: str, calls: Sequence[Calls]) -> HealthReport:
        daemon, bus = health.daemon, health.bus
        return cls.model_validate(
            {
                "condition": health.condition,
                "ready": health.ready,
                "waiting_for": health.waiting_for,
                "problems": health.problems,
                "score": health.score.value,
                "score_parts": [asdict(part) for part in health.score.parts],
                "components": [_dated(asdict(one), "since") for one in health.components],
                "version": version,
                "daemon": _dated(daemon, "started_at", "heartbeat_at"),
                "bus": _dated(_but(bus, "last_write_age"), "last_frame_at", "last_write_at"),
                "listeners": health.listeners,
                "database": _dated(health.database, "since", "flushed_at") if health.database else None,
                "disk": _dated(health.disk, "measured_at") if health.disk else None,
                "clock": _dated(health.clock, "set_at"),
                "breaker": health.breaker,
                "pending_registers": health.pending_registers,
                "faults": health.faults,
                "integrations": [Integration.of(one) for one in calls],
            }
        )


def _but(report: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key != name}


def _dated(report: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a report with these Unix times as people read them."""
    return report | {name: stamp(report[name]) for name in names}
