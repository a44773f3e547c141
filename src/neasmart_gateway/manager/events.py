"""The events of the gateway as an HTTP worker follows them."""

from __future__ import annotations

from neasmart_gateway.manager.health import HealthReader
from neasmart_gateway.shm.events import Batch as Batch
from neasmart_gateway.shm.events import Event as Event
from neasmart_gateway.shm.events import Receipt as Receipt
from neasmart_gateway.shm.memory import SharedMemory


class EventReader:
    """Reads the ring; calls nobody."""

    def __init__(self, memory: SharedMemory, health: HealthReader) -> None:
        self._memory = memory
        self._ring = memory.events
        self._health = health

    @property
    def boot(self) -> str:
        """Names this life of the gateway, within which numbers never repeat."""
        return self._ring.boot

    @property
    def latest(self) -> int:
        """The number of the newest event, 0 before the first."""
        return self._ring.latest

    def since(self, number: int) -> Batch:
        """Return what came behind an event: of each thing its newest event only, of commands every step."""
        batch = self._ring.since(number)
        newest = {event.topic: event.number for event in batch.events}
        events = [event for event in batch.events if event.step is not None or newest[event.topic] == event.number]
        return batch._replace(events=events)

    def receipt(self, event: Event) -> Receipt | None:
        """Return a command as it was at that step; None when that is not held any more."""
        return self._ring.receipt(event)

    def lost(self, *, steps: bool) -> int:
        """Return the number up to which events are not held any more, `steps` of commands among them or not."""
        return max(self._ring.oldest, self._ring.oldest_step if steps else 1) - 1

    @property
    def daemon_away(self) -> bool:
        """Whether no daemon keeps the ring: then nothing is live, and nobody writes an event of that."""
        return not self._health.freshness().daemon_alive

    def edition(self) -> tuple[object, ...]:
        """Return something that is another one whenever something may be shown otherwise."""
        header, freshness = self._memory.header, self._health.freshness()
        return (
            self._ring.latest, header.changes, header.writes, header.instance, header.wall_offset,
            freshness.daemon_alive, freshness.bus_silent, self._memory.status.edition,
        )  # fmt: skip
