"""How old a message can be at most: we send numbers to ourselves through the broker, and see when they come back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from math import inf

EVERY = 2.0
"""Seconds between two numbers."""
LATE = 5.0
"""Seconds after which an order is too late to be carried out."""
DEAD = 20.0
"""Seconds without a number that came back, after which the connection is given up."""

_MOST = 32
"""Numbers under way that are remembered; older ones were lost, and prove nothing any more."""


class Promptness:
    """The broker hands on in the order in which it was given: what arrives behind a number was given to it later.

    So a message is never older than the newest number that came back, counted from when that was sent, wherever it
    was held up: in the broker, in the network, in this machine's buffers, or while this process stood still. `clock`
    gives seconds of a clock that also runs while the machine sleeps.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = secrets.token_hex(8)
        self._sent: dict[bytes, float] = {}
        self._began = clock()
        self._newest = -inf
        self._number = 0

    def next(self) -> bytes:
        """Return what to send now."""
        self._number += 1
        payload = f"{self._key} {self._number} {self.connected_for:.3f}".encode()
        self._sent[payload] = self._clock()
        if len(self._sent) > _MOST:
            del self._sent[next(iter(self._sent))]
        return payload

    def returned(self, payload: bytes) -> bool:
        """Take in what came back; False for what is not of this connection."""
        if not payload.startswith(self._key.encode()):
            return False
        self._newest = max(self._newest, self._sent.pop(payload, -inf))
        return True

    @property
    def connected_for(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    @property
    def age(self) -> float:
        """Seconds that whatever arrives now can have been under way at most; infinite before the first number."""
        return self._clock() - self._newest

    @property
    def is_dead(self) -> bool:
        """Whether nothing has come back for too long."""
        return self._clock() - max(self._newest, self._began) > DEAD
