"""Faults made on purpose: which are on, from shared memory, and switching them on and off through the daemon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from neasmart_gateway.domain.faults import Fault, FaultKind
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.shm.drills import Drill
from neasmart_gateway.shm.memory import SharedMemory


@dataclass(frozen=True, slots=True)
class DrillView:
    """A drill as it is shown; times are Unix seconds, `ended_at` None while it runs."""

    fault: Fault
    who: str
    started_at: float
    ends_at: float
    hits: int
    ended_at: float | None
    ended_by: str | None


class Drills:
    """Reads go on with the daemon away. Calls go past the circuit breaker, which may be what a drill tries."""

    def __init__(self, memory: SharedMemory, link: LinkClient, clock: Callable[[], float]) -> None:
        self._memory, self._link, self._clock = memory, link, clock

    def names(self) -> list[str]:
        """Return the kinds of faults that are on."""
        return [drill["kind"] for drill in self._memory.drills.running(self._clock())]

    def all(self) -> list[DrillView]:
        """Return the newest drill of each kind, running or over."""
        return [self._view(drill) for drill in self._memory.drills.read()]

    def start(self, fault: Fault, who: str) -> DrillView:
        """Switch a fault on; Conflict when that cannot be now, DaemonAway when there is no daemon."""
        params = {**asdict(fault), "who": who}
        return self._view(self._link.call("fault_start", params))

    def end(self, kinds: Sequence[FaultKind], who: str) -> list[DrillView]:
        """Switch faults off; returns those that were on. DaemonAway when there is no daemon."""
        ended: list[dict[str, Any]] = self._link.call("fault_end", {"kinds": list(kinds), "who": who})
        return [self._view(drill) for drill in ended]

    def _view(self, drill: Drill) -> DrillView:
        offset, over = self._memory.header.wall_offset, drill["ended_at"]
        if over is None and self._clock() >= drill["ends_at"]:
            over = drill["ends_at"]
        fault = Fault(
            FaultKind(drill["kind"]), drill["duration"], drill["probability"], drill["delay_ms"], drill["mebibytes"]
        )  # fmt: skip
        return DrillView(
            fault,
            drill["who"],
            drill["started_at"] + offset,
            drill["ends_at"] + offset,
            drill["hits"],
            None if over is None else over + offset,
            drill["ended_by"],
        )
