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
from neasmart_gateway.manager.events import Event, Receipt
from neasmart_gateway.manager.manager import ModbusManager

RETRY = b"retry: 2000\n"
"""After how many milliseconds a client comes back: a worker that ends takes connections for up to a second more."""
FAREWELL = RETRY + b": this worker ends, please come back\n\n"
DROPPED = RETRY + b'event: dropped\ndata: {"reason": "too_slow"}\n\n'
"""Without an id: whoever comes back is sent what it has missed."""
SNAPSHOT = "/api/v1/snapshot"
Place = tuple[int, int]
"""Base and zone."""


class Gap(NamedTuple):
    """Events up to `id` are lost to a client, and the reason; `missed` counts all of them, None: nobody knows."""

    reason: str
    id: str
    missed: int | None

    def text(self, *, counted: bool) -> bytes:
        """Return it as it is sent; not `counted` when nobody knows how many of them the client has asked for."""
        data = {"reason": self.reason, "missed": self.missed if counted else None, "read": SNAPSHOT}
        return f"id: {self.id}\nevent: gap\ndata: {json.dumps(data)}\n\n".encode()


class Line(NamedTuple):
    """An event that is ready to be sent, and what filters go by: its kind, and the zones that it concerns."""

    kind: Kind
    zones: frozenset[Place]
    text: bytes


Told = Line | Gap | bytes
"""What streams are made of; bytes are what a stream says of itself."""


def alive(id_: str) -> bytes:
    """Return a sign of life, which moves the place to resume from and is no event."""
    return f": alive\nid: {id_}\n\n".encode()


class Renderer:
    """Renders each thing once, and anew when something of it may have changed before the last `refresh`."""

    def __init__(self, manager: ModbusManager) -> None:
        self._manager = manager
        self._edition: tuple[object, ...] = ()
        self._kept: dict[Topic, str] = {}
        self._state: tuple[Line, ...] = ()

    def refresh(self) -> None:
        """Forget what may have changed; to be called behind the look at the ring that has told so."""
        edition = self._manager.events.edition()
        if edition != self._edition:
            self._edition, self._kept, self._state = edition, {}, ()

    def line(self, event: Event) -> Line:
        """Return an event that is no command's as it is sent: what it is about, as that is now."""
        return Line(event.topic.kind, _zones(event.topic), self._text(self._id(event), event.topic))

    def step(self, event: Event, receipt: Receipt) -> Line:
        """Return a step of a command as it is sent."""
        zones = frozenset((write["base"], write["zone"]) for write in receipt["writes"] if write["base"])
        text = _message(self._id(event), Kind.COMMAND, CommandAnswer.of(receipt).model_dump_json())
        return Line(Kind.COMMAND, zones, text)

    def state(self) -> tuple[Line, ...]:
        """Return everything that was ever heard of as it is now, as events without an id."""
        if not self._state:
            zones = [Topic(Kind.ZONE, view.zone.ref.index) for view in self._manager.zones() if view.zone.heard]
            units = [topic for topic in UNIT_TOPICS if self._manager.unit(*topic.part).unit.heard]
            topics = (HEALTH, BUS, *zones, *units)
            self._state = tuple(Line(topic.kind, _zones(topic), self._text("", topic)) for topic in topics)
        return self._state

    def _id(self, event: Event) -> str:
        return f"id: {self._manager.events.boot}-{event.number}\n"

    def _text(self, id_: str, topic: Topic) -> bytes:
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
