"""The book of open commands: the only place where an order changes its state."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from neasmart_gateway.desk.command import Command, Origin, closed_by_restart, new_orders
from neasmart_gateway.desk.records import CommandChanged
from neasmart_gateway.domain.commands import CommandState, Event, Order, Timing
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.registers import PLACES
from neasmart_gateway.domain.times import iso
from neasmart_gateway.errors import Conflict
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.shm.receipts import SLOTS, Receipt

ALREADY_SO = "already so"
"""The note on a command that asked for what the base had just reported."""
READ_AFTER_ALL = "the base may have read it just before it ended"
"""The note on a command whose answer was still on its way to the base when the command ended unread."""


class CommandBook:
    """Open orders by register; every change goes to the image, the receipt ring and the reporter."""

    def __init__(self, memory: SharedMemory, timing: Timing, report: Callable[[CommandChanged], None]) -> None:
        self._memory = memory
        self._timing = timing
        self._report = report
        self._open: dict[int, Command] = {}
        self._held: dict[int, tuple[int, float]] = {}
        self._unread: dict[int, Command] = {}
        """The newest command of each register that ended before the base had read it."""
        self._own: dict[int, int | None] = {}
        """The base's last own word where another device has written since."""
        self.let_go: Callable[[int, int, float], None] = lambda _address, _word, _at: None
        """Told (address, word, time) of what the base wrote last while it did not count, once the order has ended."""

    def unix(self, moment: float) -> float:
        """Turn monotonic seconds into Unix time."""
        return moment + self._memory.header.wall_offset

    def order(self, address: int, now: float) -> Order | None:
        """Return the open order of a register as it is now; one whose time is up is closed first."""
        command = self._open.get(address)
        if command is None:
            return None
        event = command.orders[address].due(self._timing, now)
        if event is None:
            return command.orders[address]
        self.happen(address, event, now)
        return None

    def orders(self, addresses: Iterable[int], now: float) -> dict[int, Order]:
        """Return the open orders of some registers by address, as they are now; see `order`."""
        if not self._open:
            return {}
        return {address: order for address in addresses if (order := self.order(address, now)) is not None}

    def command(self, address: int) -> Command | None:
        """Return the command that is open on a register."""
        return self._open.get(address)

    def draft(self, intentions: Sequence[Intention], origin: Origin, now: float) -> Command:
        """Make a command with an id and a slot of its own; nothing is pending yet."""
        number = self._free_number()
        orders = new_orders(intentions, self._own_word, now)
        return Command(f"{number}-{secrets.token_hex(4)}", number % SLOTS, origin, now, orders)

    def open(self, command: Command, already: Iterable[int], now: float) -> list[Order]:
        """Accept a command: older ones on its registers are superseded, its words are pending from now on.

        The registers in `already` report what is asked for, so they are confirmed at once and the bus sees nothing.
        Returns the orders that are open.
        """
        read = {
            a: older.word for a in command.orders if (older := self.order(a, now)) and older.delivered_at is not None
        }
        self.close(command.orders, Event.SUPERSEDE, now)
        command.orders = {
            a: replace(order, before=self._own_word(a), earlier=read.get(a), accepted_at=now)
            for a, order in command.orders.items()
        }
        for address in already:
            order = command.orders[address]
            command.orders[address] = order.after(Event.ECHO, now, observed=self._reported(address))
        command.note = _already_so(command) or command.note
        self._publish(command)  # before a pending word can point to it
        opened = [order for order in command.orders.values() if not order.state.is_final]
        for order in opened:
            self._open[order.address] = command
            self._memory.writer.set_pending(order.address, order.word, command.slot)
        return opened

    def happen(
        self, address: int, event: Event, now: float, *, unit: int | None = None, observed: int | None = None
    ) -> Order:
        """Let an event happen to the open order of a register, and return what has become of it."""
        command = self._open[address]
        order = command.orders[address] = command.orders[address].after(event, now, unit=unit, observed=observed)
        if order.state.is_final:
            del self._open[address]
            self._memory.writer.clear_pending(address)
            if order.delivered_at is None:
                self._unread[address] = command
        self._publish(command)
        held = self._held.pop(address, None) if order.state.is_final else None
        if held is not None and observed is None:
            self.base_wrote(address)
            self.let_go(address, *held)
        return order

    def was_read(self, address: int, unit: int, at: float) -> Command | None:
        """Note that the base has read the word that waited in a register at `at`, which may be some moments ago.

        Returns the command when that is news. One that has ended meanwhile stays as it ended; its receipt says so.
        """
        order = self.order(address, at)
        if order is not None and order.accepted_at <= at:
            if order.state is not CommandState.ACCEPTED:
                return None
            command = self._open[address]
            self.happen(address, Event.DELIVER, at, unit=unit)
            return command
        return self._was_read_after_all(address, unit, at)

    def hold_back(self, address: int, word: int, now: float) -> None:
        """Keep a word that does not count while an order is open: it is still the last one that the base wrote."""
        self._held[address] = (word, now)

    def peer_wrote(self, address: int, before: int | None) -> None:
        """Remember the word before that of another device: what the base had, and may still be about to say."""
        self._own.setdefault(address, before)

    def base_wrote(self, address: int) -> None:
        """Note that what is reported of a register is the base's own word again."""
        self._own.pop(address, None)

    def close(self, addresses: Iterable[int], event: Event, now: float) -> list[str]:
        """Let an event happen to whatever is open on these registers; returns the ids of the commands it met."""
        met: dict[str, None] = {}
        for address in addresses:
            if self.order(address, now) is not None:
                met[self._open[address].id] = None
                self.happen(address, event, now)
        return list(met)

    def cancel(self, command_id: str, now: float) -> Command:
        """Withdraw a command that the base has not read yet; Conflict when it has, or when it is not open."""
        addresses = [address for address, command in self._open.items() if command.id == command_id]
        orders = [order for address in addresses if (order := self.order(address, now)) is not None]
        if not orders:
            raise Conflict(f"command {command_id} is not open any more")
        if any(order.state is not CommandState.ACCEPTED for order in orders):
            raise Conflict(f"the base station has read command {command_id} already; it cannot be cancelled any more")
        command = self._open[orders[0].address]
        self.close([order.address for order in orders], Event.WITHDRAW, now)
        return command

    def settle(self, now: float) -> None:
        """Close every order whose time is up."""
        for address in list(self._open):
            self.order(address, now)

    def close_leftovers(self, now: float) -> int:
        """Close the commands that a dead daemon left open: no command survives a restart. Returns how many."""
        leftovers = [r for r in self._memory.receipts if not CommandState(r[1]["state"]).is_final]
        for slot, receipt in leftovers:
            self._put(slot, closed_by_restart(receipt, iso(self.unix(now))))
        self._memory.writer.clear_all_pending()
        return len(leftovers)

    def __len__(self) -> int:
        """How many registers have an open order."""
        return len(self._open)

    def _was_read_after_all(self, address: int, unit: int, at: float) -> Command | None:
        command = self._unread.get(address)
        if command is None:
            return None
        order = command.orders[address]
        if order.closed_at is None or not order.accepted_at <= at <= order.closed_at:
            return None
        del self._unread[address]
        command.orders[address] = replace(order, delivered_at=at, delivered_unit=unit)
        command.note = READ_AFTER_ALL
        self._publish(command)
        successor = self._open.get(address)
        if successor is not None:  # the echo of this word is old to whatever waits now
            successor.orders[address] = replace(successor.orders[address], earlier=order.word)
        return command

    def _publish(self, command: Command) -> None:
        self._put(command.slot, command.receipt(self.unix))

    def _put(self, slot: int, receipt: Receipt) -> None:
        self._memory.receipts.put(slot, receipt)
        self._memory.header.change()
        self._report(CommandChanged(receipt))

    def _reported(self, address: int) -> int | None:
        return self._memory.writer.reported(address)

    def _own_word(self, address: int) -> int | None:
        return self._own[address] if address in self._own else self._reported(address)

    def _free_number(self) -> int:
        """Take the next number whose slot is not in use by an open command (at most 122 of 512 can be)."""
        header, used = self._memory.header, {command.slot for command in self._open.values()}
        number = header.next_receipt
        while number % SLOTS in used:
            number += 1
        header.next_receipt = number + 1
        return number


def _already_so(command: Command) -> str | None:
    """Return the note that says which registers of a new command need no word on the bus."""
    so = [PLACES[order.address].row.name for order in command.orders.values() if order.state.is_final]
    if len(so) == len(command.orders):
        return ALREADY_SO
    return f"{', '.join(so)}: {ALREADY_SO}" if so else None
