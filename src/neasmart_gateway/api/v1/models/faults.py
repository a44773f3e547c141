"""Faults made on purpose: what can be asked for, and what is shown of a drill."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from neasmart_gateway.api.schema import Answer, Body, Timestamp, about, stamp
from neasmart_gateway.api.v1.models.parts import Count
from neasmart_gateway.domain.faults import LONGEST, LONGEST_DELAY_MS, MOST_MEBIBYTES, SHORTEST, Fault, FaultKind
from neasmart_gateway.manager.drills import DrillView

_AT, _ENDS = "2026-11-21T06:30:00.250Z", "2026-11-21T06:31:00.250Z"
KindName = Literal[
    "bus_silence", "bus_delay", "frame_loss", "frame_corruption", "database_failure", "slow_disk", "daemon_crash",
    "memory_pressure",
]  # fmt: skip


class FaultWish(Body):
    """How long and how hard."""

    seldom: ClassVar = frozenset({"delay_ms", "mebibytes"})

    duration: Annotated[
        float, Field(ge=SHORTEST, le=LONGEST), about("After how long it ends by itself, 1 to 600.", 60, "s")
    ]
    probability: Annotated[
        float, Field(ge=0, le=1), about("How likely each occasion is met, 0 to 1; all of them if left out.", 1.0)
    ] = 1.0
    delay_ms: Annotated[
        int | SkipJsonSchema[None],
        Field(ge=1, le=LONGEST_DELAY_MS),
        about("For bus_delay and slow_disk: how late each time, 1 to 5000; 50 if left out.", 50, "ms"),
    ] = None
    mebibytes: Annotated[
        int | SkipJsonSchema[None],
        Field(ge=1, le=MOST_MEBIBYTES),
        about("For memory_pressure: how much is taken, 1 to 512; 64 if left out.", 64, "MiB"),
    ] = None

    def fault(self, kind: FaultKind) -> Fault:
        """Return the fault that is wanted; InvalidValue when a field is not for its kind."""
        return Fault(kind, self.duration, self.probability, self.delay_ms, self.mebibytes)


class NamedFaultWish(FaultWish):
    """Which fault, how long and how hard."""

    kind: Annotated[KindName, about("The fault.", "bus_silence")]


class Drill(Answer):
    """One fault made on purpose."""

    kind: Annotated[str, about("The fault.", "bus_silence")]
    running: Annotated[bool, about("It is on.", True)]
    duration: Annotated[float, about("For how long it was asked.", 60.0, "s")]
    probability: Annotated[float, about("How likely each occasion is met.", 1.0)]
    delay_ms: Annotated[int | None, about("How late each time; null: not said.", None, "ms")]
    mebibytes: Annotated[int | None, about("How much memory is taken; null: not said.", None, "MiB")]
    by: Annotated[str, about("Who has switched it on: the name of the key, else the address.", "wall-tablet")]
    started_at: Annotated[Timestamp, about("When it began.", _AT)]
    ends_at: Annotated[Timestamp, about("When it ends by itself.", _ENDS)]
    ended_at: Annotated[Timestamp | None, about("When it ended; null: it runs.", None)]
    ended_by: Annotated[
        str | None,
        about("What ended it: time, its one stroke, another drill of its kind, or who; null: it runs.", None),
    ]
    hits: Annotated[int, about("How many occasions it has met.", 3)]

    @classmethod
    def of(cls, view: DrillView) -> Drill:
        fault = view.fault
        return cls.model_validate(
            {
                "kind": fault.kind.value,
                "running": view.ended_at is None,
                "duration": fault.duration,
                "probability": fault.probability,
                "delay_ms": fault.delay_ms,
                "mebibytes": fault.mebibytes,
                "by": view.who,
                "started_at": stamp(view.started_at),
                "ends_at": stamp(view.ends_at),
                "ended_at": stamp(view.ended_at),
                "ended_by": view.ended_by,
                "hits": view.hits,
            }
        )


class Drills(Answer):
    """Drills, at most one of each kind."""

    faults: Annotated[list[Drill], about("The newest of each kind, running or over.", [])]
    count: Count

    @classmethod
    def of(cls, views: list[DrillView]) -> Drills:
        return cls(faults=[Drill.of(view) for view in views], count=len(views))
