"""The measurements of which a history is kept, as a table: stable names, units, and how a value becomes a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neasmart_gateway.domain.registers import BY_NAME, Row
from neasmart_gateway.domain.zones import ZoneRef

SAMPLE_SECONDS = 60.0
"""A series becomes a point at most once in so many seconds; for so long a change may be held back."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a series measures: `scale` steps make one `unit`; its means are kept `fine` times as exactly."""

    unit: str
    scale: int
    fine: int

    def steps(self, value: float) -> int:
        """Return a value as the whole number that is kept."""
        return round(value * self.scale)

    def value(self, steps: int) -> float | int:
        """Return what a kept number stands for."""
        return steps if self.scale == 1 else steps / self.scale

    def mean(self, fine_steps: float) -> float:
        """Return what a kept mean stands for, rounded to what is kept."""
        return round(fine_steps) / (self.scale * self.fine)


TEMPERATURE = Kind("°C", 100, 1)
"""0.01 K, the finest that DPT 9.001 carries (0.02 K from 20.48 °C on)."""
PERCENT = Kind("%", 1, 10)
STATE = Kind("", 1, 1000)
"""0 or 1; the mean is the share of the time that it ran."""


@dataclass(frozen=True, slots=True)
class Series:
    """One measurement over time. `number` is the wire address of its register, by which it is kept; `name` is stable.

    `thing` is (group, number of a unit) or the zone that it belongs to, which decides whether it is live.
    """

    number: int
    name: str
    field: str
    kind: Kind
    thing: ZoneRef | tuple[str, int]


_FIELDS: tuple[tuple[str, str, Kind], ...] = (
    ("zone.temperature", "temperature", TEMPERATURE),
    ("zone.setpoint", "setpoint", TEMPERATURE),
    ("zone.relative_humidity", "relative_humidity", PERCENT),
    ("outside.temperature", "temperature", TEMPERATURE),
    ("outside.filtered_temperature", "filtered_temperature", TEMPERATURE),
    ("mixed_group.flow_temperature", "flow_temperature", TEMPERATURE),
    ("mixed_group.return_temperature", "return_temperature", TEMPERATURE),
    ("mixed_group.pump", "pump_state", STATE),
    ("pump.running", "state", STATE),
    ("dehumidifier.running", "state", STATE),
)
"""Row of the register map, last part of the series' name, kind."""


def _all() -> Iterator[Series]:
    for row_name, last, kind in _FIELDS:
        row = BY_NAME[row_name]
        for index in range(row.count):
            yield _series(row, index, last, kind)


def _series(row: Row, index: int, last: str, kind: Kind) -> Series:
    address = row.address(index)
    if row.group == "zone":
        ref = ZoneRef.at(index)
        return Series(address, f"zone.{ref.base}.{ref.zone}.{last}", row.field, kind, ref)
    number = f".{index + 1}" if row.count > 1 else ""
    return Series(address, f"{row.group}{number}.{last}", row.field, kind, (row.group, index + 1))


BY_NUMBER: dict[int, Series] = {series.number: series for series in _all()}
BY_SERIES_NAME: dict[str, Series] = {series.name: series for series in BY_NUMBER.values()}


def fine_of(number: int) -> int:
    """Return how many times as exactly as its values the means of a series are kept; 1 for one that there is not."""
    return BY_NUMBER[number].kind.fine if number in BY_NUMBER else 1


def of_zone(ref: ZoneRef) -> tuple[Series, ...]:
    """Return the series of a zone: temperature, setpoint, relative humidity."""
    return tuple(BY_SERIES_NAME[f"zone.{ref.base}.{ref.zone}.{last}"] for _, last, _ in _FIELDS[:3])
