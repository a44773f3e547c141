"""Which faults are on: whose, until when, and how often they were met."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from threading import Event, RLock
from typing import Any

from neasmart_gateway.domain.faults import Fault, FaultKind
from neasmart_gateway.faults.records import DrillBegan, DrillEnded, FaultRecord
from neasmart_gateway.shm.drills import Drill as Told

BY_TIME, BY_ANOTHER = "time", "another drill of its kind"


@dataclass(slots=True)
class Drill:
    """A fault that somebody has switched on. Times are system-wide monotonic seconds; `over` is set at its end."""

    fault: Fault
    who: str
    started_at: float
    ends_at: float
    hits: int = 0
    ended_at: float | None = None
    ended_by: str | None = None
    over: Event = field(default_factory=Event)

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        beside = ("who", "started_at", "ends_at", "hits", "ended_at", "ended_by")
        return {**asdict(self.fault), **{name: getattr(self, name) for name in beside}}

    @classmethod
    def of(cls, told: Told) -> Drill:
        """Return the drill that was told."""
        fault = Fault(
            FaultKind(told["kind"]), told["duration"], told["probability"], told["delay_ms"], told["mebibytes"]
        )  # fmt: skip
        ends = (told["hits"], told["ended_at"], told["ended_by"])
        return cls(fault, told["who"], told["started_at"], told["ends_at"], *ends)


class Registry:
    """One drill of each kind at most, each ending by itself; may be asked from any thread.

    `clock` gives system-wide monotonic seconds, `random` numbers from 0 up to but not including 1.
    """

    def __init__(
        self, clock: Callable[[], float], random: Callable[[], float], report: Callable[[FaultRecord], None]
    ) -> None:
        self._clock, self._random, self._report = clock, random, report
        self._drills: dict[FaultKind, Drill] = {}
        self._lock = RLock()
        self._is_hushed = False

    def start(self, fault: Fault, who: str) -> Drill:
        """Switch a fault on; one of its kind that is on already ends."""
        now = self._clock()
        with self._lock:
            self.expire()
            self._end(fault.kind, BY_ANOTHER)
            drill = self._drills[fault.kind] = Drill(fault, who, now, now + fault.duration)
        self._report(DrillBegan(fault.kind, who, fault.duration, fault.probability))
        return drill

    def end(self, kinds: Iterable[FaultKind], who: str) -> list[Drill]:
        """Switch faults off; returns those that were on."""
        with self._lock:
            self.expire()
            return [drill for kind in kinds if (drill := self._end(kind, who)) is not None]

    def expire(self) -> None:
        """End those whose time is up."""
        with self._lock:
            for kind, drill in self._drills.items():
                if drill.ended_at is None and self._clock() >= drill.ends_at:
                    self._end(kind, BY_TIME)

    def active(self, kind: FaultKind) -> Drill | None:
        """Return the drill of a kind, if it is on now."""
        drill = self._drills.get(kind)
        is_on = drill is not None and drill.ended_at is None and self._clock() < drill.ends_at
        return drill if is_on and not self._is_hushed else None

    def strikes(self, kind: FaultKind) -> Drill | None:
        """Return the drill that an occasion meets, which is counted; None when it is off, or this time spared."""
        with self._lock:
            drill = self.active(kind)
            if drill is None or self._random() >= drill.fault.probability:
                return None
            drill.hits += 1
            return drill

    def pick(self, count: int) -> int:
        """Return one of the numbers from 0 up to but not including `count`."""
        return int(self._random() * count)

    def told(self) -> list[dict[str, Any]]:
        """Return the newest drill of each kind, running or over."""
        with self._lock:
            return [drill.told() for drill in self._drills.values()]

    def remember(self, told: Iterable[Told]) -> None:
        """Take on what a daemon of before has left."""
        with self._lock:
            self._drills = {drill.fault.kind: drill for drill in map(Drill.of, told)}

    def hush(self) -> None:
        """Let no fault strike in this process any more, though what is on stays on for the next one."""
        with self._lock:
            self._is_hushed = True
            for drill in self._drills.values():
                drill.over.set()

    def _end(self, kind: FaultKind, by: str) -> Drill | None:
        drill = self._drills.get(kind)
        if drill is None or drill.ended_at is not None:
            return None
        drill.ended_at, drill.ended_by = min(self._clock(), drill.ends_at), by
        drill.over.set()
        self._report(DrillEnded(kind, by, drill.hits))
        return drill
