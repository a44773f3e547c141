"""The bus side as a whole: its listeners, the slave behind them, and what was heard."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from neasmart_gateway.bus.evidence import Evidence, ListenerEvidence, Surroundings
from neasmart_gateway.bus.frames import Frame, FrameRing
from neasmart_gateway.bus.listeners import Listener, make
from neasmart_gateway.bus.options import ListenerOptions
from neasmart_gateway.bus.records import BusRecord
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.wire import Around, bare


class Bus:
    """All the ways in for the base station, behind which one slave answers; `around` is put before conversations."""

    def __init__(
        self, options: Sequence[ListenerOptions], slave: Slave, report: Callable[[BusRecord], None],
        around: Around = bare,
    ) -> None:  # fmt: skip
        self._slave = slave
        self._frames = FrameRing()
        self.listeners = [make(one, slave, self._frames, report, around) for one in options]

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for the listeners to be open: one coroutine each."""
        return [listener.run() for listener in self.listeners]

    async def close(self) -> None:
        """Close every listener and its connections."""
        for listener in self.listeners:
            await listener.close()

    def status(self, offset: float = 0.0) -> list[dict[str, Any]]:
        """Return what health shows of each listener; `offset` turns monotonic seconds into Unix ones."""
        since = [None if one.changed_at is None else one.changed_at + offset for one in self.listeners]
        return [one.status() | {"since": at} for one, at in zip(self.listeners, since, strict=True)]

    def traffic(self, offset: float) -> list[dict[str, Any]]:
        """Return what each listener has counted; `offset` turns monotonic seconds into Unix ones."""
        return [one.status() | {"traffic": one.traffic.report(offset)} for one in self.listeners]

    def intervals(self, after: int, limit: int, offset: float) -> list[dict[str, Any]]:
        """Return what was measured of the registers above `after`, at most `limit` of them."""
        return self._slave.intervals.report(after, limit, offset)

    def echoed(self, register: int, seconds: float, now: float) -> None:
        """Note how soon the base has repeated a command, which only the desk sees."""
        self._slave.intervals.echoed(register, seconds, now)

    def evidence(self, surroundings: Surroundings, now: float) -> Evidence:
        """Return what the doctor looks at; `now` in monotonic seconds, as are all times in it."""
        listeners = tuple(_seen(one) for one in self.listeners)
        slave = self._slave
        return Evidence(now, listeners, slave.intervals, slave.units, slave.listen_only, surroundings)

    def frames(self, after: int, limit: int, offset: float) -> list[dict[str, Any]]:
        """Return the frames with numbers above `after`, the oldest first, at most `limit`; times as Unix seconds."""
        return [_shown(frame, offset) for frame in self._frames.since(after, limit)]

    @property
    def newest_frame(self) -> int:
        """The number of the newest frame, 0 before the first."""
        return self._frames.newest


def _seen(one: Listener) -> ListenerEvidence:
    return ListenerEvidence(
        one.name, one.kind, one.where, one.bound is not None, one.failure, one.opened_at, one.traffic
    )  # fmt: skip


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
