"""The bus side as a whole: its listeners, the slave behind them, and what was heard."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from neasmart_gateway.bus.frames import Frame, FrameRing
from neasmart_gateway.bus.listeners import make
from neasmart_gateway.bus.options import ListenerOptions
from neasmart_gateway.bus.records import BusRecord
from neasmart_gateway.bus.slave import Slave


class Bus:
    """All the ways in for the base station, behind which one slave answers."""

    def __init__(
        self, options: Sequence[ListenerOptions], slave: Slave, report: Callable[[BusRecord], None]
    ) -> None:  # fmt: skip
        self._slave = slave
        self._frames = FrameRing()
        self.listeners = [make(one, slave, self._frames, report) for one in options]

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for the listeners to be open: one coroutine each."""
        return [listener.run() for listener in self.listeners]

    async def close(self) -> None:
        """Close every listener and its connections."""
        for listener in self.listeners:
            await listener.close()

    def status(self) -> list[dict[str, Any]]:
        """Return what health shows of each listener."""
        return [listener.status() for listener in self.listeners]

    def traffic(self, offset: float) -> dict[str, Any]:
        """Return everything that was counted and measured; `offset` turns monotonic seconds into Unix ones."""
        listeners = [one.status() | {"traffic": one.traffic.report(offset)} for one in self.listeners]
        return {"listeners": listeners, "intervals": self._slave.intervals.report(offset)}

    def frames(self, after: int, limit: int, offset: float) -> list[dict[str, Any]]:
        """Return the frames with numbers above `after`, the oldest first, at most `limit`; times as Unix seconds."""
        return [_shown(frame, offset) for frame in self._frames.since(after, limit)]


def _shown(frame: Frame, offset: float) -> dict[str, Any]:
    return {
        "number": frame.number,
        "at": frame.at + offset,
        "listener": frame.listener,
        "peer": frame.peer,
        "direction": frame.direction,
        "verdict": frame.verdict,
        "framing": frame.framing,
        "data": frame.data.hex(),
    }
