"""The timeline of a zone: changes and the ends of commands in one list."""

from __future__ import annotations

from typing import Annotated, Literal

from neasmart_gateway.api.schema import Answer, Timestamp, about
from neasmart_gateway.api.v1.models.commands import Command
from neasmart_gateway.api.v1.models.history import Change, Next
from neasmart_gateway.api.v1.models.parts import Count
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.manager.history import AuditRow
from neasmart_gateway.manager.views import Page, Receipt

_AT = "2026-11-21T06:30:00.250Z"


class Moment(Answer):
    """One thing that happened."""

    at: Annotated[Timestamp, about("When.", _AT)]
    kind: Annotated[
        Literal["change", "outcome"],
        about("change: a register changed, or a user asked for it; outcome: a command came to its end.", "change"),
    ]
    change: Annotated[Change | None, about("What changed; null for an outcome.", {"cause": "base"})]
    outcome: Annotated[Command | None, about("The command that ended; null for a change.", None)]


class Timeline(Answer):
    """What happened to one zone, newest first."""

    base: Annotated[int, about("The zone's base.", 1)]
    zone: Annotated[int, about("The zone's number on that base.", 1)]
    timeline: Annotated[list[Moment], about("What happened.", [])]
    count: Count
    next: Next

    @classmethod
    def of(cls, ref: ZoneRef, page: Page[AuditRow | Receipt]) -> Timeline:
        moments = [_changed(row) if isinstance(row, AuditRow) else _ended(row) for row in page.rows]
        return cls(base=ref.base, zone=ref.zone, timeline=moments, count=len(moments), next=page.next)


def _changed(row: AuditRow) -> Moment:
    change = Change.of(row)
    return Moment(at=change.at, kind="change", change=change, outcome=None)


def _ended(receipt: Receipt) -> Moment:
    return Moment(at=receipt["finished_at"], kind="outcome", change=None, outcome=Command.model_validate(receipt))
