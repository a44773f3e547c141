"""The full report of how the gateway is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict

from neasmart_gateway.api.schema import Answer, Timestamp, about, stamp
from neasmart_gateway.manager.health import Health

_AT = "2026-11-21T06:30:00.250Z"


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
    dropped_rows: Annotated[int, about("Commands and audit rows that had to be dropped while the file was away.", 0)]


class HealthReport(Answer):
    """How the gateway is, and what is wrong."""

    condition: Annotated[
        Literal["healthy", "degraded", "unhealthy"],
        about("healthy, degraded (something is wrong, see problems) or unhealthy (the daemon is away).", "healthy"),
    ]
    ready: Annotated[bool, about("The daemon is at work and its listeners are open.", True)]
    waiting_for: Annotated[list[str], about("What keeps it from being ready.", [])]
    problems: Annotated[list[str], about("What is wrong, a sentence each.", [])]
    version: Annotated[str, about("The version of the gateway.", "0.1.0")]
    daemon: Annotated[DaemonHealth, about("The gateway daemon.", {"state": "running"})]
    bus: Annotated[BusHealth, about("How the bus is.", {"state": "alive"})]
    listeners: Annotated[list[Listener], about("Ways in for the base station; empty while the daemon is away.", [])]
    database: Annotated[DatabaseHealth | None, about("The journal; null while the daemon is away.", None)]
    breaker: Annotated[
        Literal["closed", "open", "half-open"],
        about("The circuit breaker between HTTP and daemon; closed is the good state.", "closed"),
    ]
    pending_registers: Annotated[int, about("Registers that carry an open command's word.", 0)]

    @classmethod
    def of(cls, health: Health, version: str) -> HealthReport:
        daemon, bus = health.daemon, health.bus
        return cls.model_validate(
            {
                "condition": health.condition,
                "ready": health.ready,
                "waiting_for": health.waiting_for,
                "problems": health.problems,
                "version": version,
                "daemon": daemon | _moments(daemon, "started_at", "heartbeat_at"),
                "bus": {"state": bus["state"]} | _moments(bus, "last_frame_at", "last_write_at"),
                "listeners": health.listeners,
                "database": _database(health.database),
                "breaker": health.breaker,
                "pending_registers": health.pending_registers,
            }
        )


def _database(report: dict[str, Any]) -> dict[str, Any] | None:
    return report | _moments(report, "since", "flushed_at") if report else None


def _moments(report: dict[str, Any], *names: str) -> dict[str, str | None]:
    """Return Unix times of a report as people read them."""
    return {name: stamp(report[name]) for name in names}
