"""Where a gateway listens for the base: a TCP port, an adapter's stream of RTU frames, or a serial line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast, get_args

from neasmart_gateway.errors import InvalidValue
from neasmart_gateway.modbus.line import Parity, SerialLine

RTU_SCHEME = "rtu://"
_PORTS = range(1, 65536)
_BAUDRATES = range(300, 4_000_001)
_STOPBITS = (1, 2)
_EXAMPLES = "127.0.0.1:502 or [::1]:502, nor rtu://HOST:PORT, nor a device such as /dev/ttyUSB0"


@dataclass(frozen=True, slots=True)
class Line(SerialLine):
    """An RTU line as a person may set it; InvalidValue when there is no such one."""

    def __post_init__(self) -> None:
        must(self.baudrate in _BAUDRATES, "baudrate", f"{self.baudrate}: {_BAUDRATES[0]} to {_BAUDRATES[-1]}")
        must(self.parity in get_args(Parity), "parity", f"{self.parity!r}: one of {', '.join(get_args(Parity))}")
        must(self.stopbits in _STOPBITS, "stopbits", f"{self.stopbits}: 1 or 2")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A TCP host and port, written HOST:PORT, and [ADDRESS]:PORT for IPv6.

    With a `line` behind it (an adapter's), RTU frames go over the stream as they are: rtu://HOST:PORT. Without one it
    is Modbus TCP.
    """

    host: str
    port: int
    line: Line | None = None

    @staticmethod
    def parse(text: str, line: Line | None = None) -> Address:
        """Read HOST:PORT, rtu://HOST:PORT or a device's path; InvalidValue says what is wrong. `line` is for RTU."""
        stripped = text.strip()
        if stripped.startswith(("/", "./", "../")):
            return Device(stripped, line or Line())
        if stripped.startswith(RTU_SCHEME):
            return Endpoint(*_host_and_port(stripped.removeprefix(RTU_SCHEME), text), line or Line())
        must(line in (None, Line()), "connect", f"{text!r} is Modbus TCP: baudrate, parity and stopbits are for RTU")
        return Endpoint(*_host_and_port(stripped, text))

    def __str__(self) -> str:
        scheme = RTU_SCHEME if self.line else ""
        return f"{scheme}[{self.host}]:{self.port}" if ":" in self.host else f"{scheme}{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Device:
    """A serial device by its path; by-id paths survive replugging."""

    path: str
    line: Line = field(default_factory=Line)

    def __str__(self) -> str:
        return self.path


Address = Endpoint | Device


def must(holds: bool, field: str, fault: str) -> None:
    """Refuse what does not hold, in a sentence that begins with the option's name."""
    if not holds:
        raise InvalidValue(f"{field} {fault}", field=field)


def line_of(baudrate: int, parity: str, stopbits: int) -> Line:
    """Make a line of what a person wrote."""
    return Line(baudrate, cast(Parity, parity.lower()), stopbits)


def _host_and_port(bare: str, text: str) -> tuple[str, int]:
    host, colon, port = bare.rpartition(":")
    if not colon or not host or "://" in bare:
        raise InvalidValue(f"{text!r} is not HOST:PORT, for example {_EXAMPLES}", field="connect")
    if not (port.isascii() and port.isdigit() and int(port) in _PORTS):
        raise InvalidValue(f"{port!r} in {text!r} is not a port (1 to {_PORTS[-1]})", field="connect")
    return _bare(host, text), int(port)


def _bare(host: str, text: str) -> str:
    if host.startswith("[") and host.endswith("]") and len(host) > 2:
        return host[1:-1]
    if ":" in host or "[" in host or "]" in host:
        raise InvalidValue(f"{text!r}: an IPv6 address stands in brackets, for example [::1]:502", field="connect")
    return host
