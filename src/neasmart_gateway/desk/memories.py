"""Between desk and journal: brings back what may be brought back, and notes what must not be lost."""

from __future__ import annotations

from collections.abc import Callable

from neasmart_gateway.desk.command import closed_by_restart
from neasmart_gateway.desk.records import CommandChanged, DeskRecord, RegisterChanged, RegisterReleased, RegisterWanted
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES, PLACES
from neasmart_gateway.domain.times import iso, unix_of
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.journal import AuditRow, CommandRow, Kept, Receipt, Remembered
from neasmart_gateway.store.recorder import Recorder

WANTED = "user"
"""The audit's cause for what a user asked for; what came of it are rows of their own."""
RELEASED = "release"
"""The audit's cause for a register from which a user has withdrawn our word."""


class Memories:
    """A subscriber of the desk that keeps the journal up to date, and fills the image from it at the start.

    Command registers are kept only with `keep_commands`, and brought back for display alone: the desk never serves
    what it has not heard since its start. `clock` gives system-wide monotonic seconds.
    """

    def __init__(
        self, memory: SharedMemory, recorder: Recorder, retries: Retries, *, keep_commands: bool,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._memory = memory
        self._recorder = recorder
        self._retries = retries
        self._passes_over = frozenset() if keep_commands else COMMAND_ADDRESSES
        self._clock = clock
        self.restored = 0
        """How many registers the journal has filled."""
        recorder.recall, recorder.refill = self.recall, self.refill

    # Back

    def recall(self, kept: Kept) -> None:
        """Fill what the image does not know, close what a dead daemon left open, and note what the journal missed.

        Image and receipts kept from a daemon that died are newer than the journal.
        """
        for register in kept.registers:
            self._restore(register)
        self.refill()
        for row in kept.retryable:
            self._retries.add(row)
        for row in kept.open_commands:
            closed = CommandRow(row.id, row.created_at, self._final(row), row.idempotency)
            self._recorder.command(closed)
            self._retries.update(closed.id, closed.receipt)

    def refill(self) -> None:
        """Note all that is still known, for a journal that was started anew."""
        self._note_image()
        for _, receipt in self._memory.receipts:
            self._note_receipt(receipt)

    # Forth

    def note(self, record: DeskRecord) -> None:
        """Hear what the desk reports."""
        match record:
            case RegisterChanged(address, before, word, at, credit):
                self._note_word(address, word, at)
                # What is heard for the first time is not a change: nothing is known of before.
                if address in COMMAND_ADDRESSES and before is not None:
                    row = AuditRow(self._unix(at), address, before, word, credit.cause, credit.who, credit.command_id)
                    self._recorder.audit(row)
            case RegisterWanted(address, before, word, at, who, command_id):
                self._recorder.audit(AuditRow(self._unix(at), address, before, word, WANTED, who, command_id))
            case RegisterReleased(address, before, at, who, command_id):
                row = AuditRow(self._unix(at), address, before, _no_value(address), RELEASED, who, command_id)
                self._recorder.audit(row)
            case CommandChanged(receipt):
                if not _is_new(receipt):
                    self._note_receipt(receipt)

    # Inside

    def _restore(self, register: Remembered) -> None:
        address = register.address
        if address in self._passes_over or self._memory.writer.reported(address) is not None:
            return
        moment = register.written_at - self._memory.header.wall_offset
        self._memory.writer.restore(address, register.word, moment)
        self.restored += 1

    def _final(self, row: CommandRow) -> Receipt:
        """Return how a command ended that the journal holds as open; the receipt ring may know better."""
        held = self._memory.receipts.find(row.id)
        receipt = row.receipt if held is None else held
        if CommandState(receipt["state"]).is_final:
            return receipt
        return closed_by_restart(receipt, iso(self._unix(self._clock())))

    def _note_receipt(self, receipt: Receipt) -> None:
        self._retries.update(receipt["id"], receipt)
        row = CommandRow(receipt["id"], unix_of(receipt["created_at"]), receipt, self._retries.key_of(receipt["id"]))
        self._recorder.command(row)

    def _note_word(self, address: int, word: int, moment: float) -> None:
        if address not in self._passes_over:
            self._recorder.note(Remembered(address, word, self._unix(moment)))

    def _unix(self, moment: float) -> float:
        return moment + self._memory.header.wall_offset

    def _note_image(self) -> None:
        for address, word, written_at in self._memory.writer.all_reported():
            self._note_word(address, word, written_at)


def _is_new(receipt: Receipt) -> bool:
    """Whether a receipt is as it was when it was accepted; that one was written down before it was acknowledged."""
    return all(write["state"] == CommandState.ACCEPTED for write in receipt["writes"])


def _no_value(address: int) -> int:
    """Return the word that says nothing in a command register: KNX's "invalid data", or "no override"."""
    return dpt9.INVALID if PLACES[address].row.field == "setpoint" else 0
