"""The weather outside: warm at four in the afternoon, cold at four in the morning, and never quite the same."""

from __future__ import annotations

from math import cos, sqrt, tau
from random import Random

from neasmart_gateway.simulator.relax import DAY, HOUR, TICK, share

SWING = 4.0
"""K between the day's mean and its extremes."""
WARMEST = 16 * HOUR
_GUST_DECAY = share(6 * HOUR)
_GUST_SPREAD = sqrt(2 * TICK / (6 * HOUR))
"""K of noise in each tick that make a slow drift of about 1 K."""
_FILTER = share(24 * HOUR)


class Weather:
    """The outside temperature in °C, and the same filtered as a building feels it."""

    def __init__(self, mean: float, time_of_day: float) -> None:
        self._mean = mean
        self._gust = 0.0
        self.filtered = mean
        self.outside = self._course(time_of_day)

    def tick(self, time_of_day: float, noise: Random) -> None:
        """Let one tick pass; `time_of_day` in seconds since midnight."""
        self._gust += noise.gauss(0.0, _GUST_SPREAD) - self._gust * _GUST_DECAY
        self.outside = self._course(time_of_day) + self._gust
        self.filtered += (self.outside - self.filtered) * _FILTER

    def _course(self, time_of_day: float) -> float:
        return self._mean + SWING * cos(tau * (time_of_day - WARMEST) / DAY)
