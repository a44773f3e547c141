"""A line whose time stands still until the test lets it pass, and whose wire notes what is sent."""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

from pymodbus.framer import FramerRTU

from neasmart_gateway.bus.frames import FrameRing
from neasmart_gateway.bus.options import Line
from neasmart_gateway.bus.rtu_talk import RtuTalk
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.bus.witness import Witness
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.shm.memory import SharedMemory
from tests.bus.bench import UNITS, Bench, WatchedDesk

PEER = Peer("line", "device")


def rtu(unit: int, pdu: bytes) -> bytes:
    """A frame, its checksum computed by pymodbus."""
    body = bytes((unit,)) + pdu
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


@dataclass(order=True)
class Timer:
    """A call that is due at a time."""

    when: float
    number: int
    call: Callable[[], None] = field(compare=False)
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class StillLoop:
    """As much of an event loop as a conversation needs; `pass_on` is the only thing that moves its time."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[Timer] = []
        self._numbers = count()

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, call: Callable[..., None], *args: Any) -> Timer:
        timer = Timer(self._now + delay, next(self._numbers), lambda: call(*args))
        heapq.heappush(self._timers, timer)
        return timer

    def call_soon(self, call: Callable[..., None], *args: Any) -> Timer:
        return self.call_later(0.0, call, *args)

    def pass_on(self, seconds: float) -> None:
        """Let time pass, and do what falls due in it, each at its time."""
        end = self._now + seconds
        while self._timers and self._timers[0].when <= end:
            timer = heapq.heappop(self._timers)
            self._now = max(self._now, timer.when)
            if not timer.cancelled:
                timer.call()
        self._now = end

    def turn(self) -> None:
        """Do what is overdue now, and nothing that this makes due."""
        due = [timer for timer in self._timers if timer.when <= self._now]
        for timer in sorted(due):
            self._timers.remove(timer)
            if not timer.cancelled:
                timer.call()
        heapq.heapify(self._timers)

    def stall(self, seconds: float) -> None:
        """Let time pass in which the loop does not turn."""
        self._now += seconds


@dataclass
class StillWire:
    """Notes what is sent. With `clogged` the transport does not take it."""

    loop: asyncio.AbstractEventLoop
    listen_only: bool
    sent: list[bytes] = field(default_factory=list)
    clogged: bool = False
    is_open: bool = True
    paused: bool = False
    peer: Peer = PEER
    transmit: Callable[[bytes], bool] | None = None

    def __post_init__(self) -> None:
        self.transmit = None if self.listen_only else self._take

    def _take(self, data: bytes) -> bool:
        self.sent.append(data)
        return not self.clogged

    def pause(self, reading: bool) -> None:
        self.paused = reading

    def end(self, why: str) -> None:
        raise AssertionError(f"nothing on the line ends it ({why})")


class StillLine:
    """A slave on a line: `hear` lets bytes arrive, `said` is what was answered since the last look."""

    def __init__(self, folder: Path, line: Line | None = None, *, listen_only: bool = False) -> None:
        self.loop = StillLoop()
        self.line = line or Line()
        memory = SharedMemory(folder / "lock")
        self.bench = Bench(memory, WatchedDesk(memory, Rules()))
        self.slave = Slave(
            self.bench.desk, UNITS, listen_only=listen_only, clock=self.loop.time, report=self.bench.records.append
        )  # fmt: skip
        self.traffic, self.frames = Traffic(), FrameRing()
        self.wire = StillWire(cast(asyncio.AbstractEventLoop, self.loop), listen_only)
        witness = Witness(self.traffic, self.frames, PEER, "rtu")
        self.talk = RtuTalk(self.slave, self.wire, witness, self.line, self.loop.time)
        self.loop.pass_on(0.0)

    def hear(self, data: bytes, pause: float = 0.0) -> None:
        """Let bytes arrive, and then time pass."""
        self.talk.feed(data, self.loop.time())
        self.loop.pass_on(pause)

    def said(self) -> list[bytes]:
        said, self.wire.sent[:] = list(self.wire.sent), []
        return said

    def verdicts(self) -> list[str]:
        """What the ring of frames holds."""
        return [frame.verdict for frame in self.frames.since(0, 1000)]
