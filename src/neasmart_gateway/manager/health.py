"""How the gateway is, judged from shared memory alone, so that it can be told with the daemon away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from neasmart_gateway.domain.registers import PLACES
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.shm.memory import SharedMemory

HEARTBEAT_LIMIT = 2.0
"""A daemon whose loop has not turned for this many seconds is away."""

Condition = Literal["healthy", "degraded", "unhealthy"]

_AWAY = "the gateway daemon is away"


@dataclass(frozen=True, slots=True)
class Health:
    """A health report. `condition` is healthy, degraded or unhealthy; times are Unix seconds, None for never.

    `waiting_for` says what keeps the gateway from being ready, nothing when it is. `listeners` and `database` are the
    daemon's own words, empty while there is none.
    """

    condition: Condition
    waiting_for: tuple[str, ...]
    problems: tuple[str, ...]
    daemon: dict[str, Any]
    bus: dict[str, Any]
    listeners: tuple[dict[str, Any], ...]
    database: dict[str, Any]
    breaker: str
    pending_registers: int

    @property
    def ready(self) -> bool:
        """Whether the daemon is at work and has tried every listener; those of TCP must be bound."""
        return not self.waiting_for


class HealthReader:
    """Reads heartbeat, status board and breaker, and judges."""

    def __init__(self, memory: SharedMemory, stale_after: float, clock: Callable[[], float]) -> None:
        self._memory = memory
        self._stale_after = stale_after
        self.clock = clock

    def freshness(self) -> Freshness:
        """Return what is needed to judge ages at this moment."""
        header, now = self._memory.header, self.clock()
        return Freshness(now, self._stale_after, header.last_bus_write, self._alive(now))

    def daemon_alive(self) -> bool:
        """Whether there is a daemon, and it has made a report."""
        return self._alive(self.clock()) and bool(self._status())

    def read(self) -> Health:
        header, status, freshness = self._memory.header, self._status(), self.freshness()
        listeners = tuple(status.get("listeners", ()))
        problems = tuple(self._problems(freshness, status))
        alive = freshness.daemon_alive and bool(status)
        return Health(
            condition="unhealthy" if not alive else "degraded" if problems else "healthy",
            waiting_for=tuple(_waiting_for(listeners)) if alive else (_AWAY,),
            problems=problems,
            daemon={
                "state": "running" if alive else "away",
                "started_at": status.get("started_at"),
                "heartbeat_at": self._unix(header.heartbeat),
                "pid": status.get("pid"),
            },
            bus={
                "state": "silent" if freshness.bus_silent else "alive",
                "last_frame_at": self._unix(header.last_frame),
                "last_write_at": self._unix(header.last_bus_write),
                "last_write_age": None if header.last_bus_write is None else freshness.now - header.last_bus_write,
            },
            listeners=listeners,
            database=status.get("database", {}),
            breaker=self._memory.breaker.state,
            pending_registers=status.get("pending_registers", 0),
        )

    def _problems(self, freshness: Freshness, status: dict[str, Any]) -> list[str]:
        problems = []
        if not freshness.daemon_alive or not status:
            problems.append(f"{_AWAY}: values are not live, commands are refused")
        if freshness.bus_silent:
            problems.append(f"the base station has written nothing for {self._stale_after:g} s or longer")
        problems += [f"{item['name']}: {item['failure']}" for item in status.get("listeners", ()) if item["failure"]]
        if status.get("database", {}).get("failure"):
            problems.append(status["database"]["failure"])
        problems += [f"a client and the base station fight over {_named(a)}" for a in status.get("fights", ())]
        if two := status.get("two_peers"):
            problems.append(f"{' and '.join(two)} both write measurements: two base stations, commands are refused")
        if self._is_barred():
            problems.append("the circuit breaker to the daemon is not closed")
        return problems

    def _is_barred(self) -> bool:
        """Whether the breaker keeps commands from the daemon; a newer one than it opened under is tried at once."""
        breaker = self._memory.breaker
        return breaker.state != "closed" and breaker.opened_under == self._memory.header.instance

    def _status(self) -> dict[str, Any]:
        """Return the status of the daemon at work now; that of a dead one is no news."""
        status = self._memory.status.read()
        return status if status.get("instance") == self._memory.header.instance else {}

    def _alive(self, now: float) -> bool:
        heartbeat = self._memory.header.heartbeat
        return heartbeat is not None and now - heartbeat <= HEARTBEAT_LIMIT

    def _unix(self, moment: float | None) -> float | None:
        return None if moment is None else moment + self._memory.header.wall_offset


def _waiting_for(listeners: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Say of each listener why the gateway is not ready because of it; a serial device may be away."""
    for listener in listeners:
        if not listener["tried"]:
            yield f"{listener['name']}: not tried yet"
        elif listener["type"] != "serial" and not listener["address"]:
            yield f"{listener['name']}: {listener['failure']}"
    if not listeners:
        yield "the gateway daemon has not named its listeners yet"


def _named(address: int) -> str:
    """Return a register's name with its zone, and its address."""
    place = PLACES[address]
    zone = ZoneRef.at(place.index) if place.row.group == "zone" else None
    of = f" of zone {zone.base}/{zone.zone}" if zone else ""
    return f"{place.row.name}{of} (register {address})"
