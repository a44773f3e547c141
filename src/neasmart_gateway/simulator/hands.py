"""The people in the house, who now and then turn a thermostat by hand."""

from __future__ import annotations

from random import Random

from neasmart_gateway.simulator.house import House

_STEPS = (-1.0, -0.5, 0.5, 1.0)
_COMFORT = (15.0, 25.0)


class Hands:
    """In each minute, with a settable probability (0 to 1), somebody changes one room's setpoint."""

    def __init__(self, probability: float = 0.0, *, seed: int = 0) -> None:
        self._probability = probability
        self._dice = Random(seed)

    def minute(self, house: House) -> None:
        """Let a minute pass: perhaps move one setpoint by half a degree or a whole one, on the half degree."""
        if self._dice.random() >= self._probability:
            return
        index = self._dice.choice(sorted(house.rooms))
        step = self._dice.choice(_STEPS)
        setpoint = house.setpoint_of(index)
        if setpoint is not None:
            turned = round(setpoint * 2) / 2 + step
            house.order_setpoint(index, min(max(turned, _COMFORT[0]), _COMFORT[1]))
