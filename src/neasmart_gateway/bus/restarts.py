"""Notices that the base station has probably restarted: a silence, and then all its registers written at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

SILENCE = 10.0
"""Seconds without a poll or a write that a healthy base never lets pass (docs/protocol.md §1)."""
BURST = 20.0
"""Seconds in which a base that has restarted writes everything. A healthy one takes about a minute for a round
(docs/protocol.md §6), so that after a mere silence it gets through less than half of it in this time."""
SHARE = 0.9
"""Of the registers ever written; not all, because somebody's tool may have written one that the base never does."""
FEWEST = 8
"""Registers below which "everything" says nothing; one zone and the outside temperature have more."""
_MOST_REGISTERS, _MOST_RESTARTS = 1024, 32


@dataclass(frozen=True, slots=True)
class Restart:
    """A restart that is suspected: when the base spoke again (monotonic), after how many seconds, what it rewrote."""

    at: float
    silence: float
    registers: int


class Restarts:
    """Fed with every poll and write. That a base writes everything when it starts is unverified against the manual.

    A line that was interrupted for longer than the stale limit looks the same, because we then serve no old word and
    the base publishes its own: whoever judges must leave such silences out.
    """

    def __init__(self) -> None:
        self.suspected: deque[Restart] = deque(maxlen=_MOST_RESTARTS)
        self._known: set[int] = set()
        self._last: float | None = None
        self._again: float | None = None
        self._silence = 0.0
        self._before: frozenset[int] = frozenset()
        self._rewritten: set[int] = set()

    def spoke(self, now: float) -> None:
        """Note that the base has asked or written something."""
        if self._last is not None and now - self._last > SILENCE:
            self._again, self._silence = now, now - self._last
            self._before, self._rewritten = frozenset(self._known), set()
        self._last = now

    def wrote(self, registers: range, now: float) -> None:
        """Note that the base has written registers."""
        self.spoke(now)
        if self._again is not None:
            self._weigh(self._again, registers, now)
        if len(self._known) < _MOST_REGISTERS:
            self._known.update(registers)

    def _weigh(self, again: float, registers: range, now: float) -> None:
        """See whether what was written since the silence is everything."""
        if now - again > BURST or len(self._before) < FEWEST:
            self._again = None
            return
        self._rewritten.update(self._before.intersection(registers))
        if len(self._rewritten) >= SHARE * len(self._before):
            self.suspected.append(Restart(again, self._silence, len(self._rewritten)))
            self._again = None
