"""The ring of command receipts: the newest 512, readable without asking the daemon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from neasmart_gateway.shm.seal import HEAD_SIZE, SealedSlot, Sleep, TornSlot, pause

SLOTS = 512
_CAPACITY = 2048
_STRIDE = HEAD_SIZE + _CAPACITY
RECEIPTS_SIZE = SLOTS * _STRIDE

Receipt = dict[str, Any]


def slot_of(command_id: str) -> int | None:
    """Return the slot that a command id ("NUMBER-RANDOM") points to; None when it is not such an id."""
    number, _, suffix = command_id.partition("-")
    # A number of more than 19 digits was never given out; int() of an endless one would be work for nothing.
    if not (suffix and number.isascii() and number.isdigit() and len(number) < 20):
        return None
    return int(number) % SLOTS


class ReceiptRing:
    """Receipts as JSON objects with at least the key "id", one to a slot; the slot follows from the id."""

    def __init__(self, memory: memoryview, sleep: Sleep = pause) -> None:
        self._slots = [SealedSlot(memory, n * _STRIDE, _CAPACITY) for n in range(SLOTS)]
        self._sleep = sleep

    def at(self, slot: int) -> Receipt | None:
        """Return the receipt in a slot, None when it is empty or torn."""
        try:
            payload = self._slots[slot].read(self._sleep)
        except TornSlot:
            return None
        receipt: Receipt | None = json.loads(payload) if payload else None
        return receipt

    def find(self, command_id: str) -> Receipt | None:
        """Return the receipt of a command, None when it is unknown or the ring has moved on."""
        slot = slot_of(command_id)
        receipt = None if slot is None else self.at(slot)
        return receipt if receipt is not None and receipt["id"] == command_id else None

    def put(self, slot: int, receipt: Receipt) -> None:
        """Write a receipt; only for the one writer."""
        self._slots[slot].write(json.dumps(receipt, separators=(",", ":")).encode())

    def __iter__(self) -> Iterator[tuple[int, Receipt]]:
        """Yield (slot, receipt) of every receipt held."""
        for slot in range(SLOTS):
            receipt = self.at(slot)
            if receipt is not None:
                yield slot, receipt

    def repair(self) -> int:
        """Seal what a killed writer left open; an unreadable receipt is dropped. Returns how many there were."""
        torn = [slot for slot in self._slots if slot.repair()]
        for slot in torn:
            slot.write(b"")
        return len(torn)
