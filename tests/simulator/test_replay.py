"""A capture is played as it was heard: the same bytes in the same order, with their pauses."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from neasmart_gateway.errors import InvalidValue, OperatorError
from neasmart_gateway.modbus.capture import Captured, Writer
from neasmart_gateway.simulator import replay as replaying
from neasmart_gateway.simulator.endpoints import Device, Endpoint, Line
from neasmart_gateway.simulator.replay import load, replay

AT = 1_767_225_600.0
POLL = bytes.fromhex("f0030066000170f4")


def heard(data: bytes, seconds: float = 0.0, verdict: str = "request", framing: str = "rtu") -> Captured:
    return Captured(AT + seconds, "serial", "", "in", verdict, framing, data)


def written(path: Path, *frames: Captured) -> Path:
    writer = Writer("test")
    path.write_bytes(writer.head() + b"".join(map(writer.frame, frames)))
    return path


@pytest.fixture(autouse=True)
def no_waiting_for_the_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here answers late."""
    monkeypatch.setattr(replaying, "_LAST_ANSWER", 0.05)


class Listener:
    """A TCP port that takes bytes, and answers whatever arrives at once."""

    def __init__(self) -> None:
        self.data = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            self.data += data
            writer.write(b"yes")
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[tuple[Listener, Endpoint]]:
    listener = Listener()
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    yield listener, Endpoint("127.0.0.1", server.sockets[0].getsockname()[1], Line())
    server.close()


def test_what_is_ours_is_not_played(tmp_path: Path) -> None:
    """Neither our answers nor their echo, nor what goes over another kind of line; in order of time."""
    own = Captured(AT, "serial", "", "out", "answer", "rtu", POLL)
    path = written(
        tmp_path / "bus.pcapng",
        heard(b"\x02", 2.0, "noise"), own, heard(POLL, 1.0), heard(POLL, 3.0, "own_echo"),
        heard(bytes(12), 0.5, framing="mbap"),
    )  # fmt: skip
    assert [one.data for one in load(path, Device("/dev/ttyS0"))] == [POLL, b"\x02"]
    assert [one.data for one in load(path, Endpoint("localhost", 502))] == [bytes(12)]


async def test_frames_are_said_with_their_pauses(listener: tuple[Listener, Endpoint]) -> None:
    """Never sooner than they came, divided by the speed; and what comes back is counted."""
    ear, endpoint = listener
    began = asyncio.get_running_loop().time()
    frames = [heard(POLL), heard(b"\xff", 0.6, "noise"), heard(POLL, 1.2)]
    done = await replay(frames, endpoint, speed=6.0)
    assert asyncio.get_running_loop().time() - began >= 1.2 / 6.0
    assert ear.data == POLL + b"\xff" + POLL
    assert done.frames == 3
    assert done.answered_bytes in (3, 6, 9), "an answer for each lump that arrived"


async def test_a_gateway_has_time_to_answer_at_any_speed(listener: tuple[Listener, Endpoint]) -> None:
    """Behind each poll there are 50 ms, where there were as many; so each is answered alone."""
    _, endpoint = listener
    began = asyncio.get_running_loop().time()
    done = await replay([heard(POLL, n * 1.0) for n in range(4)], endpoint, speed=1000.0)
    assert asyncio.get_running_loop().time() - began >= 3 * 0.05
    assert done.answered_bytes == 4 * len(b"yes")


async def test_a_serial_device_is_spoken_to() -> None:
    """As a base station would, byte for byte."""
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        done = await replay([heard(POLL), heard(b"\xff\xee", 0.01, "noise")], Device(os.ttyname(slave)))
        assert os.read(master, 100) == POLL + b"\xff\xee"
        assert done.frames == 2
    finally:
        os.close(master)
        os.close(slave)


async def test_a_gateway_that_hangs_up_is_an_error() -> None:
    """Which names it."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(OperatorError, match=f"rtu://127.0.0.1:{port}: "):
        await replay([heard(POLL, n / 100) for n in range(100)], Endpoint("127.0.0.1", port, Line()))
    server.close()


@pytest.mark.parametrize("speed", [0.0, -1.0, 1001.0, float("nan")])
async def test_speed_has_limits(speed: float) -> None:
    """As for the simulated house."""
    with pytest.raises(InvalidValue, match="speed"):
        await replay([heard(POLL)], Device("/dev/ttyS0"), speed)
