"""Orders at the start of their life, and words as the base would write them."""

from dataclasses import replace

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.commands import CommandState, Event, Order, Timing

MODE, PLANT_STATE, ZONE_STATE, SETPOINT = 1, 2, 100, 101
TIMING = Timing()
ACCEPTED_AT, DELIVERED_AT = 1000.0, 1010.0


def celsius(value: float) -> int:
    """The word of a temperature."""
    return dpt9.encode(value)


def accepted(address: int, word: int, before: int | None = None) -> Order:
    """An order that nobody has read yet."""
    return Order(address=address, word=word, before=before, accepted_at=ACCEPTED_AT)


def delivered(address: int, word: int, before: int | None = None) -> Order:
    """An order that the base has read."""
    return accepted(address, word, before).after(Event.DELIVER, DELIVERED_AT, unit=240)


def standing(state: CommandState) -> Order:
    """An order that has got to a state, however it got there."""
    return replace(accepted(SETPOINT, celsius(21.0)), state=state)
