"""The mode and state that an operator wants asked for after a boot: once, and only if nobody has said otherwise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from neasmart_gateway.desk.command import Origin
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.errors import Conflict, GatewayError, NotDurable, TooMany
from neasmart_gateway.shm.memory import SharedMemory

PATIENCE = 60.0
"""Seconds that the base has to report a mode or state of its own."""
PAUSE = 5.0
"""Seconds between a refusal that may pass and the next attempt."""

Submit = Callable[[Sequence[Intention], Origin], Awaitable[object]]
_WHO = Origin("startup", "settings")
_MAY_PASS = (Conflict, NotDurable, TooMany)


class Startup:
    """Decides what is to be asked for, once in the life of the shared memory: never when only the daemon restarts.

    What is refused is asked for again, until base or user have said otherwise; not when `commands_off`, for good.
    """

    def __init__(self, memory: SharedMemory, wanted: Sequence[Intention], *, commands_off: bool = False) -> None:
        self._memory = memory
        self._wanted = wanted
        self._commands_off = commands_off
        self._not_before = float("-inf")
        self._told = False

    def due(self, now: float) -> list[Intention]:
        """Return what must be asked for now; nothing before the base has had its time, or once it was asked for."""
        header = self._memory.header
        if header.startup_done or now - header.booted_at < PATIENCE or now < self._not_before:
            return []
        commanded = self._commanded()
        # Kept: a receipt leaves its ring when many have come after it.
        self._wanted = [i for i in self._wanted if i.address not in commanded and not self._is_reported(i)]
        header.startup_done = not self._wanted
        return list(self._wanted)

    async def ask(self, submit: Submit, clock: Callable[[], float]) -> str | None:
        """Ask for what is due; returns why that was refused, the first time that it is."""
        wanted = self.due(clock())
        if not wanted:
            return None
        try:
            await submit(wanted, _WHO)
        except GatewayError as error:
            return self._refused(error, clock())
        self._memory.header.startup_done = True
        return None

    def _refused(self, error: GatewayError, now: float) -> str | None:
        self._memory.header.startup_done = self._commands_off or not isinstance(error, _MAY_PASS)
        self._not_before = now + PAUSE
        told, self._told = self._told, True
        return None if told else error.message

    def _commanded(self) -> set[int]:
        """Return the registers that users have commanded; the receipts in shared memory begin with the boot."""
        return {write["address"] for _, receipt in self._memory.receipts for write in receipt["writes"]}

    def _is_reported(self, intention: Intention) -> bool:
        cell = self._memory.reader.cell(intention.address)
        return cell.reported is not None and not cell.restored
