"""What a listener needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

Talk = Literal["tcp", "rtu-over-tcp", "tcp-auto"]
Parity = Literal["none", "even", "odd"]

_FAST = 19200


@dataclass(frozen=True, slots=True)
class Line:
    """How characters travel on the RS-485 line, and how patient we are with those who bring them.

    Source of `silence`: MODBUS over Serial Line V1.02, section 2.5.1.1.
    """

    baudrate: int = 38400
    bytesize: int = 8
    parity: Parity = "none"
    stopbits: int = 1
    lump_seconds: float = 0.02
    """How long an adapter may keep the bytes of a frame apart: only a longer pause ends one that is unfinished."""
    max_answer_age: float = 0.1
    """Seconds after which a request is not answered any more: the base has given up, and others may be speaking."""

    @property
    def character(self) -> float:
        """How many seconds a character lasts: a start bit, data, parity, stop."""
        return (1 + self.bytesize + (self.parity != "none") + self.stopbits) / self.baudrate

    @property
    def silence(self) -> float:
        """How many seconds of silence stand between two frames: 3.5 characters, or 1.75 ms on a fast line."""
        return 0.00175 if self.baudrate > _FAST else 3.5 * self.character

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
