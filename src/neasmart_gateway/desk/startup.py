"""The mode and state that an operator wants asked for after a boot: once, and only if nobody has said otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.shm.memory import SharedMemory

PATIENCE = 60.0
"""Seconds that the base has to report a mode or state of its own."""


class Startup:
    """Decides what is to be asked for, once in the life of the shared memory: never when only the daemon restarts."""

    def __init__(self, memory: SharedMemory, wanted: Sequence[Intention]) -> None:
        self._memory = memory
        self._wanted = wanted

    def due(self, now: float) -> list[Intention]:
        """Return what must be asked for now; nothing before the base has had its time, and nothing a second time."""
        header = self._memory.header
        if header.startup_done or now - header.booted_at < PATIENCE:
            return []
        header.startup_done = True
        commanded = self._commanded()
        return [i for i in self._wanted if i.address not in commanded and not self._is_reported(i)]

    def _commanded(self) -> set[int]:
        """Return the registers that users have commanded; the receipts in shared memory begin with the boot."""
        return {write["address"] for _, receipt in self._memory.receipts for write in receipt["writes"]}

    def _is_reported(self, intention: Intention) -> bool:
        cell = self._memory.reader.cell(intention.address)
        return cell.reported is not None and not cell.restored
