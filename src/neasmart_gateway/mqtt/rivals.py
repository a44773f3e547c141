"""Finds other gateways under our topic, which would answer every order a second time."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from math import inf

from neasmart_gateway.mqtt.lease import QUIET, Lease

FORGOTTEN = 120.0
"""Seconds after which a gateway that has given way, and looks again every half minute, is not there any more."""
_MOST = 8
"""Gateways told apart; more than two are as wrong as two."""


class Heard(Enum):
    """What a number of somebody means to us."""

    NOTHING = auto()
    YOUNGER = auto()
    """Another gateway has come; it gives way to us."""
    ELDER = auto()
    """Another gateway was there before; we give way."""


class Rivals:
    """Hears the numbers that others send to themselves (promptness.py); `clock` is the one of `lease`."""

    def __init__(self, lease: Lease, clock: Callable[[], float]) -> None:
        self._lease, self._clock = lease, clock
        self._once: set[str] = set()
        self._began = clock()
        self._elder_at = self._younger_at = -inf

    def hear(self, payload: bytes) -> Heard:
        """Take in a number that is not of this connection.

        A single one may be what was under way from a gateway that has just died, and those of our own earlier
        connections are no rival's.
        """
        try:
            key, _, seconds = payload[:80].decode("ascii").split(" ")
            theirs = float(seconds)
        except ValueError:
            return Heard.NOTHING
        gateway, ours = key.partition(".")[0], self._lease.gateway
        if gateway == ours:
            return Heard.NOTHING
        elder = (theirs, gateway) >= (round(self._lease.seniority, 3), ours)
        if elder:
            self._elder_at = self._clock()
        if key not in self._once:
            if len(self._once) < _MOST:
                self._once.add(key)
            return Heard.NOTHING
        if elder:
            return Heard.ELDER
        self._younger_at = self._clock()
        return Heard.YOUNGER

    @property
    def listens(self) -> bool:
        """Whether there may be an elder that was not heard often enough yet."""
        return self._clock() - max(self._began, self._elder_at) < QUIET

    @property
    def elder_heard(self) -> bool:
        """Whether there was any sign of an elder."""
        return self._elder_at > -inf

    @property
    def younger_heard(self) -> bool:
        """Whether a younger one was there a short time ago."""
        return self._clock() - self._younger_at < FORGOTTEN
