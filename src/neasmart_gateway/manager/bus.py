"""What the daemon has counted, measured and kept of the bus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neasmart_gateway.errors import GatewayError
from neasmart_gateway.link.client import LinkClient


@dataclass(frozen=True, slots=True)
class BusTraffic:
    """The daemon's own words: its listeners with their counters, and registers with what was measured of them."""

    listeners: Sequence[Mapping[str, Any]]
    registers: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class BusFrames:
    """Frames in the order of their numbers, and the number of the newest that there is (0 before the first)."""

    frames: Sequence[Mapping[str, Any]]
    latest: int


class BusReader:
    """Asks the daemon, page by page: a message of the link has a greatest size.

    Past the circuit breaker: who looks at the bus must neither be barred by it nor add to it.
    """

    def __init__(self, link: LinkClient) -> None:
        self._link = link

    def traffic(self) -> BusTraffic:
        return BusTraffic(self._link.call("traffic", {}), self._intervals())

    def frames(self, after: int, limit: int) -> BusFrames:
        """Return up to `limit` frames with numbers above `after`."""
        found: list[Mapping[str, Any]] = []
        while True:
            page = self._link.call("frames", {"after": after, "limit": limit - len(found)})
            found += page["frames"]
            if not page["frames"] or len(found) >= limit:
                return BusFrames(found, page["latest"])
            after = page["frames"][-1]["number"]

    def write_intervals(self) -> dict[int, float]:
        """Return by register how many seconds are between two writes of the base; nothing with the daemon away."""
        try:
            registers = self._intervals()
        except GatewayError:
            return {}
        writes = {register["address"]: register["write"] for register in registers if register["write"]}
        return {address: write["mean_seconds"] for address, write in writes.items() if write["mean_seconds"]}

    def _intervals(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        while page := self._link.call("intervals", {"after": found[-1]["address"] if found else -1}):
            found += page
        return found
