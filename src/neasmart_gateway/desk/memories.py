"""Brings image and journal together at the start, and keeps the journal up to date afterwards."""

from __future__ import annotations

from neasmart_gateway.desk.records import DeskRecord, RegisterChanged
from neasmart_gateway.domain.registers import ADDRESS_SPACE, COMMAND_ADDRESSES, ZONE_STRIDE
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.journal import Remembered
from neasmart_gateway.store.recorder import Recorder


class Memories:
    """Measurements only: a command register is never remembered, so that no old word can be replayed."""

    def __init__(self, memory: SharedMemory, recorder: Recorder) -> None:
        self._memory = memory
        self._recorder = recorder

    async def recall(self) -> int:
        """Fill what the image does not know from the journal; returns how many registers that were.

        An image kept from a daemon that died is newer than the journal: what differs is written down.
        """
        remembered = await self._recorder.load()
        restored = 0
        for register in remembered:
            known = self._memory.reader.cell(register.address).reported
            if known is None and register.address not in COMMAND_ADDRESSES:
                moment = register.written_at - self._memory.header.wall_offset
                self._memory.writer.restore(register.address, register.word, moment)
                restored += 1
        self._note_what_a_dead_daemon_left()
        return restored

    def note(self, record: DeskRecord) -> None:
        """Hear of a change (a subscriber of the desk)."""
        if isinstance(record, RegisterChanged):
            self._note(record.address, record.word, record.at)

    def _note(self, address: int, word: int, moment: float) -> None:
        if address not in COMMAND_ADDRESSES:
            self._recorder.note(Remembered(address, word, moment + self._memory.header.wall_offset))

    def _note_what_a_dead_daemon_left(self) -> None:
        block = self._memory.reader.block(0)
        for address in range(ADDRESS_SPACE):
            if address % ZONE_STRIDE == 0:
                block = self._memory.reader.block(address)
            cell = block(address)
            if cell.reported is not None and cell.written_at is not None and not cell.restored:
                self._note(address, cell.reported, cell.written_at)
