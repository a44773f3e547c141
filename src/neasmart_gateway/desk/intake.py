"""The way in for commands: written down first, then taken; whoever asked is answered last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from neasmart_gateway.desk.command import Command, Origin
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.domain.commands import Event
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.errors import NotDurable
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.journal import CommandRow, Receipt
from neasmart_gateway.store.recorder import Recorder

_GONE = "not taken: whoever asked had given up before it was written down"
_SLOW = "not taken: the disk was too slow"


class Intake:
    """Takes commands, in the order in which they come: nothing is acknowledged that a crash could lose.

    With `fallback` a command is also taken while the disk is away, and its receipt says that it is not durable;
    without, NotDurable is raised. `clock` gives system-wide monotonic seconds.
    """

    def __init__(
        self, desk: Desk, recorder: Recorder, retries: Retries, memory: SharedMemory,
        *, fallback: bool, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._desk = desk
        self._recorder = recorder
        self._retries = retries
        self._memory = memory
        self._fallback = fallback
        self._clock = clock
        self._under_way: dict[str, asyncio.Event] = {}

    async def submit(
        self, intentions: Sequence[Intention], origin: Origin, idempotency: tuple[str, str] | None = None
    ) -> Receipt:
        """Take a command and return its receipt, or that of the first one with the same idempotency key.

        When it is cancelled (its deadline has come) before the command was written down, the command is not taken.
        """
        async with self._alone_with(idempotency):
            first = None if idempotency is None else self._retries.find(idempotency, self._unix(self._clock()))
            if first is not None:
                return self._memory.receipts.find(first.id) or first.receipt
            command = self._desk.prepare(intentions, origin, self._clock())
            row = CommandRow(command.id, self._unix(command.accepted_at), self.receipt(command), idempotency)
            await self._write_down(command, row)
            self._retries.add(row)
            self._desk.admit(command, self._clock())
            return self.receipt(command)

    async def cancel(self, command_id: str) -> Receipt:
        """Withdraw a command that the base has not read yet, and return its receipt once a crash cannot change it.

        Conflict when it is too late. With the disk away it is withdrawn all the same.
        """
        command = self._desk.cancel(command_id, self._clock())
        await self._recorder.catch_up(durable=True)
        return self.receipt(command)

    def receipt(self, command: Command) -> dict[str, Any]:
        """Return a command's receipt as it is now."""
        return command.receipt(self._unix)

    @asynccontextmanager
    async def _alone_with(self, idempotency: tuple[str, str] | None) -> AsyncIterator[None]:
        """Let one request at a time in with the same key: whoever sends it twice at once gets one command."""
        if idempotency is None:
            yield
            return
        key = idempotency[0]
        while key in self._under_way:
            await self._under_way[key].wait()
        self._under_way[key] = asyncio.Event()
        try:
            yield
        finally:
            self._under_way.pop(key).set()

    async def _write_down(self, command: Command, row: CommandRow) -> None:
        may_come_late = False
        try:
            command.durable = await self._recorder.durable(row)
        except TimeoutError:
            command.durable, may_come_late = False, True
        except asyncio.CancelledError:
            self._take_back(command, row, _GONE)
            raise
        if command.durable:
            return
        if self._fallback:
            self._recorder.command(replace(row, receipt=self.receipt(command)))
            return
        if may_come_late:
            self._take_back(command, row, _SLOW)
        raise NotDurable(
            "the database cannot be used, and commands are not taken without it "
            "(NEASMART_DATABASE_ENABLE_FALLBACK is false); see /api/v1/health",
            retry_after=5.0,
        )

    def _take_back(self, command: Command, row: CommandRow, why: str) -> None:
        """Close a command in the journal that may have come there although nobody was told that it was taken.

        A retry must not find it: it would be answered with the receipt of what never was.
        """
        now = self._clock()
        command.orders = {a: order.after(Event.WITHDRAW, now) for a, order in command.orders.items()}
        command.note = why
        self._recorder.command(CommandRow(row.id, row.created_at, self.receipt(command), void=True))

    def _unix(self, moment: float) -> float:
        return moment + self._memory.header.wall_offset
