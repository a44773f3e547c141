"""Finds other gateways under our topic, which would answer every order a second time."""

from __future__ import annotations

_MOST = 8
"""Gateways told apart; more than two are as wrong as two."""


class Rivals:
    """Hears the numbers that others send to themselves (promptness.py): "KEY NUMBER SECONDS", connected for so long."""

    def __init__(self) -> None:
        self._once: set[str] = set()

    def is_elder(self, payload: bytes, age: float) -> bool:
        """Take in a number that is not ours; true when its gateway must be given way to: it is there for longer.

        A single number may be what was under way from a gateway that has just died. `age` is for how many seconds we
        are connected.
        """
        try:
            key, _, seconds = payload[:80].decode("ascii").split(" ")
            elder = float(seconds) >= age
        except ValueError:
            return False
        if key in self._once:
            return elder
        if len(self._once) < _MOST:
            self._once.add(key)
        return False
