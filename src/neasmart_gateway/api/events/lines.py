"""Events as they go over the wire: text/event-stream, with the same JSON as the resources."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from neasmart_gateway.api.schema import Answer
from neasmart_gateway.api.v1.models.commands import CommandAnswer
from neasmart_gateway.api.v1.models.events import BusState, PlantPart
from neasmart_gateway.api.v1.models.operation import Operation
from neasmart_gateway.api.v1.models.snapshot import HealthSummary
from neasmart_gateway.api.v1.models.zones import Zone
from neasmart_gateway.domain.topics import BUS, HEALTH, UNIT_TOPICS, Kind, Topic
from neasmart_gateway.manager.events import Event
from neasmart_gateway.manager.manager import ModbusManager

RETRY = b"retry: 2000\n"
"""After how many milliseconds a client comes back: a worker that ends takes connections for up to a second more."""
FAREWELL = RETRY + b": this worker ends, please come back\n\n"
DROPPED = RETRY + b'event: dropped\ndata: {"reason": "too_slow"}\n\n'
"""Without an id: whoever comes back is sent what it has missed."""
Place = tuple[int, int]
"""Base and zone."""


class Line(NamedTuple):
    """An event that is ready to be sent, and what filters go by: its kind, and the zones that it concerns."""

    kind: Kind
    zones: frozenset[Place]
    text: bytes


def note(name: str, id_: str, data: Mapping[str, object]) -> bytes:
    """Return a message of the stream about itself."""
    return f"id: {id_}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()


def alive(id_: str) -> bytes:
    """Return a sign of life, which moves the place to resume from and is no event."""
    return f": alive\nid: {id_}\n\n".encode()


class Renderer:
    """Renders each thing once for as long as nothing of it can have changed."""

    def __init__(self, manager: ModbusManager) -> None:
        self._manager = manager
        self._edition: tuple[object, ...] = ()
        self._kept: dict[Topic, str] = {}

    def line(self, event: Event) -> Line:
        """Return an event as it is sent; what it is about, as that is now."""
        id_ = f"id: {self._manager.events.boot}-{event.number}\n"
        if event.receipt is None:
            return Line(event.topic.kind, _zones(event.topic), self._text(id_, event.topic))
        zones = frozenset((write["base"], write["zone"]) for write in event.receipt["writes"] if write["base"])
        return Line(Kind.COMMAND, zones, _message(id_, Kind.COMMAND, CommandAnswer.of(event.receipt).model_dump_json()))

    def state(self) -> list[Line]:
        """Return everything that was ever heard of as it is now, as events without an id."""
        zones = [Topic(Kind.ZONE, view.zone.ref.index) for view in self._manager.zones() if view.zone.heard]
        units = [topic for topic in UNIT_TOPICS if self._manager.unit(*topic.part).unit.heard]
        return [Line(topic.kind, _zones(topic), self._text("", topic)) for topic in (HEALTH, BUS, *zones, *units)]

    def _text(self, id_: str, topic: Topic) -> bytes:
        edition = self._manager.events.edition()
        if edition != self._edition:
            self._edition, self._kept = edition, {}
        if topic not in self._kept:
            self._kept[topic] = _MAKERS[topic.kind](self._manager, topic).model_dump_json()
        return _message(id_, topic.kind, self._kept[topic])


def _message(id_: str, kind: Kind, data: str) -> bytes:
    return f"{id_}event: {kind}\ndata: {data}\n\n".encode()


def _zones(topic: Topic) -> frozenset[Place]:
    return frozenset({(topic.zone.base, topic.zone.zone)}) if topic.kind is Kind.ZONE else frozenset()


_MAKERS: Mapping[Kind, Callable[[Any, Topic], Answer]] = {
    Kind.ZONE: lambda manager, topic: Zone.of(manager.zone(topic.zone)),
    Kind.OPERATION: lambda manager, topic: Operation.of(manager.unit(*topic.part)),
    Kind.PLANT: lambda manager, topic: PlantPart.of(manager.unit(*topic.part)),
    Kind.BUS: lambda manager, _topic: BusState.of(manager.health()),
    Kind.HEALTH: lambda manager, _topic: HealthSummary.of(manager.health_summary()),
}
