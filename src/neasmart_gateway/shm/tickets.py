"""Tickets for browsers' event streams, which can send no key: each is good once, for half a minute."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from hashlib import sha256

from neasmart_gateway.errors import InvalidValue, TooMany
from neasmart_gateway.shm.locks import ProcessLock

SLOTS = 256
GOOD_SECONDS = 30.0
LONGEST_OWNER = 64
"""Bytes of UTF-8."""
_SLOT = struct.Struct(f"<32sdII{LONGEST_OWNER}s")
"""Hash of the ticket, until when it is good (system-wide monotonic seconds), scope, length of the owner, owner."""
TICKETS_SIZE = SLOTS * _SLOT.size
_RANDOM_BYTES = 24


class Tickets:
    """Tickets on behalf of an owner (the name of a key) and a scope (any number up to 2³² − 1), for all processes.

    Only their hashes are kept. `clock` gives system-wide monotonic seconds.
    """

    def __init__(self, memory: memoryview, lock: ProcessLock, clock: Callable[[], float]) -> None:
        self._memory = memory[:TICKETS_SIZE]
        self._lock = lock
        self._clock = clock

    def issue(self, owner: str, scope: int) -> str:
        """Return a new ticket, URL-safe text of 192 random bits.

        Raises TooMany when 256 of them are still good, InvalidValue for an owner of more than 64 bytes.
        """
        name = owner.encode()
        if len(name) > LONGEST_OWNER:
            raise InvalidValue(f"an owner has {LONGEST_OWNER} bytes at most", field="owner")
        ticket = secrets.token_urlsafe(_RANDOM_BYTES)
        with self._lock:
            now = self._clock()
            position = self._room(now)
            record = _SLOT.pack(_hash(ticket), now + GOOD_SECONDS, scope, len(name), name)
            self._memory[position : position + _SLOT.size] = record
        return ticket

    def redeem(self, ticket: str) -> tuple[str, int] | None:
        """Return owner and scope of a ticket and use it up; None when it is none, too old, or was used."""
        return self._find(ticket, use_up=True)

    def holder(self, ticket: str) -> tuple[str, int] | None:
        """Return the same without using the ticket up."""
        return self._find(ticket, use_up=False)

    def _find(self, ticket: str, *, use_up: bool) -> tuple[str, int] | None:
        wanted = _hash(ticket)
        with self._lock:
            now = self._clock()
            for number, (kept, ends, scope, length, name) in enumerate(_SLOT.iter_unpack(self._memory)):
                if kept == wanted and ends > now:
                    if use_up:
                        self._memory[number * _SLOT.size : (number + 1) * _SLOT.size] = bytes(_SLOT.size)
                    return name[:length].decode(), scope
        return None

    def _room(self, now: float) -> int:
        """Return the position of a slot that is free; TooMany when all tickets are still good."""
        ends = [slot[1] for slot in _SLOT.iter_unpack(self._memory)]
        first = min(ends)
        if first > now:
            raise TooMany(f"{SLOTS} tickets wait to be used; try again shortly", retry_after=first - now)
        return ends.index(first) * _SLOT.size


def _hash(ticket: str) -> bytes:
    return sha256(ticket.encode(errors="surrogatepass")).digest()
