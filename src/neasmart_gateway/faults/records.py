"""What is reported of drills."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DrillBegan:
    """Somebody has switched a fault on, for `duration` seconds."""

    fault: str
    who: str
    duration: float
    probability: float


@dataclass(frozen=True, slots=True)
class DrillEnded:
    """A fault is over, by itself or because somebody (`by`) has switched it off; it was met `hits` times."""

    fault: str
    by: str
    hits: int


FaultRecord = DrillBegan | DrillEnded
