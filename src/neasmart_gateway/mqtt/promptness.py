"""How old a message can be at most: we send numbers to ourselves through the broker, and see when they come back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from math import inf

EVERY = 1.0
"""Seconds between two numbers."""
LATE = 5.0
"""Seconds after which an order is too late to be carried out."""
SETTLE = 5.0
"""Seconds for which all must have been prompt again, after it was not, before orders are trusted."""
DEAD = 20.0
"""Seconds without a number that came back, after which the connection is given up."""

_MOST = 32
"""Numbers under way that are remembered; older ones were lost, and prove nothing any more."""


class Promptness:
    """The broker hands on in the order in which it was given: what arrives behind a number was given to it later.

    So no message has been under way from the broker for longer than the newest number that came back, counted from
    when that was sent. That proves nothing of how long it has waited to be given to the broker: one that stood still
    finds orders and numbers side by side in as many buffers, takes them in turns, and pairs an old order with a young
    number. So after a gap nothing is trusted until all has been prompt for a while, in which buffers are emptied.
    What a sender itself has kept back, or the network before the broker, nobody here can see.

    `clock` gives seconds of a clock that also runs while the machine sleeps, `gateway` names us to others.
    """

    def __init__(self, clock: Callable[[], float], gateway: str = "") -> None:
        self._clock = clock
        self._key = f"{gateway}.{secrets.token_hex(8)}"
        self._sent: dict[bytes, float] = {}
        self._began = clock()
        self._newest = self._returned_at = self._held_up_at = -inf
        self._number = 0

    def next(self, seniority: float = 0.0) -> bytes:
        """Return what to send now; `seniority` is for those who read it (rivals.py)."""
        self._number += 1
        payload = f"{self._key} {self._number} {seniority:.3f}".encode()
        self._sent[payload] = self._clock()
        if len(self._sent) > _MOST:
            del self._sent[next(iter(self._sent))]
        return payload

    def returned(self, payload: bytes) -> bool:
        """Take in what came back; False for what is not of this connection."""
        if not payload.startswith(self._key.encode()):
            return False
        sent, now = self._sent.pop(payload, None), self._clock()
        if sent is not None:
            has_gap = -inf < self._returned_at < now - LATE
            if has_gap or now - sent > LATE:
                self._held_up_at = now
            self._newest, self._returned_at = max(self._newest, sent), now
        return True

    @property
    def age(self) -> float:
        """Seconds that whatever arrives now can have been under way at most; infinite before the first number."""
        return self._clock() - self._newest

    @property
    def may_be_late(self) -> bool:
        """Whether what arrives now may have been under way for longer than LATE."""
        now = self._clock()
        return self.age > LATE or now - self._returned_at > LATE or now - self._held_up_at < SETTLE

    @property
    def is_dead(self) -> bool:
        """Whether nothing has come back for too long."""
        return self._clock() - max(self._newest, self._began) > DEAD
