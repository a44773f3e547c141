"""The desk: everything that changes the shared image goes through here, in one thread, with the time handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neasmart_gateway.desk.answers import Answer, Answers
from neasmart_gateway.desk.book import CommandBook
from neasmart_gateway.desk.budget import Budget
from neasmart_gateway.desk.command import Command, Origin
from neasmart_gateway.desk.companions import Companions
from neasmart_gateway.desk.peers import APART, Peer, Peers
from neasmart_gateway.desk.pingpong import PingPong
from neasmart_gateway.desk.records import (
    BASE_STATION,
    ON_ITS_OWN,
    BusFellSilent,
    BusSpeaks,
    Cause,
    CommandEchoed,
    Credit,
    DeskRecord,
    FightNoticed,
    OnePeerAgain,
    RegisterChanged,
    RegisterReleased,
    RegisterWanted,
    TwoPeers,
)
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.commands import CommandState, Event, Judgement, Order
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES, PLACES
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
        self._book.let_go = self._let_go
        self._budget = Budget(rules.per_register_and_hour)
        self._answers = Answers(memory.writer.heard, self._book, rules, self._budget)
        self._companions = Companions(rules.timing.companion_window)
        self._peers = Peers()
        self._ping_pong = PingPong()
        self._base_heard_at: float | None = None
        self._forgotten_at = float("-inf")
        self._silent = True
        self._two_peers = False

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
        if self._peers.heard(peer, now):
            self._forget(now)
        if self._peers.is_base(peer):
            self._base_heard_at = now

    def read(self, peer: Peer, start: int, count: int, now: float) -> Answer:
        """Answer a read of holding registers."""
        self._forget_after_silence(now)
        if self._peers.is_rival(peer, now):
            return self._answers.read_by_rival(start, count)
        return self._answers.read(start, count, now)

    def reported(self, address: int) -> int:
        """Return the word that the base wrote last, 0 when it never did (for a masked write)."""
        return self._memory.writer.reported(address) or 0

    def delivered(self, pending: Sequence[int], unit: int, peer: Peer, now: float) -> None:
        """Note that an answer with these registers' open words, read at `now`, was handed wholly to the transport."""
        if not self._peers.is_base(peer):
            return
        for address in pending:
            command = self._book.was_read(address, unit, now)
            if command is not None:
                self._budget.spend(address, now)
                self._companions.expect(address, command, now)

    def write(self, peer: Peer, start: int, words: Sequence[int], now: float) -> None:
        """Take what is written: store it, and if it was the base see what it means to the open commands."""
        if not COMMAND_ADDRESSES.issuperset(range(start, start + len(words))):
            self._wrote_measurements(peer, now)
        self._memory.header.last_bus_write = now
        if not self._peers.is_base(peer):
            self._write_of_another(peer, start, words, now)
            return
        credits: dict[int, Credit] = {}
        kept = [self._take(start + n, word, now, credits) for n, word in enumerate(words)]
        changed = {address: before for address, before, _ in self._memory.writer.report(start, kept, now)}
        # A base that overrules a command with the word it had before changes no register, and yet it has moved.
        changed |= {address: credit.overruled for address, credit in credits.items() if credit.overruled is not None}
        for address, before in changed.items():
            credit = credits.get(address, ON_ITS_OWN)
            self._changed(RegisterChanged(address, before, words[address - start], now, credit))

    # Users

    def prepare(self, intentions: Sequence[Intention], origin: Origin, now: float) -> Command:
        """Make a command of all of these intentions; it does nothing before `admit`, so it can be written down first.

        Raises Conflict when no commands are taken at present, TooMany for the impatient when a register had its share.
        """
        if self._rules.refusal is not None:
            raise Conflict(self._rules.refusal)
        if two := self.two_peers(now):
            raise Conflict(
                f"{' and '.join(two)} both write measurements into the same registers, so nobody knows which of them a "
                f"command would reach; commands are taken again when one of them has been quiet for {APART:g} s"
            )
        if not intentions or len({i.address for i in intentions}) < len(intentions):
            raise InvalidValue("a command needs at least one value, and only one for each register")
        if len(intentions) > MOST_REGISTERS:
            raise InvalidValue(f"a command can change at most {MOST_REGISTERS} registers, not {len(intentions)}")
        command = self._book.draft(intentions, origin, now)
        command.note = self._budget.check(command.orders.keys() - self._already_so(command, now), now, origin.patient)
        return command

    def admit(self, command: Command, now: float) -> None:
        """Let a prepared command take effect: its words wait for the base from now on."""
        for order in self._book.open(command, self._already_so(command, now), now):
            who = str(command.origin)
            before = self._memory.writer.reported(order.address)
            self._report(RegisterWanted(order.address, before, order.word, now, who, command.id))
            self._notice_fight(order.address, now, by_user=True)

    def cancel(self, command_id: str, now: float) -> Command:
        """Withdraw a command that the base has not read yet; Conflict when it is too late."""
        return self._book.cancel(command_id, now)

    def release(self, ref: ZoneRef, origin: Origin, now: float) -> list[str]:
        """Withdraw our words from a zone: the base reads "no data" there until it has written its own.

        Returns the ids of the commands that this ended.
        """
        addresses = (ref.state_address, ref.setpoint_address)
        released = [self._released(address, origin, now) for address in addresses]
        closed = self._book.close(addresses, Event.WITHDRAW, now)
        self._answers.withdraw(addresses)
        for record in released:
            self._report(record)
        return closed

    # Time

    def tick(self, now: float) -> None:
        """Close what has run out of time, and say when the bus has fallen silent."""
        self._book.settle(now)
        last = self._memory.header.last_frame
        if not self._silent and last is not None and now - last > self._rules.stale_after:
            self._silent = True
            self._report(BusFellSilent(now - last))
        if self._two_peers and not self._peers.two(now):
            self._two_peers = False
            self._report(OnePeerAgain())

    @property
    def pending(self) -> int:
        """How many registers carry a user's open word."""
        return len(self._book)

    def fights(self, now: float) -> list[int]:
        """The registers that a client and the base are fighting over at present."""
        return self._ping_pong.registers(now)

    @property
    def fights_total(self) -> int:
        """How many fights have begun since the start."""
        return self._ping_pong.total

    def two_peers(self, now: float) -> list[str]:
        """The names of those that write measurements within a minute of each other; none, as long as it is one."""
        return [str(peer) for peer in self._peers.two(now)]

    # Inside

    def _wrote_measurements(self, peer: Peer, now: float) -> None:
        if self._peers.wrote_measurements(peer, now):
            self._forget(now)  # what the former base wrote is none of this one's words
        if self._peers.is_base(peer):
            self._base_heard_at = now
        elif not self._two_peers:
            self._two_peers = True
            self._report(TwoPeers(tuple(self.two_peers(now))))

    def _write_of_another(self, peer: Peer, start: int, words: Sequence[int], now: float) -> None:
        """Store what another device than the base writes: shown, but never served, and no answer to a command."""
        self._book.settle(now)  # what an order lets go is older than this
        credit = Credit(Cause.PEER, str(peer), None)
        for address, before, word in self._memory.writer.report(start, words, now):
            self._answers.withdraw([address])
            self._book.peer_wrote(address, before)
            self._changed(RegisterChanged(address, before, word, now, credit))

    def _released(self, address: int, origin: Origin, now: float) -> RegisterReleased:
        order, command = self._book.order(address, now), self._book.command(address)
        before = self._memory.writer.reported(address) if order is None else order.word
        return RegisterReleased(address, before, now, str(origin), None if command is None else command.id)

    def _already_so(self, command: Command, now: float) -> set[int]:
        """Return the registers in which the base has just reported what the command asks for.

        Not while an older command is on its way there: the base may have read that one.
        """
        self._forget_after_silence(now)
        return {order.address for order in command.orders.values() if self._is_already_so(order, now)}

    def _is_already_so(self, wanted: Order, now: float) -> bool:
        older = self._book.order(wanted.address, now)
        if older is not None and older.state is CommandState.DELIVERED:
            return False
        reported = self._memory.writer.reported(wanted.address)
        is_live = self._answers.is_live(wanted.address)
        return is_live and reported is not None and wanted.is_already(reported, self._rules.timing)

    def _let_go(self, address: int, word: int, at: float) -> None:
        """Store what the base wrote last while our word was on its way: nothing older may be served or shown."""
        if at >= self._forgotten_at:
            self._answers.written(address)
        for changed, before, now_word in self._memory.writer.report(address, [word], at):
            self._changed(RegisterChanged(changed, before, now_word, at))

    def _changed(self, record: RegisterChanged) -> None:
        self._report(record)
        if record.address in COMMAND_ADDRESSES and record.credit.cause is Cause.BASE:
            self._notice_fight(record.address, record.at, by_user=False)

    def _notice_fight(self, address: int, now: float, *, by_user: bool) -> None:
        if self._ping_pong.moved(address, now, by_user=by_user):
            self._report(FightNoticed(PLACES[address].row.name, address))

    def _forget_after_silence(self, now: float) -> None:
        """Serve no word any more that the base wrote before a silence, whoever asks."""
        if self._base_heard_at is not None and now - self._base_heard_at > self._rules.stale_after:
            self._forget(now)

    def _forget(self, now: float) -> None:
        self._answers.withdraw_all()
        self._forgotten_at = now

    def _take(self, address: int, word: int, now: float, credits: dict[int, Credit]) -> int | None:
        """Return the word to store, None when it does not count."""
        if address not in COMMAND_ADDRESSES:
            return word
        order = self._book.order(address, now)
        if order is not None and not self._meets(order, word, now, credits):
            return None
        if order is None and word != self._memory.writer.reported(address):
            self._blame_companion(address, word, now, credits)
        self._answers.written(address)
        self._book.base_wrote(address)
        return word

    def _meets(self, order: Order, word: int, now: float, credits: dict[int, Credit]) -> bool:
        """See what a word means to the open order of its register; False when it does not count."""
        judgement = order.judge(word, self._rules.timing, now)
        if judgement is Judgement.DOES_NOT_COUNT:
            self._book.hold_back(order.address, word, now)
            return False
        if judgement is Judgement.NO_VALUE:
            return True
        command = self._book.command(order.address)
        if judgement is Judgement.ECHO:
            if command is not None:
                credits[order.address] = Credit(Cause.COMMAND, str(command.origin), command.id)
                if order.delivered_at is not None:
                    self._report(CommandEchoed(order.address, now - order.delivered_at, now, command.id))
            self._book.happen(order.address, Event.ECHO, now, observed=word)
        elif not self._blame_companion(order.address, word, now, credits):
            if command is not None:
                credits[order.address] = Credit(Cause.BASE, BASE_STATION, command.id, overruled=order.word)
            self._book.happen(order.address, Event.OVERRIDE, now, observed=word)
        return True

    def _blame_companion(self, address: int, word: int, now: float, credits: dict[int, Credit]) -> bool:
        """See whether a moving setpoint belongs to a state command, one move for each command."""
        credit = self._companions.claim(address, word, now)
        if credit is not None:
            credits[address] = credit
        return credit is not None
