"""Zones: where they live in the register map, and what their words say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from neasmart_gateway.domain.modes import OperatingState
from neasmart_gateway.domain.readings import Cell, Reading, Reason
from neasmart_gateway.domain.registers import BASES, BY_NAME, ZONES_PER_BASE, Row, rows_of
from neasmart_gateway.errors import NotFound

Cells = Callable[[int], Cell]
"""Gives the cell at a wire address."""

_NEVER_WRITTEN: Reading[object] = Reading(reason=Reason.NEVER_WRITTEN)
_STATE = BY_NAME["zone.state"]
_SETPOINT = BY_NAME["zone.setpoint"]
_TEMPERATURE = BY_NAME["zone.temperature"]
_HUMIDITY = BY_NAME["zone.relative_humidity"]


@dataclass(frozen=True, slots=True, order=True)
class ZoneRef:
    """A zone by base (1–5) and zone number (1–12); NotFound for any other."""

    base: int
    zone: int

    def __post_init__(self) -> None:
        if not (1 <= self.base <= BASES and 1 <= self.zone <= ZONES_PER_BASE):
            raise NotFound(
                f"there is no zone {self.base}/{self.zone}: bases are 1 to {BASES}, zones 1 to {ZONES_PER_BASE}"
            )

    @property
    def index(self) -> int:
        """0-based position among all zones of all bases (k of the manual, p. 19)."""
        return (self.base - 1) * ZONES_PER_BASE + self.zone - 1

    @property
    def state_address(self) -> int:
        """N = (base−1)·1200 + zone·100, the zone's first register (manual p. 19)."""
        return _STATE.address(self.index)

    @property
    def setpoint_address(self) -> int:
        return _SETPOINT.address(self.index)

    @classmethod
    def at(cls, index: int) -> ZoneRef:
        """Return the zone at a 0-based position, the inverse of `index`."""
        return cls(index // ZONES_PER_BASE + 1, index % ZONES_PER_BASE + 1)

    @classmethod
    def every(cls) -> Iterator[ZoneRef]:
        """Yield all sixty zones in address order."""
        return (cls.at(index) for index in range(BASES * ZONES_PER_BASE))


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone as the base reports it, and beside it what our user has asked for.

    `heard_at` is the monotonic time by which the zone's age goes: that of its temperature register, or of its newest
    write while no temperature was ever heard; None when nothing was. `restored` is true while that value is only a
    memory of the journal, `remembered` names all fields of which that holds. `receipts` are the slots of the open
    commands' receipts. `humidity_heard_at` is the time of the humidity alone, which may stand still while the
    temperature goes on; `setpoint_heard_at` is that of the setpoint.
    """

    ref: ZoneRef
    state: Reading[OperatingState]
    setpoint: Reading[float]
    temperature: Reading[float]
    relative_humidity: Reading[int]
    desired_state: OperatingState | None
    desired_setpoint: float | None
    heard_at: float | None
    restored: bool
    receipts: tuple[int, ...]
    humidity_heard_at: float | None = None
    setpoint_heard_at: float | None = None
    remembered: frozenset[str] = frozenset()

    @property
    def address(self) -> int:
        return self.ref.state_address

    @property
    def heard(self) -> bool:
        """Whether the base has ever written to this zone; a read does not count."""
        return self.heard_at is not None


def reading(row: Row, cell: Cell, *, live: bool = False) -> Reading[object]:
    """Decode what the base reported in one register.

    With `live`, what only the journal remembers counts as not written: it must not be shown beside live values.
    """
    if cell.reported is None or (live and cell.restored):
        return _NEVER_WRITTEN
    return row.codec.decode(cell.reported)


def desired(row: Row, cell: Cell) -> object:
    """Decode what our user has asked for in one register, None when no command is open."""
    return None if cell.pending is None else row.codec.decode(cell.pending).value


def decode_zone(ref: ZoneRef, cells: Cells) -> Zone:
    """Make a Zone of the words at its addresses."""
    index = ref.index
    state, setpoint = cells(_STATE.address(index)), cells(_SETPOINT.address(index))
    temperature, humidity = cells(_TEMPERATURE.address(index)), cells(_HUMIDITY.address(index))
    written = [c for c in (temperature, state, setpoint, humidity) if c.written_at is not None]
    # The temperature decides; max() keeps the first of equals, so it also wins a tie.
    timekeeper = temperature if temperature.written_at is not None else max(written, key=_age_key, default=None)
    live = timekeeper is not None and not timekeeper.restored
    return Zone(
        ref=ref,
        state=cast("Reading[OperatingState]", reading(_STATE, state, live=live)),
        setpoint=cast("Reading[float]", reading(_SETPOINT, setpoint, live=live)),
        temperature=cast("Reading[float]", reading(_TEMPERATURE, temperature, live=live)),
        relative_humidity=cast("Reading[int]", reading(_HUMIDITY, humidity, live=live)),
        desired_state=cast("OperatingState | None", desired(_STATE, state)),
        desired_setpoint=cast("float | None", desired(_SETPOINT, setpoint)),
        heard_at=timekeeper.written_at if timekeeper else None,
        restored=timekeeper.restored if timekeeper else False,
        receipts=tuple(dict.fromkeys(c.receipt for c in (state, setpoint) if c.receipt is not None)),
        humidity_heard_at=humidity.written_at,
        setpoint_heard_at=setpoint.written_at,
        remembered=_remembered(state, setpoint, temperature, humidity),
    )


def _remembered(*cells: Cell) -> frozenset[str]:
    """Return the fields whose cells, in the order of the register map, are only a memory."""
    if not any(cell.restored for cell in cells):
        return frozenset()
    return frozenset(row.field for row, cell in zip(rows_of("zone"), cells, strict=True) if cell.restored)


def _age_key(cell: Cell) -> float:
    return cell.written_at or 0.0
