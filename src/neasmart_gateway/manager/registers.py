"""Raw registers, each with what the register map says of it and whether it can be taken for live."""

from __future__ import annotations

from collections.abc import Callable

from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.registers import ADDRESS_SPACE, PLACES, ZONE_STRIDE, ZONES
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.zones import ZoneRef, decode_zone
from neasmart_gateway.errors import InvalidValue
from neasmart_gateway.manager.views import RegisterView
from neasmart_gateway.shm.image import ImageReader

Unix = Callable[[float | None], float | None]
"""Turns a monotonic time into a Unix one, None into None."""


def registers_from(start: int, count: int, reader: ImageReader, freshness: Freshness, unix: Unix) -> list[RegisterView]:
    """Return `count` registers from `start` on; InvalidValue when they reach beyond the address space."""
    if not 0 <= start < ADDRESS_SPACE or not 1 <= count <= ADDRESS_SPACE - start:
        raise InvalidValue(
            f"registers {start} to {start + count - 1} are not within 0 to {ADDRESS_SPACE - 1}", field="start"
        )
    views: list[RegisterView] = []
    address = start
    while address < start + count:
        stop = min(start + count, (address // ZONE_STRIDE + 1) * ZONE_STRIDE)
        views += _of_one_block(range(address, stop), reader, freshness, unix)
        address = stop
    return views


def _of_one_block(addresses: range, reader: ImageReader, freshness: Freshness, unix: Unix) -> list[RegisterView]:
    block = reader.block(addresses[0])
    number = addresses[0] // ZONE_STRIDE  # block 0 is the plant, block k the k-th zone
    stale_zone = 1 <= number <= ZONES and freshness.zone_is_stale(decode_zone(ZoneRef.at(number - 1), block))
    views: list[RegisterView] = []
    for address in addresses:
        cell, place = block(address), PLACES.get(address)
        stale = not block.consistent or _is_stale(cell, freshness) or (stale_zone and place is not None)
        views.append(RegisterView(cell, place, stale, unix(cell.written_at)))
    return views


def _is_stale(cell: Cell, freshness: Freshness) -> bool:
    return cell.reported is None or cell.restored or freshness.bus_silent or not freshness.daemon_alive
