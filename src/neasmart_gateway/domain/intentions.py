"""What a user may want: frozen, named by a verb, refused at birth when it makes no sense."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.registers import BY_NAME, Row
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class SetpointRange:
    """The setpoints that users may ask for and that the base may be told, in °C, both ends included."""

    minimum: float = 5.0
    maximum: float = 35.0

    def __contains__(self, celsius: float) -> bool:
        return self.minimum <= celsius <= self.maximum


@dataclass(frozen=True, slots=True)
class SetZoneSetpoint:
    """Ask the base for a zone setpoint in °C."""

    ref: ZoneRef
    celsius: float
    allowed: SetpointRange = field(default=SetpointRange(), compare=False)

    def __post_init__(self) -> None:
        is_number = isinstance(self.celsius, int | float) and not isinstance(self.celsius, bool)
        if not (is_number and -inf < self.celsius < inf):
            raise InvalidValue(f"setpoint must be a number of °C, not {self.celsius!r}", field="setpoint")
        if self.celsius not in self.allowed:
            raise InvalidValue(
                f"setpoint {self.celsius} °C is outside {self.allowed.minimum:g} to {self.allowed.maximum:g} °C",
                field="setpoint",
            )

    @property
    def row(self) -> Row:
        return BY_NAME["zone.setpoint"]

    @property
    def address(self) -> int:
        return self.ref.setpoint_address

    @property
    def word(self) -> int:
        return self.row.codec.encode(self.celsius)


@dataclass(frozen=True, slots=True)
class SetZoneState:
    """Ask the base for a zone's operating state."""

    ref: ZoneRef
    state: OperatingState

    def __post_init__(self) -> None:
        _must_be(OperatingState, self.state, "state")

    @property
    def row(self) -> Row:
        return BY_NAME["zone.state"]

    @property
    def address(self) -> int:
        return self.ref.state_address

    @property
    def word(self) -> int:
        return self.row.codec.encode(self.state)


@dataclass(frozen=True, slots=True)
class SetGlobalMode:
    """Ask the base for the operating mode of the whole plant."""

    mode: OperatingMode

    def __post_init__(self) -> None:
        _must_be(OperatingMode, self.mode, "mode")

    @property
    def row(self) -> Row:
        return BY_NAME["operation.mode"]

    @property
    def address(self) -> int:
        return self.row.address()

    @property
    def word(self) -> int:
        return self.row.codec.encode(self.mode)


@dataclass(frozen=True, slots=True)
class SetGlobalState:
    """Ask the base for the operating state of the whole plant."""

    state: OperatingState

    def __post_init__(self) -> None:
        _must_be(OperatingState, self.state, "state")

    @property
    def row(self) -> Row:
        return BY_NAME["operation.state"]

    @property
    def address(self) -> int:
        return self.row.address()

    @property
    def word(self) -> int:
        return self.row.codec.encode(self.state)


Intention = SetZoneSetpoint | SetZoneState | SetGlobalMode | SetGlobalState


def _must_be(kind: type[OperatingMode] | type[OperatingState], value: object, name: str) -> None:
    if not isinstance(value, kind):
        raise InvalidValue(f"{name} must be one of {', '.join(kind.labels())}, not {value!r}", field=name)
