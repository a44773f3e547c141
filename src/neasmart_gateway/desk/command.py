"""A command at the desk: its orders by register, and its receipt as people see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from neasmart_gateway.domain.commands import CommandState, Order, overall
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.receipts import closed_by_restart as closed_by_restart
from neasmart_gateway.domain.registers import PLACES
from neasmart_gateway.domain.times import iso
from neasmart_gateway.domain.zones import ZoneRef

_WHO_LENGTH = 64
Unix = Callable[[float], float]
"""Turns system-wide monotonic seconds into Unix time."""


@dataclass(frozen=True, slots=True)
class Origin:
    """By whom: the way a command came in ("http", "mqtt") and who sent it (an address, a key's name).

    Who is `patient` is not refused when a register has had its share for the hour: the command waits for room in it, no
    longer than any command waits to be read.
    """

    via: str
    who: str
    patient: bool = False

    def __str__(self) -> str:
        return f"{self.via} {self.who}"


@dataclass(slots=True)
class Command:
    """One request of a user: all of it accepted or nothing. `slot` is its place in the receipt ring."""

    id: str
    slot: int
    origin: Origin
    accepted_at: float
    orders: dict[int, Order] = field(default_factory=dict)
    note: str | None = None
    durable: bool = True
    """Whether it was on disk before it was acknowledged."""

    @property
    def state(self) -> CommandState:
        return overall(order.state for order in self.orders.values())

    def receipt(self, unix: Unix) -> dict[str, Any]:
        """Return the receipt: by whom, which registers, old and new values, what became of each, and when."""
        closed = [order.closed_at for order in self.orders.values() if order.closed_at is not None]
        return {
            "id": self.id,
            "state": str(self.state),
            "by": {"via": self.origin.via, "who": self.origin.who[:_WHO_LENGTH]},
            "created_at": iso(unix(self.accepted_at)),
            "finished_at": iso(unix(max(closed))) if self.state.is_final else None,
            "durable": self.durable,
            "note": self.note,
            "writes": [_written(order, unix) for order in self.orders.values()],
        }


def new_orders(intentions: Sequence[Intention], before: Callable[[int], int | None], now: float) -> dict[int, Order]:
    """Make one order for each intention; `before` gives the base's last own word."""
    return {i.address: Order(i.address, i.word, before(i.address), now) for i in intentions}


def _written(order: Order, unix: Unix) -> dict[str, Any]:
    place = PLACES[order.address]
    ref = ZoneRef.at(place.index) if place.row.group == "zone" else None
    observed = _value(order.address, order.observed)
    return {
        "register": place.row.name,
        "address": order.address,
        "base": ref.base if ref else None,
        "zone": ref.zone if ref else None,
        "value": _value(order.address, order.word),
        "previous": _value(order.address, order.before),
        "state": str(order.state),
        "delivered_at": None if order.delivered_at is None else iso(unix(order.delivered_at)),
        "delivered_unit": order.delivered_unit,
        "finished_at": None if order.closed_at is None else iso(unix(order.closed_at)),
        "effective": observed if order.state is CommandState.CONFIRMED else None,
        "overridden_by": observed if order.state is CommandState.OVERRIDDEN else None,
    }


def _value(address: int, word: int | None) -> str | float | None:
    if word is None:
        return None
    value = PLACES[address].row.codec.decode(word).value
    return value.label if isinstance(value, OperatingMode | OperatingState) else value
