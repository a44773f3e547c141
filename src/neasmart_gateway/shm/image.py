"""The register image: every holding register with its reported and pending word, in blocks of a hundred.

Block 0 is the plant, block k the k-th zone, so whatever belongs together is sealed together (seal.py).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.registers import ADDRESS_SPACE, COMMAND_ADDRESSES, ZONE_STRIDE
from neasmart_gateway.shm.header import Header
from neasmart_gateway.shm.seal import HEAD_SIZE, SealedSlot, Sleep, TornSlot, pause

_RECORD = struct.Struct("<dHHHH")
"""written_at, reported word, pending word, receipt slot of the pending command, flags."""
_REPORTED, _PENDING, _RESTORED = 1, 2, 4
_BLOCK_PAYLOAD = ZONE_STRIDE * _RECORD.size
_BLOCK_SIZE = HEAD_SIZE + _BLOCK_PAYLOAD
_BLOCKS = -(-ADDRESS_SPACE // ZONE_STRIDE)
IMAGE_SIZE = _BLOCKS * _BLOCK_SIZE


class Block:
    """A consistent copy of a hundred registers; call it with an address to get the Cell there.

    `consistent` is false for an older copy that had to stand in: a reader must then say stale.
    """

    def __init__(self, copy: bytes, *, consistent: bool = True) -> None:
        self._copy = copy
        self.consistent = consistent

    def __call__(self, address: int) -> Cell:
        if not self._copy:
            return Cell(address)
        written_at, reported, pending, receipt, flags = _RECORD.unpack_from(self._copy, _position(address))
        is_reported, is_pending = flags & _REPORTED, flags & _PENDING
        return Cell(
            address,
            reported if is_reported else None,
            pending if is_pending else None,
            written_at if is_reported else None,
            flags & _RESTORED != 0,
            receipt if is_pending else None,
        )


def _position(address: int) -> int:
    return address % ZONE_STRIDE * _RECORD.size


class ImageReader:
    """Consistent copies of the image, for any process."""

    def __init__(self, memory: memoryview, sleep: Sleep = pause) -> None:
        self._slots = [SealedSlot(memory, n * _BLOCK_SIZE, _BLOCK_PAYLOAD) for n in range(_BLOCKS)]
        self._sleep = sleep
        self._last: dict[int, bytes] = {}
        self.torn = 0
        """How many copies could not be had."""

    def block(self, address: int) -> Block:
        """Return the block that holds `address`; the last good copy, marked, when the writer left it torn."""
        number = address // ZONE_STRIDE
        try:
            copy = self._slots[number].read(self._sleep)
        except TornSlot:
            self.torn += 1
            return Block(self._last.get(number, b""), consistent=False)
        self._last[number] = copy
        return Block(copy)

    def cell(self, address: int) -> Cell:
        return self.block(address)(address)


class ImageWriter:
    """The one hand that changes the image. Bumps the change counter when something to be seen has changed."""

    def __init__(self, memory: memoryview, header: Header) -> None:
        self._slots = [SealedSlot(memory, n * _BLOCK_SIZE, _BLOCK_PAYLOAD) for n in range(_BLOCKS)]
        self._payloads = [slot.payload for slot in self._slots]
        self._header = header

    def repair(self) -> int:
        """Seal every block that a killed writer left open; returns how many there were."""
        return sum(slot.repair() for slot in self._slots)

    def reported(self, address: int) -> int | None:
        """Return the word that was reported last, None when there is none.

        In place: only other processes need the copy and the checksum that a reader takes.
        """
        payload = self._payloads[address // ZONE_STRIDE]
        _, reported, _, _, flags = _RECORD.unpack_from(payload, address % ZONE_STRIDE * _RECORD.size)
        return reported if flags & _REPORTED else None

    def heard(self, address: int) -> int | None:
        """Return the word that was reported last, None when there is none or the journal only remembers it."""
        payload = self._payloads[address // ZONE_STRIDE]
        _, reported, _, _, flags = _RECORD.unpack_from(payload, address % ZONE_STRIDE * _RECORD.size)
        return reported if flags & (_REPORTED | _RESTORED) == _REPORTED else None

    def all_reported(self) -> Iterator[tuple[int, int, float]]:
        """Give each register that has a reported word: its address, the word, when it was written. In place, too."""
        for number, payload in enumerate(self._payloads):
            for place, (written_at, reported, _, _, flags) in enumerate(_RECORD.iter_unpack(payload)):
                if flags & _REPORTED:
                    yield number * ZONE_STRIDE + place, reported, written_at

    def report(self, start: int, words: Sequence[int | None], now: float) -> list[tuple[int, int | None, int]]:
        """Note what the base wrote from address `start` on; None leaves that register alone.

        Returns (address, word before or None, word) for each register whose word is another one now.
        """
        changed: list[tuple[int, int | None, int]] = []
        address = start
        while address < start + len(words):
            number = address // ZONE_STRIDE
            stop = min(start + len(words), (number + 1) * ZONE_STRIDE)
            with self._slots[number].writing() as payload:
                # Only now: whoever has seen this number waits for the words that belong to it.
                self._header.wrote()
                for a in range(address, stop):
                    word = words[a - start]
                    if word is not None:
                        before, same = self._report_one(payload, a, word, now)
                        if not same:
                            changed.append((a, before, word))
            address = stop
        return changed

    def _report_one(self, payload: memoryview, address: int, word: int, now: float) -> tuple[int | None, bool]:
        position = _position(address)
        _, reported, pending, receipt, flags = _RECORD.unpack_from(payload, position)
        before = reported if flags & _REPORTED else None
        if before != word or flags & _RESTORED:
            self._header.change()
        flags = (flags | _REPORTED) & ~_RESTORED
        _put(payload, position, now, word, pending, receipt, flags)
        return before, before == word

    def restore(self, address: int, word: int, written_at: float) -> None:
        """Note what the journal remembers of a register that the base has not repeated yet."""
        with self._slots[address // ZONE_STRIDE].writing() as payload:
            _put(payload, _position(address), written_at, word, 0, 0, _REPORTED | _RESTORED)
        self._header.change()

    def shift_restored(self, seconds: float) -> None:
        """Move the times of what the journal remembers: those are wall-clock times, and the wall clock was set."""
        for slot in self._slots:
            records = enumerate(_RECORD.iter_unpack(slot.payload))
            restored = [place * _RECORD.size for place, record in records if record[-1] & _RESTORED]
            if restored:
                with slot.writing() as payload:
                    self._header.change()
                    for position in restored:
                        written_at, *rest = _RECORD.unpack_from(payload, position)
                        _put(payload, position, written_at + seconds, *rest)

    def set_pending(self, address: int, word: int, receipt: int) -> None:
        """Put our user's word beside the reported one, with the slot of its receipt."""
        self._change_pending(address, word, receipt, _PENDING)

    def clear_pending(self, address: int) -> None:
        """Take our user's word away."""
        self._change_pending(address, 0, 0, 0)

    def clear_all_pending(self) -> None:
        """Take away whatever pending words a dead daemon left behind."""
        for address in COMMAND_ADDRESSES:
            self.clear_pending(address)

    def _change_pending(self, address: int, word: int, receipt: int, flag: int) -> None:
        slot, position = self._slots[address // ZONE_STRIDE], _position(address)
        before = _RECORD.unpack_from(slot.payload, position)
        written_at, reported, _, _, flags = before
        after = (written_at, reported, word, receipt, flags & ~_PENDING | flag)
        if after == before:
            return
        with slot.writing() as payload:
            _put(payload, position, *after)
        self._header.change()


def _put(payload: memoryview, position: int, *record: float) -> None:
    """Change one record in one go. Never struct.pack_into: it writes zeroes first, and SIGKILL may leave them."""
    payload[position : position + _RECORD.size] = _RECORD.pack(*record)
