"""How the gateway is, judged from shared memory alone, so that it can be told with the daemon away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neasmart_gateway.domain.components import AWAY, Component, Condition, Facts, condition, judge, problems
from neasmart_gateway.domain.readiness import waiting_for
from neasmart_gateway.domain.score import Score, score
from neasmart_gateway.domain.staleness import HEARTBEAT_LIMIT, Freshness
from neasmart_gateway.shm.facts import gather
from neasmart_gateway.shm.memory import SharedMemory


@dataclass(frozen=True, slots=True)
class Health:
    """A health report. `condition` is healthy, degraded or unhealthy; times are Unix seconds, None for never.

    `condition`, `problems` and `score` follow from the components. `waiting_for` says what keeps the gateway from being
    ready, nothing when it is. `listeners`, `database` and `disk` are the daemon's own words, empty while there is none.
    `faults` are those that are made on purpose now.
    """

    condition: Condition
    waiting_for: tuple[str, ...]
    problems: tuple[str, ...]
    components: tuple[Component, ...]
    score: Score
    daemon: dict[str, Any]
    bus: dict[str, Any]
    listeners: tuple[dict[str, Any], ...]
    database: dict[str, Any]
    disk: dict[str, Any]
    clock: dict[str, Any]
    breaker: str
    pending_registers: int
    faults: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether the daemon is at work and has tried every listener; those of TCP must be bound."""
        return not self.waiting_for


@dataclass(frozen=True, slots=True)
class Summary:
    """Health without anything that moves while nothing happens; of each component name, kind, state and severity."""

    condition: Condition
    score: int
    problems: tuple[str, ...]
    components: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class BusWrite:
    """The base's last write: when (Unix seconds), how many seconds ago, and whether that is too long ago (`silent`).

    `at` and `age` are None when it never wrote.
    """

    silent: bool
    at: float | None
    age: float | None


class HealthReader:
    """Reads heartbeat, status board and breaker, and judges."""

    def __init__(self, memory: SharedMemory, stale_after: float, clock: Callable[[], float]) -> None:
        self._memory = memory
        self._stale_after = stale_after
        self._summed_up: tuple[tuple[object, ...], Summary] | None = None
        self.clock = clock

    def freshness(self) -> Freshness:
        """Return what is needed to judge ages at this moment."""
        header, now = self._memory.header, self.clock()
        return Freshness(now, self._stale_after, header.last_bus_write, self._alive(now))

    def bus_write(self) -> BusWrite:
        """Return the base's last write, which a daemon that is away does not change."""
        freshness, last = self.freshness(), self._memory.header.last_bus_write
        if last is None:
            return BusWrite(freshness.bus_silent, None, None)
        return BusWrite(freshness.bus_silent, last + self._memory.header.wall_offset, freshness.now - last)

    def daemon_alive(self) -> bool:
        """Whether there is a daemon, and it has made a report."""
        return self._alive(self.clock()) and bool(self._status())

    def read(self) -> Health:
        """Return the full report."""
        facts = self._facts(self.freshness())
        status, components, at_work = facts.status, judge(facts), facts.daemon_at_work
        listeners = tuple(status.get("listeners", ()))
        return Health(
            condition=condition(components),
            waiting_for=tuple(waiting_for(listeners)) if at_work else (AWAY,),
            problems=problems(components),
            components=components,
            score=score(components),
            daemon={
                "state": "running" if at_work else "away",
                "started_at": status.get("started_at"),
                "heartbeat_at": facts.unix(facts.heartbeat),
                "pid": status.get("pid"),
            },
            bus=self._bus(facts),
            listeners=listeners,
            database=status.get("database", {}),
            disk=status.get("disk") or {},
            clock=self._clock(facts, components),
            breaker=facts.breaker,
            pending_registers=status.get("pending_registers", 0),
            faults=tuple(drill["kind"] for drill in facts.drills),
        )

    def summary(self) -> Summary:
        """Return the summary; judged anew only when something of what it rests on has moved."""
        freshness, header, breaker = self.freshness(), self._memory.header, self._memory.breaker
        key = (
            self._memory.status.edition, header.instance, header.wall_offset, header.clock_set_at,
            freshness.daemon_alive, freshness.bus_silent, breaker.state, breaker.opened_under,
            tuple((drill["kind"], drill["ends_at"]) for drill in self._memory.drills.running(freshness.now)),
        )  # fmt: skip
        if self._summed_up is None or self._summed_up[0] != key:
            self._summed_up = (key, _summary(judge(self._facts(freshness))))
        return self._summed_up[1]

    def _facts(self, freshness: Freshness) -> Facts:
        return gather(self._memory, self._status(), freshness)

    def _bus(self, facts: Facts) -> dict[str, Any]:
        header, freshness, status = self._memory.header, facts.freshness, facts.status
        last = freshness.last_bus_write
        return {
            "state": "silent" if freshness.bus_silent else "alive",
            "last_frame_at": facts.unix(header.last_frame),
            "last_write_at": facts.unix(last),
            "last_write_age": None if last is None else freshness.now - last,
            "fights": list(status.get("fights", ())),
            "fights_total": status.get("fights_total", 0),
            "two_base_stations": list(status.get("two_peers", ())),
        }

    def _clock(self, facts: Facts, components: tuple[Component, ...]) -> dict[str, Any]:
        was_set = facts.clock_set_at is not None
        return {
            "state": next(one.state for one in components if one.kind == "clock"),
            "set_at": facts.unix(facts.clock_set_at),
            "set_by_seconds": self._memory.header.clock_set_by if was_set else None,
        }

    def _status(self) -> dict[str, Any]:
        """Return the status of the daemon at work now; that of a dead one is no news."""
        status = self._memory.status.read()
        return status if status.get("instance") == self._memory.header.instance else {}

    def _alive(self, now: float) -> bool:
        heartbeat = self._memory.header.heartbeat
        return heartbeat is not None and now - heartbeat <= HEARTBEAT_LIMIT


def _summary(components: tuple[Component, ...]) -> Summary:
    states = tuple((one.name, one.kind, one.state, one.severity.value) for one in components)
    return Summary(condition(components), score(components).value, problems(components), states)
