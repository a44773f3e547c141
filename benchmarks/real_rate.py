"""What a base station with 60 zones writes: 300 registers a minute, a tenth of them with a new value.

The rate is the project's own figure for sizing. Which registers these are is our choice: of each zone the temperature
twice, and setpoint, state and humidity once; only temperatures change, all of which the gateway writes down.
"""

from __future__ import annotations

ZONES = 60
WRITES = 300
CHANGES = 30

_STATE, _SETPOINT, _TEMPERATURE, _HUMIDITY = 0, 1, 2, 10


def minute(number: int) -> list[tuple[int, int]]:
    """Return the writes of this minute as (address, word); half of the zones are 0.01 K warmer than a minute ago."""
    return [write for zone in range(ZONES) for write in _zone(zone, number)]


def _zone(zone: int, number: int) -> list[tuple[int, int]]:
    first = 100 + 100 * zone
    temperature = (first + _TEMPERATURE, 1800 + (number + zone) // 2 % 200)  # DPT 9.001 in hundredths, from 18 °C
    return [
        (first + _STATE, 1),
        (first + _SETPOINT, 0x0C1A),  # 21 °C
        temperature,
        (first + _HUMIDITY, 45),
        temperature,
    ]
