"""What the doctor is told of a listener, by real listeners on a pseudo terminal and a port."""

import asyncio
import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from neasmart_gateway.bus.bus import Bus
from neasmart_gateway.bus.doctor import diagnose
from neasmart_gateway.bus.evidence import ListenerEvidence, Surroundings
from neasmart_gateway.bus.options import ListenerOptions, SerialOptions, TcpOptions
from neasmart_gateway.bus.slave import Slave
from tests.bus.bench import assemble
from tests.bus.clockwork import put_forward
from tests.bus.stillness import rtu
from tests.bus.wire import eventually, read


@pytest.fixture
def device() -> Iterator[str]:
    hand, held = os.openpty()
    tty.setraw(held)
    yield os.ttyname(held)
    os.close(hand)
    os.close(held)


class Watched:
    """A bus of one listener, and what the doctor sees of it."""

    def __init__(self, folder: Path, options: ListenerOptions) -> None:
        desk = assemble(folder).desk
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        slave = Slave(desk, frozenset({240, 241}), listen_only=False, clock=loop.time, report=lambda record: None)
        self.bus = Bus([options], slave, lambda record: None)
        self._work = [asyncio.create_task(work) for work in self.bus.work()]

    @property
    def seen(self) -> ListenerEvidence:
        (one,) = self.bus.evidence(Surroundings(), self._clock()).listeners
        return one

    def codes(self) -> list[str]:
        return [finding.code.value for finding in diagnose(self.bus.evidence(Surroundings(), self._clock()))]

    async def close(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self.bus.close()


def test_a_silent_device_keeps_its_time(tmp_path: Path, device: str, runner: asyncio.Runner) -> None:
    """Opened anew because not a byte came, it has been silent all the time."""

    async def scene() -> None:
        watched = Watched(tmp_path, SerialOptions("serial", device, 5.0))
        await eventually(lambda: watched.seen.is_open, "it is open")
        opened_at = watched.seen.opened_at
        put_forward(40.0)
        await eventually(lambda: not watched.seen.is_open, "it is given up")
        assert watched.codes() == ["no_bytes"]
        put_forward(40.0)
        await eventually(lambda: watched.seen.is_open, "it is open again")
        assert watched.seen.opened_at == opened_at
        assert watched.codes() == ["no_bytes"]
        await watched.close()

    runner.run(scene())


def test_a_device_that_went_away_begins_anew(tmp_path: Path, runner: asyncio.Runner) -> None:
    """While it is gone that is the finding; once it is back it is given its half minute."""

    async def scene() -> None:
        hand, held = os.openpty()
        tty.setraw(held)
        link = tmp_path / "device"
        link.symlink_to(os.ttyname(held))
        watched = Watched(tmp_path, SerialOptions("serial", str(link), 600.0))
        await eventually(lambda: watched.seen.is_open, "it is open")
        os.write(hand, rtu(240, read(100, 2)))
        await eventually(lambda: watched.seen.traffic.requests == 1, "it is heard")
        put_forward(100.0)
        assert watched.codes() == ["polls_stopped"]
        os.close(hand)
        os.close(held)
        await eventually(lambda: watched.seen.failure is not None, "the loss is noticed")
        assert watched.seen.opened_at is None
        assert watched.codes() == ["no_bytes", "polls_stopped"]
        hand, held = os.openpty()
        tty.setraw(held)
        link.unlink()
        link.symlink_to(os.ttyname(held))
        put_forward(40.0)
        await eventually(lambda: watched.seen.is_open, "it is open again")
        assert watched.codes() == []
        await watched.close()
        os.close(hand)
        os.close(held)

    runner.run(scene())


def test_a_port(tmp_path: Path, runner: asyncio.Runner) -> None:
    """Open since it was bound; nobody connects."""

    async def scene() -> None:
        watched = Watched(tmp_path, TcpOptions("tcp", "127.0.0.1", 0, 4, 600.0))
        await eventually(lambda: watched.seen.is_open, "it is open")
        assert watched.codes() == []
        put_forward(31.0)
        assert watched.codes() == ["no_bytes"]
        await watched.close()

    runner.run(scene())
