"""The desk: everything that changes the shared image goes through here, in one thread, with the time handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neasmart_gateway.desk.answers import Answer, Answers
from neasmart_gateway.desk.book import CommandBook
from neasmart_gateway.desk.command import Command, Origin
from neasmart_gateway.desk.companions import Companions
from neasmart_gateway.desk.peers import Peer, Peers
from neasmart_gateway.desk.records import BusFellSilent, BusSpeaks, Cause, DeskRecord, RegisterChanged
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.commands import CommandState, Event, Judgement, Order
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict, InvalidValue
from neasmart_gateway.shm.memory import SharedMemory

MOST_REGISTERS = 4
"""So that a receipt fits into its slot of the ring."""


class Desk:
    """Bus writes and intentions in; image, receipts and records out. All times are system-wide monotonic seconds."""

    def __init__(self, memory: SharedMemory, rules: Rules, report: Callable[[DeskRecord], None]) -> None:
        self._memory = memory
        self._rules = rules
        self._report = report
        self._book = CommandBook(memory, rules.timing, report)
        self._answers = Answers(memory.reader, self._book, rules)
        self._companions = Companions(rules.timing.companion_window)
        self._peers = Peers()
        self._base_heard_at: float | None = None
        self._silent = True

    def start(self, now: float) -> int:
        """Close what a dead daemon left open; returns how many commands that were."""
        return self._book.close_leftovers(now)

    # The bus

    def heard(self, peer: Peer, now: float) -> None:
        """Note a valid frame for unit 0 or one of ours; after too long a silence no old word is served any more."""
        self._memory.header.last_frame = now
        if self._silent:
            self._silent = False
            self._report(BusSpeaks(str(peer)))
        self._forget_after_silence(now)
        if self._peers.is_base(peer):
            self._base_heard_at = now

    def read(self, start: int, count: int, now: float) -> Answer:
        """Answer a read of holding registers."""
        self._forget_after_silence(now)
        return self._answers.read(start, count, now)

    def reported(self, address: int) -> int:
        """Return the word that the base wrote last, 0 when it never did (for a masked write)."""
        return self._memory.reader.cell(address).reported or 0

    def delivered(self, pending: Sequence[int], unit: int, peer: Peer, now: float) -> None:
        """Note that an answer with these registers' open words was handed wholly to the transport."""
        if not self._peers.is_base(peer):
            return
        for address in pending:
            order = self._book.order(address, now)
            if order is not None and order.state is CommandState.ACCEPTED:
                self._book.happen(address, Event.DELIVER, now, unit=unit)
                self._companions.expect(address, self._book.command_id(address), now)

    def write(self, peer: Peer, start: int, words: Sequence[int], now: float) -> None:
        """Take what the base writes: store it, and see what it means to the open commands."""
        if any(start + n not in COMMAND_ADDRESSES for n in range(len(words))):
            self._peers.wrote_measurements(peer, now)
            self._base_heard_at = now
        causes: dict[int, tuple[Cause, str | None]] = {}
        kept = [self._take(start + n, word, now, causes) for n, word in enumerate(words)]
        self._memory.header.last_bus_write = now
        for address, before, word in self._memory.writer.report(start, kept, now):
            cause, command_id = causes.get(address, (Cause.BASE, None))
            self._report(RegisterChanged(address, before, word, now, cause, command_id))

    # Users

    def submit(self, intentions: Sequence[Intention], origin: Origin, now: float) -> Command:
        """Accept all of these intentions as one command; Conflict when no commands are taken at present."""
        if self._rules.refusal is not None:
            raise Conflict(self._rules.refusal)
        if not intentions or len({i.address for i in intentions}) < len(intentions):
            raise InvalidValue("a command needs at least one value, and only one for each register")
        if len(intentions) > MOST_REGISTERS:
            raise InvalidValue(f"a command can change at most {MOST_REGISTERS} registers, not {len(intentions)}")
        return self._book.open(intentions, origin, now)

    def release(self, ref: ZoneRef, now: float) -> list[str]:
        """Withdraw our words from a zone: the base reads "no data" there until it has written its own.

        Returns the ids of the commands that this ended.
        """
        addresses = (ref.state_address, ref.setpoint_address)
        self._answers.withdraw(addresses)
        return self._book.close(addresses, Event.WITHDRAW, now)

    # Time

    def tick(self, now: float) -> None:
        """Close what has run out of time, and say when the bus has fallen silent."""
        self._book.settle(now)
        last = self._memory.header.last_frame
        if not self._silent and last is not None and now - last > self._rules.stale_after:
            self._silent = True
            self._report(BusFellSilent(now - last))

    @property
    def pending(self) -> int:
        """How many registers carry a user's open word."""
        return len(self._book)

    # Inside

    def _forget_after_silence(self, now: float) -> None:
        """Serve no word any more that the base wrote before a silence, whoever asks."""
        if self._base_heard_at is not None and now - self._base_heard_at > self._rules.stale_after:
            self._answers.withdraw_all()

    def _take(self, address: int, word: int, now: float, causes: dict[int, tuple[Cause, str | None]]) -> int | None:
        """Return the word to store, None when it does not count."""
        if address not in COMMAND_ADDRESSES:
            return word
        order = self._book.order(address, now)
        if order is not None and not self._meets(order, word, now, causes):
            return None
        if order is None and word != self._memory.reader.cell(address).reported:
            self._blame_companion(address, now, causes)
        self._answers.written(address)
        return word

    def _meets(self, order: Order, word: int, now: float, causes: dict[int, tuple[Cause, str | None]]) -> bool:
        """See what a word means to the open order of its register; False when it does not count."""
        judgement = order.judge(word, self._rules.timing, now)
        if judgement is Judgement.DOES_NOT_COUNT:
            return False
        if judgement is Judgement.ECHO:
            causes[order.address] = (Cause.COMMAND, self._book.command_id(order.address))
            self._book.happen(order.address, Event.ECHO, now, observed=word)
        elif not self._blame_companion(order.address, now, causes):
            self._book.happen(order.address, Event.OVERRIDE, now, observed=word)
        return True

    def _blame_companion(self, address: int, now: float, causes: dict[int, tuple[Cause, str | None]]) -> bool:
        """See whether a moving setpoint belongs to a state command, once for each command."""
        command_id = self._companions.claim(address, now)
        if command_id is not None:
            causes[address] = (Cause.STATE_COMMAND, command_id)
        return command_id is not None
