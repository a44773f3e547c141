"""Who speaks to us, and which of them is the base station."""

from __future__ import annotations

from dataclasses import dataclass

_MOST = 32


@dataclass(frozen=True, slots=True)
class Peer:
    """A listener and an IP address, or a serial device; never a TCP port, so reconnecting does not make a new one."""

    listener: str
    host: str = ""

    def __str__(self) -> str:
        return f"{self.listener} {self.host}".rstrip()


class Peers:
    """Remembers who writes measurements: that is the base. A debugging client that only reads is not."""

    def __init__(self) -> None:
        self._writers: dict[Peer, float] = {}

    def wrote_measurements(self, peer: Peer, now: float) -> None:
        """Note that a peer behaves as a base does; the newest 32 are remembered."""
        self._writers.pop(peer, None)
        self._writers[peer] = now
        if len(self._writers) > _MOST:
            del self._writers[next(iter(self._writers))]

    def is_base(self, peer: Peer) -> bool:
        """Whether what this peer reads is read by the base; anybody's, while no base has shown itself."""
        return not self._writers or peer in self._writers
