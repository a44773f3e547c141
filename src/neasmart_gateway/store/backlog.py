"""What waits to be written down: bounded, so that a disk that stays away costs no more than this much memory."""

from __future__ import annotations

from collections import deque

from neasmart_gateway.store.journal import AuditRow, Batch, CommandRow, NonceRow, Remembered

MOST = 10_000
"""Commands and audit rows held at a time; registers are bounded by the address space."""


class Backlog:
    """Registers by address, commands by id, audit rows in order. When it is full, the oldest audit row goes first.

    Nonces are bounded by whoever adds them.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._registers: dict[int, Remembered] = {}
        self._commands: dict[str, CommandRow] = {}
        self._audit: deque[AuditRow] = deque()
        self._nonces: dict[tuple[str, str], NonceRow] = {}
        self.dropped = 0
        """Commands and audit rows that had to go, since the start."""

    def add_register(self, register: Remembered) -> None:
        self._registers[register.address] = register

    def add_command(self, command: CommandRow) -> None:
        self._commands[command.id] = command  # it keeps its place: the journal numbers commands as they came in
        self._make_room()

    def add_audit(self, row: AuditRow) -> None:
        self._audit.append(row)
        self._make_room()

    def add_nonce(self, row: NonceRow) -> None:
        self._nonces[row.owner, row.nonce] = row

    def forget_unchanged(self, kept: dict[int, int]) -> None:
        """Drop registers whose word is the one that is kept: what went there and back costs nothing."""
        self._registers = {a: register for a, register in self._registers.items() if kept.get(a) != register.word}

    def batch(self) -> Batch:
        """Return all that waits; it goes on waiting until it is settled."""
        return Batch(
            list(self._registers.values()),
            list(self._commands.values()),
            list(self._audit),
            tuple(self._nonces.values()),
        )

    def settle(self, batch: Batch) -> None:
        """Forget what was written; what has changed meanwhile goes on waiting."""
        for register in batch.registers:
            if self._registers.get(register.address) is register:
                del self._registers[register.address]
        for command in batch.commands:
            if self._commands.get(command.id) is command:
                del self._commands[command.id]
        for row in batch.nonces:
            if self._nonces.get((row.owner, row.nonce)) is row:
                del self._nonces[row.owner, row.nonce]
        written = {id(row) for row in batch.audit}
        while self._audit and id(self._audit[0]) in written:
            self._audit.popleft()

    @property
    def registers(self) -> int:
        return len(self._registers)

    @property
    def rows(self) -> int:
        """Commands and audit rows that wait."""
        return len(self._commands) + len(self._audit)

    def _make_room(self) -> None:
        while self.rows > self._most:
            self.dropped += 1
            if self._audit:
                self._audit.popleft()
            else:
                del self._commands[next(iter(self._commands))]
