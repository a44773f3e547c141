"""What a base station writes: for 60 zones 300 registers a minute, a tenth of them with a new value.

The rate is the project's own figure for sizing, and smaller houses have their share of it. Which registers these are is
our choice: of each zone the temperature twice, and setpoint, state and humidity once; only temperatures change, all of
which the gateway writes down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

ZONES = 60
WRITES_PER_ZONE = 5
CHANGES_PER_ZONE = 0.5
WRITES = WRITES_PER_ZONE * ZONES
CHANGES = int(CHANGES_PER_ZONE * ZONES)

_STATE, _SETPOINT, _TEMPERATURE, _HUMIDITY = 0, 1, 2, 10


def minute(number: int, zones: int = ZONES) -> list[tuple[int, int]]:
    """Return the writes of this minute as (address, word); half of the zones are 0.01 K warmer than a minute ago."""
    return [write for zone in range(zones) for write in _zone(zone, number)]


def paced(
    number: int, seconds: float, zones: int = ZONES, sleep: Callable[[float], object] = time.sleep
) -> Iterator[tuple[int, int]]:
    """Give the writes of this minute one by one, each when it is due if the minute takes so many seconds.

    Whoever is slower than that gets them without a pause.
    """
    began = time.monotonic()
    writes = minute(number, zones)
    for n, write in enumerate(writes):
        sleep(max(0.0, began + n * seconds / len(writes) - time.monotonic()))
        yield write
    sleep(max(0.0, began + seconds - time.monotonic()))


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
