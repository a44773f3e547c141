"""What a journal must be able to do; sqlite.py and memory.py are the two that can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from neasmart_gateway.store.series.codec import Sample as Sample

Receipt = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remembered:
    """A register as the journal keeps it: wire address, word, Unix time at which it took this value."""

    address: int
    word: int
    written_at: float


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command as the journal keeps it: its receipt, and the key under which a retry finds it again.

    `idempotency` is (key, fingerprint of the request), None when the caller gave no key, or it is not known any more:
    the journal keeps the one that it has. `void` takes it away: the command was not taken, and a retry is a new one.
    """

    id: str
    created_at: float
    receipt: Receipt
    idempotency: tuple[str, str] | None = None
    void: bool = False


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change of a command register: when (Unix time), which, from what to what, why, by whom, which command."""

    at: float
    address: int
    before: int | None
    word: int
    cause: str
    who: str
    command_id: str | None


@dataclass(frozen=True, slots=True)
class NonceRow:
    """A nonce that was used: by whose key, and the Unix time from which on its signature is too old anyway."""

    owner: str
    nonce: str
    expires: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written in one transaction.

    A newer register, command or nonce replaces an older one; audit rows and samples are added.
    """

    registers: Sequence[Remembered] = ()
    commands: Sequence[CommandRow] = ()
    audit: Sequence[AuditRow] = ()
    nonces: Sequence[NonceRow] = ()
    samples: Sequence[Sample] = ()

    def __bool__(self) -> bool:
        return bool(self.registers or self.commands or self.audit or self.nonces or self.samples)

    @classmethod
    def of(cls, rows: Sequence[CommandRow | NonceRow]) -> Batch:
        """Return a batch of commands and nonces."""
        commands = [row for row in rows if isinstance(row, CommandRow)]
        return cls(commands=commands, nonces=tuple(row for row in rows if isinstance(row, NonceRow)))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a daemon needs to know at its start: registers, open commands, those a retry may ask for, nonces.

    `broken_off` says of each series of measurements that ended with a value until when that is known to have held.
    """

    registers: list[Remembered] = field(default_factory=list)
    open_commands: list[CommandRow] = field(default_factory=list)
    retryable: list[CommandRow] = field(default_factory=list)
    nonces: list[NonceRow] = field(default_factory=list)
    broken_off: list[Sample] = field(default_factory=list)


class Journal(Protocol):
    """Keeps registers, commands, the audit and nonces. Every method raises StoreError when the medium fails.

    Used from one thread at a time.
    """

    @property
    def generation(self) -> int:
        """Counts how often the medium was started anew, so that nothing of before is in it."""
        ...

    def load(self, retry_since: float) -> Kept:
        """Return what is kept; `retry_since` is the Unix time from which on idempotency keys count."""
        ...

    def commit(self, batch: Batch, *, durable: bool) -> None:
        """Keep all of the batch or, on StoreError, nothing of it; with `durable` it outlives a power cut at once."""
        ...

    def prune(self, before: float, now: float) -> int:
        """Forget commands and audit rows from before a Unix time, and nonces that have expired `now`.

        A small step at a call; returns how many rows that were.
        """
        ...

    def tend(self, now: float, keep_seconds: float) -> bool:
        """Pack, thin out and forget some history of measurements, in a few milliseconds; false when all is done.

        `keep_seconds` is for how long it is kept.
        """
        ...

    def looks_sound(self) -> bool:
        """Look at all of the medium; false when it is damaged. What cannot be looked at now counts as sound.

        It takes long, and may run in another thread beside any other method.
        """
        ...

    def check(self) -> None:
        """Open the medium anew, which looks at all of it; a damaged one is set aside, and StoreError raised."""
        ...

    def close(self) -> None:
        """Let go of the medium; a later call opens it again."""
        ...
