"""The plant around the zones: operation, outside temperature, notifications, mixed groups, pumps, dehumidifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neasmart_gateway.domain.readings import Reading
from neasmart_gateway.domain.registers import rows_of
from neasmart_gateway.domain.zones import Cells, desired, reading
from neasmart_gateway.errors import NotFound


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing of the plant: the readings of its rows by field name, and what our user asked for.

    `group` and `number` (1-based) say which: mixed_group 1–3, pump 1–5, dehumidifier 1–9, or a thing there is only
    one of. `heard_at` is the oldest write among the fields ever written (seconds, system-wide monotonic): a thing is
    as old as its oldest value. `remembered` are the fields that are only a memory of the journal.
    """

    group: str
    number: int
    fields: Mapping[str, Reading[object]]
    desired: Mapping[str, object]
    heard_at: float | None
    remembered: frozenset[str]
    receipts: tuple[int, ...]

    @property
    def heard(self) -> bool:
        """Whether the base has ever written any of its registers."""
        return self.heard_at is not None

    @property
    def restored(self) -> bool:
        """Whether any of its fields is only a memory."""
        return bool(self.remembered)


def count_of(group: str) -> int:
    """Return how many things of a group the register map has."""
    return rows_of(group)[0].count


def decode_unit(group: str, number: int, cells: Cells) -> Unit:
    """Make a Unit of the words at its addresses; NotFound when the register map has no such number."""
    rows = rows_of(group)
    if not 1 <= number <= rows[0].count:
        raise NotFound(f"there is no {group.replace('_', ' ')} {number}: the numbers are 1 to {rows[0].count}")
    held = [(row, cells(row.address(number - 1))) for row in rows]
    times = [cell.written_at for _, cell in held if cell.written_at is not None]
    return Unit(
        group=group,
        number=number,
        fields={row.field: reading(row, cell) for row, cell in held},
        desired={row.field: desired(row, cell) for row, cell in held if cell.pending is not None},
        heard_at=min(times, default=None),
        remembered=frozenset(row.field for row, cell in held if cell.restored),
        receipts=tuple(dict.fromkeys(c.receipt for _, c in held if c.receipt is not None)),
    )
