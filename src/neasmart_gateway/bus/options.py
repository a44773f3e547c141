"""What a listener needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from neasmart_gateway.modbus.line import SerialLine

Talk = Literal["tcp", "rtu-over-tcp", "tcp-auto"]


@dataclass(frozen=True, slots=True)
class Line(SerialLine):
    """A line on which others speak too: how patient we are with those who bring its bytes."""

    lump_seconds: float = 0.02
    """How long an adapter may keep the bytes of a frame apart: only a longer pause ends one that is unfinished."""
    max_answer_age: float = 0.1
    """Seconds after which a request is not answered any more: the base has given up, and others may be speaking."""

    @property
    def gap(self) -> float:
        """After how many seconds without a byte nothing more of a frame is to be expected."""
        return max(self.silence, self.lump_seconds)


@dataclass(frozen=True, slots=True)
class TcpOptions:
    """Where to listen and for whom, how many connections to keep, and how many seconds one may be silent."""

    name: str
    address: str
    port: int
    max_connections: int
    idle_seconds: float
    talk: Talk = "tcp"
    allowed: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that may connect; everybody when there are none."""
    line: Line = Line()


@dataclass(frozen=True, slots=True)
class SerialOptions:
    """Which device to open and how; it is opened anew after `idle_seconds` without a byte."""

    name: str
    device: str
    idle_seconds: float
    line: Line = Line()
    rs485: bool = False
    """Let the driver switch the direction of the line (Linux, TIOCSRS485)."""


ListenerOptions = TcpOptions | SerialOptions
