"""What waits to be written down: bounded, so that a disk that stays away costs no more than this much memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from neasmart_gateway.store.journal import AuditRow, Batch, CommandRow, NonceRow, Remembered, Sample

MOST = 10_000
"""Commands and audit rows held at a time; registers are bounded by the address space."""
MOST_SAMPLES = 50_000
"""Samples held at a time: about a day of a house of sixty zones, in some 7 MB."""


class Backlog:
    """Registers by address, commands by id, audit rows in order. When it is full, the oldest audit row goes first.

    Nonces are bounded by whoever adds them. Samples have room of their own; where one had to go, its series has a gap.
    """

    def __init__(self, most: int = MOST, most_samples: int = MOST_SAMPLES) -> None:
        self._most = most
        self._most_samples = most_samples
        self._registers: dict[int, Remembered] = {}
        self._commands: dict[str, CommandRow] = {}
        self._audit: deque[AuditRow] = deque()
        self._nonces: dict[tuple[str, str], NonceRow] = {}
        self._samples: deque[Sample] = deque()
        self._gaps: dict[int, Sample] = {}
        self.dropped = 0
        """Commands, audit rows and samples that had to go, since the start."""

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

    def add_sample(self, sample: Sample) -> None:
        self._samples.append(sample)
        while len(self._samples) > self._most_samples:
            gone = self._samples.popleft()
            self._gaps.setdefault(gone.series, Sample(gone.series, gone.at, None))
            self.dropped += 1

    def break_off(self, gaps: Sequence[Sample]) -> None:
        """Let series begin with a gap: nobody knows what was while nothing was recorded."""
        self._gaps = {gap.series: gap for gap in gaps} | self._gaps

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
            self._all_samples(),
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
        for noted in batch.audit:  # in the same order; those that had to go meanwhile are missing at the front
            if self._audit and self._audit[0] is noted:
                self._audit.popleft()
        for sample in batch.samples:
            if self._gaps.get(sample.series) is sample:
                del self._gaps[sample.series]
            elif self._samples and self._samples[0] is sample:
                self._samples.popleft()

    @property
    def registers(self) -> int:
        return len(self._registers)

    @property
    def rows(self) -> int:
        """Commands and audit rows that wait."""
        return len(self._commands) + len(self._audit)

    @property
    def samples(self) -> int:
        """Samples that wait."""
        return len(self._gaps) + len(self._samples)

    def _all_samples(self) -> tuple[Sample, ...]:
        """Return all samples that wait, those that say where others are missing first."""
        return (*self._gaps.values(), *self._samples)

    def _make_room(self) -> None:
        while self.rows > self._most:
            self.dropped += 1
            if self._audit:
                self._audit.popleft()
            else:
                del self._commands[next(iter(self._commands))]
