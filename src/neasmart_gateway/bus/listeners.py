"""Keeps the ways in for the base station open: tries, and tries again with growing pauses, for ever."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neasmart_gateway.bus.frames import FrameRing
from neasmart_gateway.bus.options import ListenerOptions, SerialOptions, TcpOptions
from neasmart_gateway.bus.records import BusRecord, DeviceLost, ListenerFailed, ListenerOpened
from neasmart_gateway.bus.serial import DeviceFault, SerialWire
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.tcp import TcpServer
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.bus.wire import Around, bare

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_LONGEST_DEVICE_PAUSE = 30.0
_LOOK = 0.5
"""Seconds between looks whether a device has come back, within a longer pause."""

Report = Callable[[BusRecord], None]


class Listener(ABC):
    """One way in for the base station, with a state that health can show."""

    def __init__(self, name: str, kind: str, where: str, traffic: Traffic, report: Report) -> None:
        self._report = report
        self.name, self.kind, self.where = name, kind, where
        self.traffic = traffic
        self.state = "opening"
        self.tried = False
        self.bound: str | None = None
        self.opened_at: float | None = None
        """Since when it can be heard (the loop's seconds); a device opened anew only for its silence keeps its time."""
        self.changed_at: float | None = None
        """Since when its state is what it is (the loop's seconds); None: it is not tried yet."""
        self.failure: str | None = None

    @abstractmethod
    async def run(self) -> None:
        """Open it and keep it open, until cancelled."""

    @abstractmethod
    async def close(self) -> None:
        """Close it, and all its connections."""

    def status(self) -> dict[str, Any]:
        """Return what health shows of this listener."""
        return {
            "name": self.name,
            "type": self.kind,
            "state": self.state,
            "tried": self.tried,
            "address": self.bound,
            "failure": self.failure,
            "traffic": self.traffic.snapshot(),
        }

    def _opened(self, bound: str) -> None:
        self._enter("listening")
        self.bound, self.failure = bound, None
        if self.opened_at is None:
            self.opened_at = asyncio.get_running_loop().time()
        self._report(ListenerOpened(self.name, bound))

    def _failed(self, record: ListenerFailed | DeviceLost) -> None:
        self._enter("failed")
        self.bound, self.failure = None, record.reason
        self._report(record)

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.changed_at = asyncio.get_running_loop().time()
        self.tried, self.state = True, state


class TcpListener(Listener):
    """A TCP port."""

    def __init__(
        self, options: TcpOptions, slave: Slave, frames: FrameRing, report: Report, around: Around = bare
    ) -> None:
        self.server = TcpServer(options, slave, frames, report, around)
        where = f"{options.address}:{options.port}"
        super().__init__(options.name, options.talk, where, self.server.traffic, report)

    async def run(self) -> None:
        await self.open()
        await asyncio.Event().wait()

    async def open(self) -> None:
        """Return once the listener is bound; every failure is reported."""
        pause = _FIRST_PAUSE
        while self.bound is None:
            try:
                self._opened(await self.server.open())
            except (OSError, UnicodeError) as error:
                self._failed(ListenerFailed(self.name, self._reason(error), pause))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def close(self) -> None:
        self.state = "closed"
        await self.server.end()

    def _reason(self, error: OSError | UnicodeError) -> str:
        needs = "ports below 1024 need the capability CAP_NET_BIND_SERVICE"
        hint = f" ({needs})" if isinstance(error, PermissionError) else ""
        number = error.errno if isinstance(error, OSError) else None
        # asyncio wraps the system's sentence into its own; those of name look-ups have negative numbers.
        what = os.strerror(number) if number and number > 0 else getattr(error, "strerror", None) or str(error)
        return f"cannot listen on {self.where}: {what}{hint}"


class SerialListener(Listener):
    """A serial device; one that is missing, vanishes or hangs is opened anew, sooner when it is plugged in again."""

    def __init__(
        self, options: SerialOptions, slave: Slave, frames: FrameRing, report: Report, around: Around = bare
    ) -> None:
        super().__init__(options.name, "serial", options.device, Traffic(), report)
        self._options, self._slave, self._frames, self._around = options, slave, frames, around
        self._wire: SerialWire | None = None

    async def run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            heard = self.traffic.bytes_in
            try:
                self._failed(DeviceLost(self.name, await self._serve()))
            except DeviceFault as fault:
                self.opened_at = None
                self._failed(ListenerFailed(self.name, str(fault), pause))
            if self.traffic.bytes_in > heard:
                pause = _FIRST_PAUSE
            await self._wait(pause)
            pause = min(pause * 2, _LONGEST_DEVICE_PAUSE)

    async def close(self) -> None:
        self.state = "closed"
        if self._wire is not None:
            self._wire.end("the listener was closed")

    async def _serve(self) -> str:
        """Open the device and serve it; return why that is over, DeviceFault when it cannot be opened."""
        self._wire = SerialWire(self._options, self._slave, self.traffic, self._frames, self._around)
        self._opened(self.where)
        await self._wire.ended.wait()
        if not self._wire.was_silent:
            self.opened_at = None
        return f"{self.where}: {self._wire.ending}"

    async def _wait(self, pause: float) -> None:
        """Wait, but not for a device that has just been plugged in."""
        before, waited = self._identity(), 0.0
        while waited < pause and self._identity() == before:
            await asyncio.sleep(min(_LOOK, pause - waited))
            waited += _LOOK

    def _identity(self) -> tuple[int, int] | None:
        try:
            there = Path(self.where).stat()
        except OSError:
            return None
        return there.st_ino, there.st_rdev


def make(options: ListenerOptions, slave: Slave, frames: FrameRing, report: Report, around: Around) -> Listener:
    """Return the listener for some options."""
    if isinstance(options, SerialOptions):
        return SerialListener(options, slave, frames, report, around)
    return TcpListener(options, slave, frames, report, around)
