"""Noteworthy events of each component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from neasmart_gateway.api.schema import Answer, Query, QueryNumber, Timestamp, about
from neasmart_gateway.manager.diagnostics import Events

MOST_EVENTS = 100
Level = Literal["info", "warning", "error"]


class DiagnosticEvent(Answer):
    """One event, or several of its like within an hour of each other."""

    number: Annotated[int, about("Counts the events of a component.", 12)]
    component: Annotated[str, about("What it is about: bus, commands, daemon, database or security.", "bus")]
    level: Annotated[Level, about("error: somebody should act; warning: somebody may want to know.", "error")]
    event: Annotated[
        str, about("What has happened, as in the log.", "cannot listen for the base station, trying again")
    ]
    subject: Annotated[
        str, about("What tells it from its like; `several` where there were too many.", "serial no such device")
    ]
    count: Annotated[int, about("How often it has happened.", 7)]
    first_at: Annotated[Timestamp, about("When it happened first.", "2026-11-21T06:12:00.250Z")]
    last_at: Annotated[Timestamp, about("When it happened last.", "2026-11-21T06:30:00.250Z")]
    fields: Annotated[dict[str, Any], about("What else was known, the last time.", {"listener": "serial"})]


class DiagnosedComponent(Answer):
    """What was kept of one component."""

    component: Annotated[str, about("Its name.", "bus")]
    events: Annotated[int, about("How many events are kept, at most 100.", 3)]
    info: Annotated[int, about("How often those of level info have happened.", 2)]
    warning: Annotated[int, about("How often those of level warning have happened.", 0)]
    error: Annotated[int, about("How often those of level error have happened.", 7)]
    last: Annotated[DiagnosticEvent | None, about("What has happened last; null: nothing yet.", {})]


class Diagnostics(Answer):
    """What was kept of all components."""

    components: Annotated[list[DiagnosedComponent], about("Every component.", [])]
    failure: Annotated[
        str | None, about("Why events cannot be written to their files; null: they can.", "No space left on device")
    ]

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> Diagnostics:
        components = [{"component": name} | one for name, one in summary["components"].items()]
        return cls.model_validate({"components": components, "failure": summary["failure"]})


class ComponentEvents(Answer):
    """Events of one component."""

    component: Annotated[str, about("Its name.", "bus")]
    events: Annotated[list[DiagnosticEvent], about("Newest first, by when each has happened last.", [])]
    count: Annotated[int, about("How many events are in this answer.", 1)]
    total: Annotated[int, about("How many there are.", 3)]

    @classmethod
    def of(cls, found: Events) -> ComponentEvents:
        events = [DiagnosticEvent.model_validate(event) for event in found.events]
        return cls(component=found.component, events=events, count=len(events), total=found.total)


class EventQuery(Query):
    """Which events are wanted."""

    limit: Annotated[QueryNumber, Field(ge=1, le=MOST_EVENTS), about("How many, at most 100.", 20)] = MOST_EVENTS


class Cleared(Answer):
    """What was forgotten."""

    cleared: Annotated[dict[str, int], about("How many events of each component.", {"bus": 3})]
    failure: Annotated[
        str | None, about("Why their files could not be removed; null: they are gone.", "Read-only file system")
    ]

    @classmethod
    def of(cls, done: Mapping[str, Any]) -> Cleared:
        return cls.model_validate(done)
