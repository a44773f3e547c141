"""The house in words: which registers the base publishes, and what stands in each. Derived from the register table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from neasmart_gateway.domain.codecs import STANDBY_SETPOINT, Value
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES, PLACES, TABLE, rows_of
from neasmart_gateway.simulator.house import House

_DAMP = 70
_COLD = 10.0

VALUES: dict[str, Callable[[House, int], Value | None]] = {
    "operation.mode": lambda house, _: house.mode,
    "operation.state": lambda house, _: house.state,
    "notifications.error": lambda house, _: False,
    "notifications.warning": lambda house, _: any(room.temperature < _COLD for room in house.rooms.values()),
    "notifications.hint": lambda house, _: any(room.reported_humidity > _DAMP for room in house.rooms.values()),
    "outside.temperature": lambda house, _: house.weather.outside,
    "outside.filtered_temperature": lambda house, _: house.weather.filtered,
    "mixed_group.valve_opening": lambda house, index: round(house.groups[index].valve_opening),
    "mixed_group.pump": lambda house, index: house.groups[index].pump,
    "mixed_group.flow_temperature": lambda house, index: house.groups[index].flow,
    "mixed_group.return_temperature": lambda house, index: house.groups[index].back,
    "dehumidifier.running": lambda house, index: house.dehumidifiers[index].running,
    "pump.running": lambda house, index: house.pumps[index],
    "zone.state": lambda house, index: house.state_of(index),
    "zone.setpoint": lambda house, index: house.setpoint_of(index),
    "zone.temperature": lambda house, index: house.rooms[index].measured,
    "zone.relative_humidity": lambda house, index: house.rooms[index].reported_humidity,
}
"""By row name: the value of the index-th register of that row. Only a setpoint can be None: that is standby."""


def word_at(house: House, address: int) -> int:
    """Return the word that the base has for a register of the table."""
    place = PLACES[address]
    value = VALUES[place.row.name](house, place.index)
    return STANDBY_SETPOINT if value is None else place.row.codec.encode(value)


def runs(addresses: Iterable[int]) -> tuple[range, ...]:
    """Cut addresses into runs without a gap, in ascending order."""
    found: list[range] = []
    for address in sorted(addresses):
        if found and found[-1].stop == address:
            found[-1] = range(found[-1].start, address + 1)
        else:
            found.append(range(address, address + 1))
    return tuple(found)


def zone_addresses(index: int) -> frozenset[int]:
    """Return the registers of the zone at a 0-based position."""
    return frozenset(row.address(index) for row in rows_of("zone"))


def topics(house: House) -> list[frozenset[int]]:
    """Return the registers that belong together and are published together: each zone, and each part of the plant."""
    groups = [group for group in dict.fromkeys(row.group for row in TABLE) if group != "zone"]
    plant = [frozenset(r.address(i) for r in rows_of(group) for i in range(r.count)) for group in groups]
    return plant + [zone_addresses(index) for index in house.rooms]


def command_runs(house: House) -> list[range]:
    """Return what the base reads from its gateways, a request each: mode and state, and each zone's N and N+1."""
    return [run for topic in topics(house) for run in runs(topic & COMMAND_ADDRESSES)]
