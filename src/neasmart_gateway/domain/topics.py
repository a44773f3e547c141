"""What an event is about: a zone, the plant's operation or another part of it, a command, the bus, the health."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from neasmart_gateway.domain.registers import PLACES, TABLE, ZONES
from neasmart_gateway.domain.zones import ZoneRef


class Kind(StrEnum):
    """The kinds of events. Their order is that of the numbers in shared memory."""

    ZONE = "zone"
    OPERATION = "operation"
    PLANT = "plant"
    COMMAND = "command"
    BUS = "bus"
    HEALTH = "health"


class Topic(NamedTuple):
    """A kind, and which of that kind: a zone's index (0 to 59), a part's place in PARTS; 0 where there is only one."""

    kind: Kind
    which: int = 0

    @property
    def zone(self) -> ZoneRef:
        """The zone that a topic of kind ZONE is about."""
        return ZoneRef.at(self.which)

    @property
    def part(self) -> tuple[str, int]:
        """Group and number (1-based) of what a topic of kind OPERATION or PLANT is about."""
        return ("operation", 1) if self.kind is Kind.OPERATION else PARTS[self.which]


def _parts() -> Iterator[tuple[str, int]]:
    for group in dict.fromkeys(row.group for row in TABLE):
        if group not in ("zone", "operation"):
            count = next(row.count for row in TABLE if row.group == group)
            yield from ((group, number) for number in range(1, count + 1))


PARTS: tuple[tuple[str, int], ...] = tuple(_parts())
"""Everything of the plant besides zones and operation, as (group, number)."""

OPERATION, COMMAND = Topic(Kind.OPERATION), Topic(Kind.COMMAND)
BUS, HEALTH = Topic(Kind.BUS), Topic(Kind.HEALTH)
ZONE_TOPICS = tuple(Topic(Kind.ZONE, index) for index in range(ZONES))
UNIT_TOPICS = (OPERATION, *(Topic(Kind.PLANT, index) for index in range(len(PARTS))))


@cache
def topic_at(address: int) -> Topic | None:
    """Return what a register belongs to; None for one that the register map does not know."""
    place = PLACES.get(address)
    if place is None:
        return None
    if place.row.group == "zone":
        return ZONE_TOPICS[place.index]
    if place.row.group == "operation":
        return OPERATION
    return Topic(Kind.PLANT, PARTS.index((place.row.group, place.index + 1)))
