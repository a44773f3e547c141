"""The shared memory of one gateway as a whole: an anonymous mapping, made once before any fork."""

from __future__ import annotations

import mmap
from pathlib import Path

from neasmart_gateway.shm.breaker import BREAKER_SIZE, BreakerState
from neasmart_gateway.shm.header import HEADER_SIZE, Header
from neasmart_gateway.shm.image import IMAGE_SIZE, ImageReader, ImageWriter
from neasmart_gateway.shm.locks import ProcessLock
from neasmart_gateway.shm.receipts import RECEIPTS_SIZE, ReceiptRing
from neasmart_gateway.shm.seal import Sleep, pause
from neasmart_gateway.shm.status import STATUS_SIZE, StatusBoard


class SharedMemory:
    """Header, register image, receipt ring, status board and breaker state, one behind the other.

    `lock_path` is a file of this gateway's own; `sleep` is how readers wait for a writer in the middle of a change.
    Only touched pages cost memory: about 40 KiB for a house of twelve zones.
    """

    def __init__(self, lock_path: Path, sleep: Sleep = pause) -> None:
        sizes = (HEADER_SIZE, BREAKER_SIZE, STATUS_SIZE, RECEIPTS_SIZE, IMAGE_SIZE)
        offsets = [sum(sizes[:n]) for n in range(len(sizes))]
        memory = memoryview(mmap.mmap(-1, sum(sizes)))
        header, breaker, status, receipts, image = (memory[offset:] for offset in offsets)
        self.header = Header(header)
        self.breaker = BreakerState(breaker, ProcessLock(lock_path))
        self.status = StatusBoard(status, sleep)
        self.receipts = ReceiptRing(receipts, sleep)
        self.reader = ImageReader(image, sleep)
        self.writer = ImageWriter(image, self.header)
        self.header.prepare()
        self.breaker.prepare()

    def repair(self) -> int:
        """Seal what a killed daemon left in the middle of a change; returns how many slots that were."""
        return self.writer.repair() + self.receipts.repair() + int(self.status.repair())
