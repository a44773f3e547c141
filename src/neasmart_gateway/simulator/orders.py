"""What a word read from a gateway means to the base, and how the house obeys it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from neasmart_gateway.domain.codecs import Choice, Value
from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.registers import Place, Row
from neasmart_gateway.simulator.house import House


class Meaning(Enum):
    """What the base makes of a word that it reads."""

    REPEATED = auto()
    """One of its own words: nothing to do."""
    NO_DATA = auto()
    """The gateway has nothing: the base publishes its own values."""
    OBEYED = auto()
    """A command, carried out and echoed."""
    OBEYED_BEFORE = auto()
    """The same command still: carried out already, echoed again."""
    DECLINED = auto()
    """A setpoint for a room in standby: the base publishes that there is none (unverified)."""
    ILLEGAL = auto()
    """Neither no-data nor anything a command may be: ignored."""


_NO_DATA_SETPOINT = frozenset({0})
_NO_DATA_CHOICE = frozenset({0, 10})

_OBEY: dict[str, Callable[[House, int, Value], bool | None]] = {
    "operation.mode": lambda house, _, value: house.order_mode(OperatingMode(int(value))),
    "operation.state": lambda house, _, value: house.order_state(OperatingState(int(value))),
    "zone.state": lambda house, index, value: house.order_room_state(index, OperatingState(int(value))),
    "zone.setpoint": lambda house, index, value: house.order_setpoint(index, value),
}


def is_no_data(row: Row, word: int) -> bool:
    """Whether a word says that the gateway has none: 0, and for mode and state also 10 (docs/protocol.md §5)."""
    return word in (_NO_DATA_CHOICE if isinstance(row.codec, Choice) else _NO_DATA_SETPOINT)


def order_in(row: Row, word: int) -> Value | None:
    """Return the mode, state or °C that a word commands, None when it is no legal command."""
    value = row.codec.decode(word).value
    if value is not None and row.codec.kind == "setpoint" and value not in SetpointRange():
        return None
    return value


def obey(house: House, place: Place, order: Value) -> bool:
    """Carry an order out; False when the house cannot."""
    return _OBEY[place.row.name](house, place.index, order) is not False
