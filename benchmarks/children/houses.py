"""Simulated houses in one process, each behind a gateway of its own: ZONES PORT...

A line on stdin asks what became of the polls since the last one: of each house, then of all together, as a line of
JSON. The end of stdin ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from time import perf_counter

from benchmarks.figures import percentile
from neasmart_gateway.domain.registers import ZONES_PER_BASE
from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.hands import Hands
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.master import Master
from neasmart_gateway.simulator.options import Endpoint, Options
from neasmart_gateway.simulator.orders import Meaning
from neasmart_gateway.simulator.relax import MINUTE
from neasmart_gateway.simulator.requests import Read, Request
from neasmart_gateway.simulator.schedule import POLL_PERIOD, UNITS

_WARM_MINUTES = 120
"""What each house has lived through before it speaks: it begins with rooms that are yet to be heated."""


class Watched(BaseStation):
    """A base station that notes how long it waited for the answer to each poll, and which had none."""

    def __init__(self, house: House, hands: Hands | None = None) -> None:
        super().__init__(house, hands)
        self._asked: float | None = None
        self.forget()

    def forget(self) -> None:
        """Begin anew; a poll that is under way counts from now on."""
        self.round_trips: list[float] = []
        self.lost = 0

    def next_request(self) -> Request | None:
        """As ever; whoever asks for more has no answer to the poll before, if it was not heard."""
        self.lost += self._asked is not None
        request = super().next_request()
        self._asked = perf_counter() if isinstance(request, Read) else None
        return request

    def heard(self, read: Read, words: Iterable[int]) -> Counter[Meaning]:
        """Take the time, and everything else as ever."""
        if self._asked is not None:
            self.round_trips.append(perf_counter() - self._asked)
            self._asked = None
        return super().heard(read, words)


def _polls(stations: Sequence[Watched]) -> dict[str, float]:
    """Return how many there were and were lost, and milliseconds of their round trips, 0 before the first answer."""
    ordered = sorted(seconds for station in stations for seconds in station.round_trips)
    lost = sum(station.lost for station in stations)
    p50, p99 = (1000 * percentile(ordered, share) if ordered else 0.0 for share in (0.5, 0.99))
    return {"asked": len(ordered) + lost, "lost": lost, "p50": p50, "p99": p99}


def _house(options: Options) -> Watched:
    house = House(options.refs, seed=options.seed)
    for _ in range(_WARM_MINUTES):
        house.step(MINUTE)
    return Watched(house, Hands(options.hand_changes, seed=options.seed))


async def _live(station: Watched, options: Options, after: float) -> None:
    """Speak for one house; not all at the same moment, as no houses do."""
    await asyncio.sleep(after)
    await Master(options.connect, station).run()


async def _main(zones: int, ports: list[int]) -> None:
    bases = -(-zones // ZONES_PER_BASE)
    houses = [Options(Endpoint("127.0.0.1", port), bases, zones // bases, seed=n) for n, port in enumerate(ports)]
    stations = [_house(one) for one in houses]
    gap = POLL_PERIOD / len(UNITS) / len(ports)
    lives = [
        asyncio.create_task(_live(station, options, number * gap))
        for number, (station, options) in enumerate(zip(stations, houses, strict=True))
    ]
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps([*(_polls([station]) for station in stations), _polls(stations)]), flush=True)
        for station in stations:
            station.forget()
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), list(map(int, sys.argv[2:]))))
