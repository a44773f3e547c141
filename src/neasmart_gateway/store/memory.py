"""A journal that forgets at the end of the process: the fallback, and the tests' double."""

from __future__ import annotations

from dataclasses import replace

from neasmart_gateway.store.journal import AuditRow, Batch, CommandRow, Kept, NonceRow, Remembered, Sample

_OPEN = ("accepted", "delivered")


class MemoryJournal:
    """Keeps everything in dictionaries; never fails."""

    def __init__(self) -> None:
        self._registers: dict[int, Remembered] = {}
        self._commands: dict[str, CommandRow] = {}
        self._nonces: dict[tuple[str, str], NonceRow] = {}
        self.audit: list[AuditRow] = []
        """Who changed what, oldest first."""
        self.samples: list[Sample] = []
        """What was measured, in the order of recording."""

    @property
    def generation(self) -> int:
        return 0

    def load(self, retry_since: float) -> Kept:
        commands = list(self._commands.values())
        return Kept(
            [self._registers[address] for address in sorted(self._registers)],
            [command for command in commands if command.receipt["state"] in _OPEN],
            [command for command in commands if command.idempotency and command.created_at >= retry_since],
            list(self._nonces.values()),
            self._broken_off(),
        )

    def commit(self, batch: Batch, *, durable: bool) -> None:
        self._registers.update({register.address: register for register in batch.registers})
        for command in batch.commands:
            known = self._commands.get(command.id)
            key = None if command.void else known.idempotency if known else command.idempotency
            self._commands[command.id] = replace(known or command, receipt=command.receipt, idempotency=key)
        self.audit += batch.audit
        self._nonces.update({(row.owner, row.nonce): row for row in batch.nonces})
        self.samples += batch.samples

    def prune(self, before: float, now: float) -> int:
        old = [command.id for command in self._commands.values() if command.created_at < before]
        kept = [row for row in self.audit if row.at >= before]
        expired = [key for key, row in self._nonces.items() if row.expires < now]
        gone = len(old) + len(self.audit) - len(kept) + len(expired)
        self.audit = kept
        for key in expired:
            del self._nonces[key]
        for command_id in old:
            del self._commands[command_id]
        return gone

    def tend(self, now: float, keep_seconds: float) -> bool:
        kept = [sample for sample in self.samples if sample.at >= now - keep_seconds]
        self.samples, before = kept, self.samples
        return len(kept) < len(before)

    def looks_sound(self) -> bool:
        return True

    def check(self) -> None:
        """Nothing to look at."""

    def close(self) -> None:
        """Nothing to let go of."""

    def _broken_off(self) -> list[Sample]:
        ends = {sample.series: sample for sample in self.samples}.values()
        alive = max((end.at for end in ends if end.value is not None), default=0)
        return [Sample(end.series, alive, None) for end in ends if end.value is not None]
