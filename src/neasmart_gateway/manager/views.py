"""What the manager hands to whoever renders: decoded values together with what is known about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from neasmart_gateway.domain.plant import Unit
from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.receipts import Receipt as Receipt
from neasmart_gateway.domain.receipts import is_open, number_of
from neasmart_gateway.domain.registers import Place
from neasmart_gateway.domain.zones import Zone

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone with its labels, whether it is stale, when it was last heard (Unix time), and its open commands.

    `humidity_stale` is also true while only the humidity has not been heard for too long. `old` and `humidity_old` are
    the same by age alone: not for a daemon that is away for a moment. `setpoint_old` is false also for a setpoint that
    was just heard of a zone whose temperature was not.
    """

    zone: Zone
    label: str
    base_label: str
    mixed_group: int | None
    stale: bool
    updated_at: float | None
    receipts: tuple[Receipt, ...]
    humidity_stale: bool
    old: bool
    humidity_old: bool
    setpoint_old: bool


@dataclass(frozen=True, slots=True)
class UnitView:
    """A thing of the plant, whether it is stale, when it was last heard (Unix time), and its open commands.

    `old` says that the bus is silent, whether or not the daemon is there.
    """

    unit: Unit
    stale: bool
    updated_at: float | None
    receipts: tuple[Receipt, ...]
    old: bool


@dataclass(frozen=True, slots=True)
class RegisterView:
    """One raw register: its cell, what the register map says of it (None: unknown), when it was written (Unix time).

    `stale` as its zone is, or as things of the plant are.
    """

    cell: Cell
    place: Place | None
    stale: bool
    updated_at: float | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, newest first; `next` is what the following page lies behind, None when there is none."""

    rows: list[T]
    next: int | None


def newest_open(receipts: Iterable[Receipt]) -> Receipt | None:
    """Return the newest command that is still open; one may have come to its end since its register was read."""
    return max(filter(is_open, receipts), key=number_of, default=None)
