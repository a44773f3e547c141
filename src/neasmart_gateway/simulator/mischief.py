"""Bad manners on the line, by the dice: what goes onto it around a frame, and in which pieces. Pure and repeatable."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from neasmart_gateway.simulator.manners import Manners
from neasmart_gateway.simulator.neighbours import Neighbours

_POLLED_OTHERS = 0.5
_MOST_NOISE = 40
_MOST_HITS = 3
_MOST_PIECES = 5
_MOST_HELD = 512
"""Bytes beyond which nothing more is glued behind."""

Writes = list[list[bytes]]
"""What is written one after the other with a silence between; each in one or more pieces."""


@dataclass(slots=True)
class Misdeeds:
    """How often what happened.

    `spoilt_polls` are polls of a gateway that it may leave unanswered: bytes of theirs were hit, or noise followed.
    """

    others_polled: int = 0
    proprietary: int = 0
    noises: int = 0
    hits: int = 0
    spoilt_polls: int = 0
    chopped: int = 0
    glued: int = 0
    echoes: int = 0
    restarts: int = 0
    unplugs: int = 0


class Moments:
    """When something happens that does so every now and then: at random, half to one and a half times `every`."""

    def __init__(self, every: float, dice: Random) -> None:
        self._every, self._dice = every, dice
        self._due: float | None = None

    def come(self, now: float) -> bool:
        """Whether it is time; the next time is counted from this one, the first from the first look."""
        if not self._every:
            return False
        came = self._due is not None and now >= self._due
        if came or self._due is None:
            self._due = now + self._every * self._dice.uniform(0.5, 1.5)
        return came

    def begin(self) -> None:
        """Count from the next look on."""
        self._due = None


class Mischief:
    """Spoils what a base says. The same seed and the same frames make the same bytes in the same pieces."""

    def __init__(self, manners: Manners, seed: int = 0) -> None:
        self.manners = manners
        self.counts = Misdeeds()
        self._dice = Random(seed)
        self._neighbours = Neighbours(manners.others, self._dice)
        self._held = b""
        self.restart = Moments(manners.restart_every, Random(seed + 1))
        self.unplug = Moments(manners.unplug_every, Random(seed + 2))

    def forget(self) -> None:
        """Drop what was held back for the next write: the base restarted, or the link is another."""
        self._held = b""

    def utter(self, frame: bytes, *, poll: bool, followed: bool) -> Writes:
        """Return what goes onto the line for a frame; one that is `followed` by another may have to wait for it."""
        others = [self._spoilt(other, poll=False) for other in self._traffic()]
        writes = self._glue([*others, self._spoilt(frame, poll=poll)])
        if followed and len(writes[-1]) < _MOST_HELD and self._strikes(self.manners.glued):
            self._held = writes.pop()
        return [self._chop(write) for write in writes]

    def _strikes(self, chance: float) -> bool:
        return chance > 0.0 and self._dice.random() < chance

    def _traffic(self) -> list[bytes]:
        """What others say before the base speaks to its gateway."""
        found: list[bytes] = []
        if self.manners.others and self._strikes(_POLLED_OTHERS):
            found += self._neighbours.exchange()
            self.counts.others_polled += 1
        if self._strikes(self.manners.proprietary):
            found.append(self._neighbours.proprietary())
            self.counts.proprietary += 1
        return found

    def _spoilt(self, frame: bytes, *, poll: bool) -> bytes:
        """Let noise stand around a frame and bytes of it be hit."""
        before, behind = b"", b""
        if self._strikes(self.manners.noise):
            noise = self._dice.randbytes(self._dice.randint(1, _MOST_NOISE))
            before, behind = self._dice.choice(((noise, b""), (b"", noise)))
            self.counts.noises += 1
        hit = self._strikes(self.manners.hits)
        if hit:
            frame = self._hit(frame)
            self.counts.hits += 1
        self.counts.spoilt_polls += poll and (hit or behind != b"")
        return before + frame + behind

    def _hit(self, frame: bytes) -> bytes:
        damaged = bytearray(frame)
        for position in self._dice.sample(range(len(frame)), self._dice.randint(1, _MOST_HITS)):
            damaged[position] ^= self._dice.randint(1, 0xFF)
        return bytes(damaged)

    def _glue(self, frames: list[bytes]) -> list[bytes]:
        """Make writes of frames; what was held back goes in the first."""
        writes: list[bytes] = [self._held] if self._held else []
        joined, self._held = bool(writes), b""
        for frame in frames:
            if joined or (writes and self._strikes(self.manners.glued)):
                writes[-1] += frame
                self.counts.glued += 1
                joined = False
            else:
                writes.append(frame)
        return writes

    def _chop(self, data: bytes) -> list[bytes]:
        if len(data) < 2 or not self._strikes(self.manners.chopped):
            return [data]
        self.counts.chopped += 1
        cuts = self._dice.randint(1, min(_MOST_PIECES, len(data)) - 1)
        places = [0, *sorted(self._dice.sample(range(1, len(data)), cuts)), len(data)]
        return [data[start:stop] for start, stop in pairwise(places)]
