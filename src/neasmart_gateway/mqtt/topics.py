"""Which topics there are, and the ids by which Home Assistant knows devices and entities for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from neasmart_gateway.domain.registers import BASES
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import NotFound

Place = ZoneRef | int
"""What a device stands for: a zone, or a base station by its number."""

PLANT = 1
"""The base whose device has what there is one of in the house: base 1 is the master, and registers 1 to 35 are its."""

EVERY_PLACE: tuple[Place, ...] = (*range(1, BASES + 1), *ZoneRef.every())
"""All places that there can be, bases first: a zone's device names that of its base."""

_COMMAND = re.compile(r"([1-9])/(?:([1-9][0-9]?)/)?([a-z]+)/set", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """Where an order is meant to go: a place, and what of it ("setpoint", "mode", "preset", "state")."""

    place: Place
    what: str


@dataclass(frozen=True, slots=True)
class Names:
    """All names of one gateway at a broker: `node` is the first part of ours, `prefix` where discovery looks.

    Nothing in here may ever change: whoever renames an id takes names and history from people.
    """

    node: str
    prefix: str

    @property
    def status(self) -> str:
        """Whether the gateway is there; the last will stands here."""
        return f"{self.node}/status"

    @property
    def pulse(self) -> str:
        """What we send to ourselves, to know how old can be what comes."""
        return f"{self.node}/pulse"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    @property
    def orders(self) -> tuple[str, str]:
        """The filters that all orders, and nothing else of ours, come under."""
        return f"{self.node}/+/+/set", f"{self.node}/+/+/+/set"

    def path(self, place: Place) -> str:
        """Return the topic that everything about a place lies under."""
        return f"{self.node}/{place.base}/{place.zone}" if isinstance(place, ZoneRef) else f"{self.node}/{place}"

    def state(self, place: Place) -> str:
        return f"{self.path(place)}/state"

    def availability(self, place: Place) -> str:
        return f"{self.path(place)}/availability"

    def result(self, place: Place) -> str:
        return f"{self.path(place)}/command/result"

    def order(self, place: Place, what: str) -> str:
        return f"{self.path(place)}/{what}/set"

    def device(self, place: Place) -> str:
        """Return a device's id. The letters keep zone 1.1 of one gateway apart from base 1 of a gateway "…_1"."""
        if isinstance(place, ZoneRef):
            return f"{self.device(place.base)}_z{place.zone}"
        return f"{self.node}_b{place}"

    def entity(self, place: Place, key: str) -> str:
        """Return an entity's id."""
        return f"{self.device(place)}_{key}"

    def config(self, place: Place) -> str:
        """Return where a device is made known."""
        return f"{self.prefix}/device/{self.device(place)}/config"

    def configs(self) -> Iterator[tuple[str, Place]]:
        """Yield where every device that there can be is made known, with its place."""
        return ((self.config(place), place) for place in EVERY_PLACE)

    def order_at(self, topic: str) -> Order | None:
        """Return what a topic orders; None when it names no place and thing that there can be."""
        node, _, rest = topic.partition("/")
        match = _COMMAND.fullmatch(rest) if node == self.node else None
        if match is None:
            return None
        base, zone, what = int(match[1]), match[2], match[3]
        place: Place | None = base if zone is None else _zone(base, int(zone))
        return Order(place, what) if place in EVERY_PLACE else None


def _zone(base: int, zone: int) -> ZoneRef | None:
    try:
        return ZoneRef(base, zone)
    except NotFound:
        return None
