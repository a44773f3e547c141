"""The register map as a table: every address, codec, writer and source, and nothing else.

Documentation, API, MQTT topics and the simulator are derived from these rows. Sources: "manual" is REHAU's NEA SMART
2.0 KNX Gateway commissioning guide; "via T" where the open-source project rehau-nea-2-modbus-to-mqtt cites it;
"field" is what gateways on real installations have shown and is unverified against the manual.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from neasmart_gateway.domain import codecs
from neasmart_gateway.domain.codecs import Codec

BASES = 5
ZONES_PER_BASE = 12
ZONES = BASES * ZONES_PER_BASE
MIXED_GROUPS = 3
DEHUMIDIFIERS = 9
PUMPS = 5
ZONE_STRIDE = 100
ADDRESS_SPACE = 65536


class Access(StrEnum):
    """Who writes a register."""

    COMMAND = "command"
    """The base reads it from us and also writes it to us."""
    MEASUREMENT = "measurement"
    """Only the base writes it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of register: addresses start, start + step, … (`count` of them).

    `group` is the thing it belongs to and `field` the property of that thing; 0-based wire addresses, one word each.
    """

    group: str
    field: str
    start: int
    codec: Codec
    access: Access
    source: str
    step: int = 1
    count: int = 1

    @property
    def name(self) -> str:
        return f"{self.group}.{self.field}"

    def address(self, index: int = 0) -> int:
        """Return the wire address of the index-th register of this kind; IndexError outside the table."""
        if not 0 <= index < self.count:
            raise IndexError(f"{self.name} has {self.count} registers, there is no index {index}")
        return self.start + self.step * index


_MIXED = {"step": 4, "count": MIXED_GROUPS}
_ZONE = {"step": ZONE_STRIDE, "count": ZONES}
_BASE, _BOTH = Access.MEASUREMENT, Access.COMMAND
_T = "manual via T"

TABLE: tuple[Row, ...] = (
    Row("operation", "mode", 1, codecs.MODE, _BOTH, _T),
    Row("operation", "state", 2, codecs.STATE, _BOTH, _T + "; the six states p. 19"),
    Row("notifications", "error", 3, codecs.FLAG, _BASE, _T),
    Row("notifications", "warning", 5, codecs.FLAG, _BASE, _T),
    Row("notifications", "hint", 6, codecs.FLAG, _BASE, _T),
    Row("outside", "temperature", 7, codecs.TEMPERATURE, _BASE, _T),
    Row("outside", "filtered_temperature", 8, codecs.TEMPERATURE, _BASE, _T),
    Row("mixed_group", "valve_opening", 10, codecs.PERCENT, _BASE, _T, **_MIXED),
    Row("mixed_group", "pump", 11, codecs.FLAG, _BASE, _T, **_MIXED),
    Row("mixed_group", "flow_temperature", 12, codecs.TEMPERATURE, _BASE, _T, **_MIXED),
    Row("mixed_group", "return_temperature", 13, codecs.TEMPERATURE, _BASE, _T, **_MIXED),
    Row("dehumidifier", "running", 22, codecs.FLAG, _BASE, "manual (ES) p. 18", count=DEHUMIDIFIERS),
    Row("pump", "running", 31, codecs.FLAG, _BASE, "manual (ES) p. 18", count=PUMPS),
    Row("zone", "state", 100, codecs.ZONE_STATE, _BOTH, "manual p. 19", **_ZONE),
    Row("zone", "setpoint", 101, codecs.SETPOINT, _BOTH, "address: manual p. 19; codec: field", **_ZONE),
    Row("zone", "temperature", 102, codecs.TEMPERATURE, _BASE, "address: manual p. 19; codec: field", **_ZONE),
    Row("zone", "relative_humidity", 110, codecs.HUMIDITY, _BASE, "manual p. 19", **_ZONE),
)

BY_NAME: dict[str, Row] = {row.name: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at an address: the row of the table and the 0-based index within it."""

    row: Row
    index: int


def _places() -> Iterator[tuple[int, Place]]:
    for row in TABLE:
        for index in range(row.count):
            yield row.address(index), Place(row, index)


PLACES: dict[int, Place] = dict(_places())
"""Every address that the table knows. Others are stored and served, and shown as unknown."""

COMMAND_ADDRESSES: frozenset[int] = frozenset(a for a, place in PLACES.items() if place.row.access is Access.COMMAND)


@cache
def rows_of(group: str) -> tuple[Row, ...]:
    """Return the rows of one group, in address order."""
    return tuple(row for row in TABLE if row.group == group)
