"""How a register's word becomes a value, and why it sometimes does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.readings import Reading, Reason
from neasmart_gateway.errors import InvalidValue

Value = float | int
"""What a word decodes to; modes, states and flags are kinds of int."""

PLAUSIBLE_CELSIUS = (-50.0, 120.0)
"""Outside this a temperature is a fault of the sensor or of the bus (field)."""

STANDBY_SETPOINT = 0x8116
"""−17.70 °C, that is 0 °F: the setpoint of a zone in standby (field)."""


class Codec(Protocol):
    """One way to read a register's word, and to make one."""

    @property
    def kind(self) -> str: ...
    @property
    def unit(self) -> str: ...
    def decode(self, word: int) -> Reading[Value]: ...
    def encode(self, value: Value) -> int: ...


@dataclass(frozen=True)
class Temperature:
    """DPT 9.001 in °C; a setpoint also knows the standby word."""

    kind: str = "temperature"
    unit: str = "°C"
    standby_word: int | None = None

    def decode(self, word: int) -> Reading[float]:
        celsius = dpt9.decode(word)
        if celsius is None:
            return Reading(reason=Reason.INVALID)
        if word == self.standby_word:
            return Reading(reason=Reason.STANDBY)
        if not PLAUSIBLE_CELSIUS[0] <= celsius <= PLAUSIBLE_CELSIUS[1]:
            return Reading(reason=Reason.IMPLAUSIBLE)
        return Reading(celsius)

    def encode(self, value: Value) -> int:
        return dpt9.encode(float(value))


@dataclass(frozen=True)
class Choice:
    """A number that names a mode or a state; 0 means "mixed, no override" (field)."""

    members: type[OperatingMode] | type[OperatingState]
    kind: str = "choice"
    unit: str = ""
    mask: int = 0xFFFF

    def decode(self, word: int) -> Reading[Value]:
        number = word & self.mask
        if number == 0:
            return Reading(reason=Reason.NONE)
        try:
            return Reading(self.members(number))
        except ValueError:
            return Reading(reason=Reason.IMPLAUSIBLE)

    def encode(self, value: Value) -> int:
        try:
            return int(self.members(value))  # type: ignore[arg-type] # a float that is no member is refused below
        except ValueError:
            raise InvalidValue(f"{value!r} is not one of {', '.join(self.members.labels())}") from None


@dataclass(frozen=True)
class Percent:
    """0 … 100 %; for humidity the low byte only, and 0 means that there is no sensor (manual p. 19)."""

    kind: str = "percent"
    unit: str = "%"
    mask: int = 0xFFFF
    zero_is_none: bool = field(default=False)

    def decode(self, word: int) -> Reading[int]:
        percent = word & self.mask
        if percent == 0 and self.zero_is_none:
            return Reading(reason=Reason.NONE)
        return Reading(percent) if percent <= 100 else Reading(reason=Reason.IMPLAUSIBLE)

    def encode(self, value: Value) -> int:
        if value not in range(101):
            raise InvalidValue(f"{value} is not a whole percentage (0 to 100)")
        return int(value)


@dataclass(frozen=True)
class Flag:
    """Bit 0; the other bits carry nothing we know of."""

    kind: str = "flag"
    unit: str = ""

    def decode(self, word: int) -> Reading[bool]:
        return Reading(bool(word & 1))

    def encode(self, value: Value) -> int:
        return int(bool(value))


MODE = Choice(OperatingMode, kind="mode")
STATE = Choice(OperatingState, kind="state")
ZONE_STATE = Choice(OperatingState, kind="state", mask=0x00FF)
TEMPERATURE = Temperature()
SETPOINT = Temperature(kind="setpoint", standby_word=STANDBY_SETPOINT)
PERCENT = Percent()
HUMIDITY = Percent(kind="humidity", mask=0x00FF, zero_is_none=True)
FLAG = Flag()
