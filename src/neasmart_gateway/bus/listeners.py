"""Keeps a listener open: tries, and tries again with growing pauses, for ever."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from neasmart_gateway.bus.records import BusRecord, ListenerFailed, ListenerOpened
from neasmart_gateway.bus.tcp import TcpServer

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


class Listener:
    """One way in for the base station, with a state that health can show."""

    def __init__(self, server: TcpServer, report: Callable[[BusRecord], None]) -> None:
        self._server = server
        self._report = report
        self.state = "opening"
        self.tried = False
        self.bound: str | None = None
        self.failure: str | None = None

    async def open(self) -> None:
        """Return once the listener is bound; every failure is reported."""
        name, pause = self._server.options.name, _FIRST_PAUSE
        while self.bound is None:
            try:
                self.bound = await self._server.open()
            except (OSError, UnicodeError) as error:
                self.tried, self.state, self.failure = True, "failed", _reason(error, self._server)
                self._report(ListenerFailed(name, self.failure, pause))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        self.tried, self.state, self.failure = True, "listening", None
        self._report(ListenerOpened(name, self.bound))

    async def close(self) -> None:
        """Close the listener and all its connections."""
        self.state = "closed"
        await self._server.end()

    def status(self) -> dict[str, Any]:
        """Return what health shows of this listener."""
        return {
            "name": self._server.options.name,
            "type": "tcp",
            "state": self.state,
            "tried": self.tried,
            "address": self.bound,
            "failure": self.failure,
            "traffic": self._server.traffic.snapshot(),
        }


def _reason(error: OSError | UnicodeError, server: TcpServer) -> str:
    where = f"{server.options.address}:{server.options.port}"
    hint = " (ports below 1024 need the capability CAP_NET_BIND_SERVICE)" if isinstance(error, PermissionError) else ""
    number = error.errno if isinstance(error, OSError) else None
    # asyncio wraps the system's sentence into its own; those of name look-ups have negative numbers.
    what = os.strerror(number) if number and number > 0 else getattr(error, "strerror", None) or str(error)
    return f"cannot listen on {where}: {what}{hint}"
