"""When a value is too old to be shown as a live one. Silence is not a value: it is marked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neasmart_gateway.domain.plant import Unit
from neasmart_gateway.domain.zones import Zone

HEARTBEAT_LIMIT = 2.0
"""A daemon whose loop has not turned for this many seconds is away."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is needed to judge ages: all times in seconds of the system-wide monotonic clock.

    `last_bus_write` is when the base last wrote anything to us since the gateway started (None: never);
    `daemon_alive` is false while nobody listens to the bus, so that nothing can be known to be live.
    """

    now: float
    stale_after: float
    last_bus_write: float | None
    daemon_alive: bool = True

    @property
    def by_age(self) -> Freshness:
        """The same as if the daemon were there: what is old is so by its own age, however short its absence is."""
        return replace(self, daemon_alive=True)

    @property
    def bus_silent(self) -> bool:
        """Whether the base has written nothing for the stale limit, or never (global staleness)."""
        return self.last_bus_write is None or self.now - self.last_bus_write > self.stale_after

    def zone_is_stale(self, zone: Zone) -> bool:
        """Whether a zone must not be shown as live: its temperature is old, or nothing is heard at all."""
        if zone.heard_at is None or zone.restored or self.bus_silent or not self.daemon_alive:
            return True
        return self.now - zone.heard_at > self.stale_after

    def humidity_is_stale(self, zone: Zone) -> bool:
        """Whether a zone's humidity must not be reckoned with as live, even beside a live temperature."""
        heard_at = zone.humidity_heard_at
        return self.zone_is_stale(zone) or heard_at is None or self.now - heard_at > self.stale_after

    def setpoint_is_stale(self, zone: Zone) -> bool:
        """Whether a zone's setpoint must not be shown as live: it is heard with the temperature, or by itself."""
        if not self.zone_is_stale(zone):
            return False
        heard_at = zone.setpoint_heard_at
        if heard_at is None or "setpoint" in zone.remembered or self.bus_silent or not self.daemon_alive:
            return True
        return self.now - heard_at > self.stale_after

    def unit_is_stale(self, unit: Unit) -> bool:
        """Whether a thing of the plant must not be shown as live.

        The base repeats these at its own pace, so they do not age alone: only silence makes them stale.
        """
        return unit.heard_at is None or unit.restored or self.bus_silent or not self.daemon_alive
