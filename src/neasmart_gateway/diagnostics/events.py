"""A noteworthy event, and what it looks like as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neasmart_gateway.domain.times import iso, unix_of

COMPONENTS = ("bus", "commands", "daemon", "database", "mqtt", "security")
LEVELS = ("info", "warning", "error")

_LONGEST_TEXT = 300
_LONGEST_LINE = 1500
"""Characters of an event as JSON; one that is longer goes without its fields."""
_DEEPEST = 8
"""Lists and objects within each other; what stands deeper is left out."""
_MOST = 2**53
"""Beyond which JSON's readers do not count any more."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, or several of its like. `first_at` and `last_at` are Unix seconds.

    `subject` tells apart whom or what the same sentence is about; `number` is the ring's, which gives it.
    """

    component: str
    level: str
    sentence: str
    first_at: float
    last_at: float
    subject: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    number: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as it goes into files and answers, within the greatest length."""
        whole = {
            "number": self.number,
            "component": self.component,
            "level": self.level,
            "event": cut(self.sentence),
            "subject": cut(self.subject),
            "count": self.count,
            "first_at": iso(self.first_at),
            "last_at": iso(self.last_at),
            "fields": plain(self.fields),
        }
        return whole if len(json.dumps(whole)) <= _LONGEST_LINE else whole | {"fields": {}}


def event_of(found: Mapping[str, Any]) -> Event:
    """Return the event that JSON stands for; ValueError when it stands for none."""
    try:
        event = Event(
            component=str(found["component"]), level=str(found["level"]), sentence=str(found["event"]),
            first_at=unix_of(found["first_at"]), last_at=unix_of(found["last_at"]), subject=str(found["subject"]),
            fields=plain(dict(found["fields"])), count=int(found["count"]), number=int(found["number"]),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not an event: {error!r}") from error
    if (
        event.component not in COMPONENTS
        or event.level not in LEVELS
        or not 1 <= event.count <= _MOST
        or not 1 <= event.number <= _MOST
    ):
        raise ValueError("not an event of ours")
    return event


def plain(value: Any, room: int = _DEEPEST) -> Any:  # noqa: ANN401 - whatever a record holds
    """Return a value as JSON has it, its texts no longer than 300 characters, at most `room` levels deep."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | Sequence) and not isinstance(value, str | bytes):
        if not room:
            return "…"
        if isinstance(value, Mapping):
            return {cut(str(name)): plain(one, room - 1) for name, one in value.items()}
        return [plain(one, room - 1) for one in value]
    return cut(str(value))


def cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
