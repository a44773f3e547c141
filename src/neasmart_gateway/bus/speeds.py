"""Listens to a serial device at one speed after the other, never writing, to find the one that makes sense."""

from __future__ import annotations

import math
import os
import select
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from neasmart_gateway.bus.options import Line
from neasmart_gateway.bus.serial import DeviceFault, LineFault, open_device
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import Heard

USUAL_LINES = tuple(
    Line(baudrate=baudrate, parity=parity)
    for baudrate in (38400, 9600, 19200, 57600, 115200, 4800, 2400, 1200)
    for parity in ("none", "even")
)
"""REHAU's own first (docs/protocol.md §1), then the others that adapters are usually set to."""
UNITS = frozenset({240, 241})
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Trial:
    """What was heard at one speed; nothing, when the device does not take it (`refused`)."""

    line: Line
    traffic: Traffic
    refused: bool = False

    @property
    def name(self) -> str:
        line = self.line
        return f"{line.baudrate} {line.bytesize}{line.parity[0].upper()}{line.stopbits}"

    @property
    def frames(self) -> int:
        """Frames of anybody's with a right checksum."""
        traffic = self.traffic
        ours = traffic.requests + traffic.broadcasts + traffic.answers_as_us
        return ours + traffic.foreign


def listen_at_each(
    device: str, seconds: float, clock: Callable[[], float], lines: Iterable[Line] = USUAL_LINES
) -> Iterator[Trial]:
    """Yield what is heard at each speed in so many seconds; DeviceFault when the device cannot be opened, or goes."""
    for line in lines:
        try:
            yield Trial(line, _listen(device, line, seconds, clock))
        except LineFault:
            yield Trial(line, Traffic(), refused=True)


def best(trials: Iterable[Trial]) -> Trial | None:
    """Return the one with the most valid frames, the first of equals; None when none has any."""
    found = max(trials, key=lambda trial: trial.frames, default=None)
    return found if found is not None and found.frames else None


def _listen(device: str, line: Line, seconds: float, clock: Callable[[], float]) -> Traffic:
    traffic, framer = Traffic(), RtuFramer(UNITS, line.gap, silent=True)
    descriptor = open_device(device, line, listen_only=True)
    try:
        ends = clock() + seconds
        while (remaining := ends - clock()) > 0:
            wait = min(remaining, line.gap)
            data = _read(descriptor, device) if select.select([descriptor], [], [], wait)[0] else b""
            traffic.bytes_in += len(data)
            _count(traffic, framer.feed(data, clock()) if data else framer.advance(clock()))
        _count(traffic, framer.advance(math.inf))
    finally:
        os.close(descriptor)
    return traffic


def _count(traffic: Traffic, heard: Iterable[Heard]) -> None:
    for one in heard:
        traffic.heard(one)


def _read(descriptor: int, device: str) -> bytes:
    try:
        data = os.read(descriptor, _CHUNK)
    except OSError as error:
        raise DeviceFault(f"{device} has gone: {error.strerror}") from None
    if not data:
        raise DeviceFault(f"{device} has gone")
    return data
