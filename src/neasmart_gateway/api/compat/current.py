"""What the contracts show: what was asked for while that is open, else what is reported and not old."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from neasmart_gateway.api.schema import Answer
from neasmart_gateway.domain.modes import OperatingState
from neasmart_gateway.manager.views import UnitView, ZoneView


@dataclass(frozen=True, slots=True)
class Ours:
    """Marks a field of a contract: which field of ours it shows, and what it is while that is unknown or old."""

    field: str
    unset: float | bool | None
    shown: Callable[[Any], object] = lambda value: value


class Told(Answer):
    """A thing of the plant in the words of a contract. Its fields are the table: each is marked with `Ours`."""

    @classmethod
    def of(cls, view: UnitView) -> Self:
        return cls.model_validate({name: _shown(ours, view) for name, ours in cls.table().items()})

    @classmethod
    def table(cls) -> Mapping[str, Ours]:
        """Return field → where it comes from."""
        marks = {name: field.metadata for name, field in cls.model_fields.items()}
        return {name: next(one for one in found if isinstance(one, Ours)) for name, found in marks.items()}


def _shown(ours: Ours, view: UnitView) -> object:
    value = field(view, ours.field)
    return ours.unset if value is None else ours.shown(value)


def field(view: UnitView, name: str) -> Any:  # noqa: ANN401 - whatever the register means
    """Return a field of a thing of the plant, None: unknown, only remembered, or the bus is silent."""
    unit = view.unit
    if name in unit.desired:
        return unit.desired[name]
    return None if view.old or name in unit.remembered else unit.fields[name].value


def temperature(view: ZoneView) -> float | None:
    """Return a zone's temperature, None: unknown or old."""
    return None if view.old else view.zone.temperature.value


def setpoint(view: ZoneView) -> float | None:
    """Return a zone's setpoint, None: it has none (standby), or it is unknown or old."""
    wanted = view.zone.desired_setpoint
    return wanted if wanted is not None else None if view.setpoint_old else view.zone.setpoint.value


def humidity(view: ZoneView) -> int:
    """Return a zone's humidity in percent; 0: no sensor, unknown or old, since no contract knows null here."""
    return 0 if view.humidity_old else view.zone.relative_humidity.value or 0


def state(view: ZoneView) -> int:
    """Return the number of a zone's state; 0: no override, or unknown.

    It does not age: where a zone has died away, an integration takes the null of its temperature only beside a state.
    """
    zone = view.zone
    wanted: OperatingState | None = zone.desired_state
    found = wanted if wanted is not None else None if "state" in zone.remembered else zone.state.value
    return 0 if found is None else int(found)
