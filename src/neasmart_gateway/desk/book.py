"""The book of open commands: the only place where an order changes its state."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence

from neasmart_gateway.desk.command import Command, Origin, new_orders
from neasmart_gateway.desk.records import CommandChanged
from neasmart_gateway.domain.commands import RESTART_NOTE, TRANSITIONS, CommandState, Event, Order, Timing, overall
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.times import iso
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.shm.receipts import SLOTS, Receipt


class CommandBook:
    """Open orders by register; every change goes to the image, the receipt ring and the reporter."""

    def __init__(self, memory: SharedMemory, timing: Timing, report: Callable[[CommandChanged], None]) -> None:
        self._memory = memory
        self._timing = timing
        self._report = report
        self._open: dict[int, Command] = {}

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

    def command_id(self, address: int) -> str | None:
        """Return the id of the command that is open on a register."""
        command = self._open.get(address)
        return None if command is None else command.id

    def open(self, intentions: Sequence[Intention], origin: Origin, now: float) -> Command:
        """Accept a command: its words are pending from now on, and older ones on its registers are superseded."""
        number = self._free_number()
        command = Command(f"{number}-{secrets.token_hex(4)}", number % SLOTS, origin, now)
        command.orders = new_orders(intentions, self._reported, now)
        self.close(command.orders, Event.SUPERSEDE, now)
        self._publish(command)  # before a pending word can point to it
        for address, order in command.orders.items():
            self._open[address] = command
            self._memory.writer.set_pending(address, order.word, command.slot)
        return command

    def happen(
        self, address: int, event: Event, now: float, *, unit: int | None = None, observed: int | None = None
    ) -> Order:
        """Let an event happen to the open order of a register, and return what has become of it."""
        command = self._open[address]
        order = command.orders[address] = command.orders[address].after(event, now, unit=unit, observed=observed)
        if order.state.is_final:
            del self._open[address]
            self._memory.writer.clear_pending(address)
        self._publish(command)
        return order

    def close(self, addresses: Iterable[int], event: Event, now: float) -> list[str]:
        """Let an event happen to whatever is open on these registers; returns the ids of the commands it met."""
        met: dict[str, None] = {}
        for address in addresses:
            if self.order(address, now) is not None:
                met[self._open[address].id] = None
                self.happen(address, event, now)
        return list(met)

    def settle(self, now: float) -> None:
        """Close every order whose time is up."""
        for address in list(self._open):
            self.order(address, now)

    def close_leftovers(self, now: float) -> int:
        """Close the commands that a dead daemon left open: no command survives a restart. Returns how many."""
        leftovers = [r for r in self._memory.receipts if not CommandState(r[1]["state"]).is_final]
        for slot, receipt in leftovers:
            self._close_leftover(slot, receipt, now)
        self._memory.writer.clear_all_pending()
        return len(leftovers)

    def __len__(self) -> int:
        """How many registers have an open order."""
        return len(self._open)

    def _close_leftover(self, slot: int, receipt: Receipt, now: float) -> None:
        for write in receipt["writes"]:
            target = TRANSITIONS.get((CommandState(write["state"]), Event.RESTART))
            if target is not None:
                write |= {"state": str(target), "finished_at": iso(self.unix(now))}
        state = overall(CommandState(write["state"]) for write in receipt["writes"])
        receipt |= {"state": str(state), "finished_at": iso(self.unix(now)), "note": RESTART_NOTE}
        self._memory.receipts.put(slot, receipt)
        self._memory.header.change()
        self._report(CommandChanged(receipt))

    def _publish(self, command: Command) -> None:
        receipt = command.receipt(self.unix)
        self._memory.receipts.put(command.slot, receipt)
        self._memory.header.change()
        self._report(CommandChanged(receipt))

    def _reported(self, address: int) -> int | None:
        return self._memory.reader.cell(address).reported

    def _free_number(self) -> int:
        """Take the next number whose slot is not in use by an open command (at most 122 of 512 can be)."""
        header, used = self._memory.header, {command.slot for command in self._open.values()}
        number = header.next_receipt
        while number % SLOTS in used:
            number += 1
        header.next_receipt = number + 1
        return number
