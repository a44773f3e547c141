"""Gathers from the shared memory what the health of the gateway is judged by."""

from __future__ import annotations

from neasmart_gateway.domain.components import Facts
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.shm.status import Status


def gather(memory: SharedMemory, status: Status, freshness: Freshness) -> Facts:
    """Return the facts; `status` is the report of the daemon at work, empty when there is none."""
    header, breaker = memory.header, memory.breaker
    return Facts(
        freshness=freshness,
        status=status,
        heartbeat=header.heartbeat,
        booted_at=header.booted_at,
        wall_offset=header.wall_offset,
        clock_set_at=header.clock_set_at,
        breaker=breaker.state,
        breaker_opened_at=breaker.opened_at,
        drills=memory.drills.running(freshness.now),
        barred=breaker.state != "closed" and breaker.opened_under == header.instance,
    )
