"""The timeline of a zone: changes and the ends of commands in one list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from neasmart_gateway.api.schema import Answer, Timestamp, about
from neasmart_gateway.api.v1.models.commands import Command
from neasmart_gateway.api.v1.models.history import Change
from neasmart_gateway.api.v1.models.parts import Count
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.manager.history import AuditRow

_AT = "2026-11-21T06:30:00.250Z"


class Moment(Answer):
    """One thing that happened."""

    at: Annotated[Timestamp, about("When.", _AT)]
    kind: Annotated[
        Literal["change", "outcome"],
        about("change: a register changed, or a user asked for it; outcome: a command came to its end.", "change"),
    ]
    change: Annotated[Change | None, about("What changed; null for an outcome.", None)]
    outcome: Annotated[Command | None, about("The command that ended; null for a change.", None)]


class Timeline(Answer):
    """What happened to one zone, newest first."""

    base: Annotated[int, about("The zone's base.", 1)]
    zone: Annotated[int, about("The zone's number on that base.", 1)]
    timeline: Annotated[list[Moment], about("What happened.", [])]
    count: Count

    @classmethod
    def of(
        cls,
        ref: ZoneRef,
        changes: Sequence[tuple[int, AuditRow]],
        commands: Sequence[tuple[int, dict[str, Any]]],
        limit: int,
    ) -> Timeline:
        moments = [_changed(row) for _, row in changes] + [_ended(r) for _, r in commands if r["finished_at"]]
        newest = sorted(moments, key=lambda moment: moment.at, reverse=True)[:limit]
        return cls(base=ref.base, zone=ref.zone, timeline=newest, count=len(newest))


def _changed(row: AuditRow) -> Moment:
    change = Change.of(row)
    return Moment(at=change.at, kind="change", change=change, outcome=None)


def _ended(receipt: dict[str, Any]) -> Moment:
    return Moment(at=receipt["finished_at"], kind="outcome", change=None, outcome=Command.model_validate(receipt))
