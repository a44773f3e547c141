"""What a person may choose for a simulated house, refused in a readable sentence when it makes no sense."""

from __future__ import annotations

from dataclasses import dataclass

from neasmart_gateway.domain.registers import BASES, ZONES_PER_BASE
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import InvalidValue

FASTEST = 1000.0
_PORTS = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A TCP host and port, written HOST:PORT, and [ADDRESS]:PORT for IPv6."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read HOST:PORT; InvalidValue says what is missing."""
        host, colon, port = text.strip().rpartition(":")
        if not colon or not host:
            raise InvalidValue(f"{text!r} is not HOST:PORT, for example 127.0.0.1:502 or [::1]:502", field="connect")
        if not (port.isascii() and port.isdigit() and int(port) in _PORTS):
            raise InvalidValue(f"{port!r} in {text!r} is not a port (1 to {_PORTS[-1]})", field="connect")
        return cls(_bare(host, text), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _bare(host: str, text: str) -> str:
    if host.startswith("[") and host.endswith("]") and len(host) > 2:
        return host[1:-1]
    if ":" in host or "[" in host or "]" in host:
        raise InvalidValue(f"{text!r}: an IPv6 address stands in brackets, for example [::1]:502", field="connect")
    return host


@dataclass(frozen=True, slots=True)
class Options:
    """A house of `bases` × `zones`, where it speaks to, how fast it lives, and how restless its people are.

    `hand_changes` is the probability (0 to 1) that within a minute of model time somebody turns a thermostat.
    """

    connect: Endpoint
    bases: int = 1
    zones: int = ZONES_PER_BASE
    speed: float = 1.0
    seed: int = 0
    hand_changes: float = 0.05

    def __post_init__(self) -> None:
        _must(1 <= self.bases <= BASES, "bases", f"{self.bases}: a plant has 1 to {BASES} bases")
        _must(1 <= self.zones <= ZONES_PER_BASE, "zones", f"{self.zones}: a base has 1 to {ZONES_PER_BASE} zones")
        _must(0 < self.speed <= FASTEST, "speed", f"{self.speed:g}: above 0 and at most {FASTEST:g} times as fast")
        _must(0 <= self.hand_changes <= 1, "hand_changes", f"{self.hand_changes:g}: a probability is 0 to 1")

    @property
    def refs(self) -> list[ZoneRef]:
        """Every zone of the house, in address order."""
        return [ZoneRef(base, zone) for base in range(1, self.bases + 1) for zone in range(1, self.zones + 1)]


def _must(holds: bool, field: str, fault: str) -> None:
    if not holds:
        raise InvalidValue(f"{field} {fault}", field=field)
