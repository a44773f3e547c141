"""Who speaks to us, and which of them is the base station."""

from __future__ import annotations

from typing import NamedTuple

_MOST = 32
APART = 60.0
"""Two that write measurements within so many seconds of each other are two base stations.

Who else is heard when the base was not for as long may be the base under a new address.
"""


class Peer(NamedTuple):
    """A listener and an IP address, or a serial device; never a TCP port, so reconnecting does not make a new one."""

    listener: str
    host: str = ""

    def __str__(self) -> str:
        return f"{self.listener} {self.host}".rstrip()


class Peers:
    """Tells the base from others: it is the peer that writes measurements. A debugging client that only reads is not.

    While two write measurements the one that was there first stays the base, so that nobody takes its commands away.
    The base lapses when another peer is heard after 60 s without a frame of its own: anybody may be it then, until it
    is heard again or another one writes measurements. Polls keep it the base, however rarely it measures.
    """

    def __init__(self) -> None:
        self._base: Peer | None = None
        self._heard_at = 0.0
        self._lapsed = False
        self._writers: dict[Peer, float] = {}

    def heard(self, peer: Peer, now: float) -> bool:
        """Note a frame; true when the base lapses, or is back: the words that stand are then not surely its own."""
        lapsed = self._lapsed
        if peer == self._base:
            self._heard_at, self._lapsed = now, False
        elif self._base is not None and now - self._heard_at > APART:
            self._lapsed = True
        return self._lapsed != lapsed

    def wrote_measurements(self, peer: Peer, now: float) -> bool:
        """Note that a peer behaves as a base does; true when it takes the place of one that has fallen silent."""
        self._writers.pop(peer, None)
        self._writers[peer] = now
        if len(self._writers) > _MOST:
            del self._writers[next(iter(self._writers))]
        if self._base in self._recent(now):
            return False
        former, self._base = self._base, peer
        self._heard_at, self._lapsed = now, False
        return former is not None

    def is_base(self, peer: Peer) -> bool:
        """Whether what this peer reads is read by the base; anybody's, while none is known or it has lapsed."""
        return self._base is None or self._lapsed or peer == self._base

    def is_rival(self, peer: Peer, now: float) -> bool:
        """Whether this is another base station, which must not take what is meant for the one that we serve.

        A device that wrote a measurement once is one like any other when a minute has passed.
        """
        return not self.is_base(peer) and peer in self._recent(now)

    def two(self, now: float) -> list[Peer]:
        """Return those that write measurements within a minute of each other, the base first; none if it is alone."""
        recent = self._recent(now)
        return sorted(recent, key=lambda peer: peer != self._base) if len(recent) > 1 else []

    def _recent(self, now: float) -> list[Peer]:
        return [peer for peer, at in self._writers.items() if now - at <= APART]
