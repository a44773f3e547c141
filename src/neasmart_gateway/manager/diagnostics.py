"""The noteworthy events that the daemon keeps of each component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neasmart_gateway.link.client import LinkClient


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one component, newest first, and how many there are in all."""

    component: str
    events: Sequence[Mapping[str, Any]]
    total: int


class DiagnosticsReader:
    """Asks the daemon, past the circuit breaker: who looks for a fault must neither be barred by it nor add to it.

    Each method raises DaemonAway when there is no daemon, and NotFound for a component that there is not.
    """

    def __init__(self, link: LinkClient) -> None:
        self._link = link

    def summary(self) -> Mapping[str, Any]:
        """Return {"components": by name how many events of each level and the last one, "failure" of the files}."""
        found: Mapping[str, Any] = self._link.call("diagnostics", {})
        return found

    def events(self, component: str, limit: int) -> Events:
        """Return up to `limit` events, page by page: a message of the link has a greatest size."""
        found: dict[int, Mapping[str, Any]] = {}
        skip = 0
        while True:
            page = self._link.call("events", {"component": component, "skip": skip, "limit": limit - skip})
            for event in page["events"]:
                found.setdefault(event["number"], event)  # one that has happened again meanwhile moved to the front
            skip += len(page["events"])
            if not page["events"] or skip >= limit:
                return Events(component, list(found.values()), page["total"])

    def clear(self, component: str | None, who: str) -> Mapping[str, Any]:
        """Have the events of one component forgotten, or of all; returns {"cleared": how many of each, "failure"}."""
        found: Mapping[str, Any] = self._link.call("clear_diagnostics", {"component": component, "who": who})
        return found
