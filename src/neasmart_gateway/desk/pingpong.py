"""Notices when a client and the base station fight over a register."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

_WINDOW = 600.0
_MOST_ALTERNATIONS = 6
_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class _Move:
    at: float
    by_user: bool


class PingPong:
    """Counts how often a register goes back and forth between users' commands and the base's own words.

    More than 6 alternations within 10 minutes is a fight.
    """

    def __init__(self) -> None:
        self._moves: defaultdict[int, deque[_Move]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))
        self._fights: dict[int, float] = {}
        self.total = 0
        """Fights that have begun since the start."""

    def moved(self, address: int, now: float, *, by_user: bool) -> bool:
        """Note that somebody moved a register; true when that begins a fight."""
        moves = self._moves[address]
        if not moves or moves[-1].by_user is not by_user:
            moves.append(_Move(now, by_user))
        while moves and now - moves[0].at > _WINDOW:
            moves.popleft()
        if len(moves) - 1 <= _MOST_ALTERNATIONS:
            return False
        begins = not self._is_on(address, now)
        self._fights[address] = now
        self.total += begins
        return begins

    def registers(self, now: float) -> list[int]:
        """Return the registers that are fought over at present."""
        return sorted(address for address in self._fights if self._is_on(address, now))

    def _is_on(self, address: int, now: float) -> bool:
        return now - self._fights.get(address, float("-inf")) <= _WINDOW
