"""The shared memory of one gateway as a whole: an anonymous mapping, made once before any fork."""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from pathlib import Path

from neasmart_gateway.shm.breaker import BREAKER_SIZE, BreakerState
from neasmart_gateway.shm.clients import CLIENTS_SIZE, Clients
from neasmart_gateway.shm.counters import COUNTERS_SIZE, Counters
from neasmart_gateway.shm.drills import DRILLS_SIZE, DrillBoard
from neasmart_gateway.shm.events import EVENTS_SIZE, EventRing
from neasmart_gateway.shm.header import HEADER_SIZE, Header
from neasmart_gateway.shm.image import IMAGE_SIZE, ImageReader, ImageWriter
from neasmart_gateway.shm.limits import LIMITS_SIZE, Windows
from neasmart_gateway.shm.locks import ProcessLock
from neasmart_gateway.shm.receipts import RECEIPTS_SIZE, ReceiptRing
from neasmart_gateway.shm.seal import Sleep, pause
from neasmart_gateway.shm.status import STATUS_SIZE, StatusBoard
from neasmart_gateway.shm.tally import TALLY_SIZE, Tally
from neasmart_gateway.shm.tickets import TICKETS_SIZE, Tickets


class SharedMemory:
    """Header, image, receipts, events, status, breaker, counters, drills and who comes in, one behind the other.

    `lock_path` is a file of this gateway's own, beside which those of the other parts lie; `sleep` is how readers wait
    for a writer in the middle of a change; `clock` gives system-wide monotonic seconds.
    Only touched pages cost memory: about 40 KiB for a house of twelve zones.
    """

    def __init__(self, lock_path: Path, sleep: Sleep = pause, clock: Callable[[], float] = time.monotonic) -> None:
        sizes = (
            HEADER_SIZE, BREAKER_SIZE, COUNTERS_SIZE, STATUS_SIZE, RECEIPTS_SIZE, IMAGE_SIZE, TALLY_SIZE, LIMITS_SIZE,
            TICKETS_SIZE, DRILLS_SIZE, EVENTS_SIZE, CLIENTS_SIZE,
        )  # fmt: skip
        offsets = [sum(sizes[:n]) for n in range(len(sizes))]
        memory = memoryview(mmap.mmap(-1, sum(sizes)))
        parts = (memory[offset:] for offset in offsets)
        header, breaker, counters, status, receipts, image, tally, limits, tickets, drills, events, clients = parts
        self.header = Header(header)
        self.breaker = BreakerState(breaker, ProcessLock(lock_path))
        self.status = StatusBoard(status, sleep)
        self.drills = DrillBoard(drills, sleep)
        self.receipts = ReceiptRing(receipts, sleep)
        self.reader = ImageReader(image, sleep)
        self.writer = ImageWriter(image, self.header)
        self.tally = Tally(tally, ProcessLock(lock_path.with_name("tally.lock")))
        self.limits = Windows(limits, ProcessLock(lock_path.with_name("limits.lock")), clock)
        self.tickets = Tickets(tickets, ProcessLock(lock_path.with_name("tickets.lock")), clock)
        self.clients = Clients(clients, ProcessLock(lock_path.with_name("clients.lock")))
        self.counters = Counters(counters)
        self.events = EventRing(events, sleep)
        self.header.prepare()
        self.breaker.prepare()
        self.events.prepare()

    def repair(self) -> int:
        """Seal what a killed daemon left in the middle of a change; returns how many slots that were."""
        boards = int(self.status.repair()) + int(self.drills.repair())
        return self.writer.repair() + self.receipts.repair() + self.events.repair() + boards
