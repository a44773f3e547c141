"""How many connections there are, and how they end."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path

import pytest

from neasmart_gateway.bus.records import (
    ConnectionClosed,
    ConnectionOpened,
    ConnectionRefused,
    ListenerFailed,
    ListenerOpened,
)
from neasmart_gateway.desk.peers import Peer
from tests.bus.bench import LONGEST, assemble, running
from tests.bus.wire import eventually, read

HERE = Peer("bus", "127.0.0.1")
HIGH_WATER = 64 * 1024
"""asyncio's own mark: above it a transport tells its protocol to pause."""


# How many


async def test_connections_are_counted_and_reported(tmp_path: Path) -> None:
    """Who connects and who leaves is reported by listener and address."""
    async with running(tmp_path) as bench:
        async with bench.client() as client:
            await client.ask(read(102))
            assert bench.traffic.connections == 1
        await eventually(lambda: bench.traffic.connections == 0, "the connection has ended")
        assert [r for r in bench.records if not isinstance(r, ListenerOpened)] == [
            ConnectionOpened(HERE),
            ConnectionClosed(HERE, "closed by the other side"),
        ]


async def test_one_more_than_the_most_is_refused(tmp_path: Path) -> None:
    """SERVER_MAX_CONNECTIONS connections are served; the next is closed without a byte, and the others go on."""
    async with running(tmp_path, max_connections=3) as bench, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(bench.client()) for _ in range(3)]
        for client in clients:
            await client.ask(read(102))
        async with bench.client() as refused:
            assert await refused.until_closed() == b""
        assert ConnectionRefused(HERE, 3) in bench.records
        assert bench.traffic.refused_connections == 1
        for client in clients:
            await client.ask(read(102))


async def test_a_refused_connection_is_not_served(tmp_path: Path) -> None:
    """What it has already sent is neither answered nor obeyed."""
    async with running(tmp_path, max_connections=0) as bench, bench.client() as refused:
        refused.writer.write(LONGEST.encode())
        with suppress(ConnectionResetError):
            assert await refused.until_closed() == b""
        assert bench.traffic.requests == 0


async def test_a_place_becomes_free_again(tmp_path: Path) -> None:
    """When one of them leaves, the next is welcome; refusals do not use up places."""
    async with running(tmp_path, max_connections=1) as bench:
        for _ in range(3):
            async with bench.client() as client:
                await client.ask(read(102))
                async with bench.client() as refused:
                    assert await refused.until_closed() == b""
            await eventually(lambda: bench.traffic.connections == 0, "the connections have ended")
        assert bench.traffic.refused_connections == 3


async def test_nothing_is_left_of_many_connections(tmp_path: Path) -> None:
    """However they end, the server forgets its connections."""
    async with running(tmp_path) as bench:
        for n in range(60):
            async with bench.client() as client:
                if n % 3 == 0:
                    await client.ask(read(102))
                elif n % 3 == 1:
                    await client.send(b"not Modbus at all")
                    await client.until_closed()
        await eventually(lambda: bench.traffic.connections == 0, "the connections have ended")
        assert bench.server.active_connections == {}


async def test_closing_the_listener_ends_its_connections(tmp_path: Path) -> None:
    """A clean stop leaves nobody hanging."""
    async with running(tmp_path) as bench, bench.client() as client:
        await client.ask(read(102))
        await bench.listener.close()
        assert await client.until_closed() == b""
        assert bench.listener.status()["state"] == "closed"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", bench.port)


# Idle ones


class SkewedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be put forward."""

    skew = 0.0

    def time(self) -> float:
        return super().time() + self.skew


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=SkewedLoop) as runner:
        yield runner


def put_forward(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkewedLoop)
    loop.skew += seconds


def test_idle_connection_is_closed(tmp_path: Path, runner: asyncio.Runner) -> None:
    """SERVER_IDLE_SECONDS after its last byte a connection is closed, and that is reported."""

    async def scenario() -> None:
        async with running(tmp_path, idle_seconds=600.0) as bench, bench.client() as client:
            await client.ask(read(102))
            put_forward(600.1)
            assert await client.until_closed() == b""
            await eventually(lambda: bench.traffic.connections == 0, "the connection has ended")
            assert bench.records[-1] == ConnectionClosed(HERE, "idle for 600 s")

    runner.run(scenario())


def test_connection_that_never_said_anything_is_idle_too(tmp_path: Path, runner: asyncio.Runner) -> None:
    """Time counts from the connection on."""

    async def scenario() -> None:
        async with running(tmp_path, idle_seconds=5.0) as bench, bench.client() as client:
            await eventually(lambda: bench.traffic.connections == 1, "the connection is there")
            put_forward(5.1)
            assert await client.until_closed() == b""

    runner.run(scenario())


def test_busy_connection_is_not_idle(tmp_path: Path, runner: asyncio.Runner) -> None:
    """Each byte begins the time anew: of two connections only the silent one is closed."""

    async def scenario() -> None:
        async with running(tmp_path, idle_seconds=600.0) as bench, bench.client() as busy, bench.client() as idle:
            await idle.ask(read(102))
            for _ in range(4):
                put_forward(400.0)
                await busy.ask(read(102))
            assert await idle.until_closed() == b""
            await busy.ask(read(102))

    runner.run(scenario())


def test_busy_connection_that_falls_silent_is_closed(tmp_path: Path, runner: asyncio.Runner) -> None:
    """However long it was busy, its last byte counts."""

    async def scenario() -> None:
        async with running(tmp_path, idle_seconds=600.0) as bench, bench.client() as client:
            for _ in range(4):
                put_forward(400.0)
                await client.ask(read(102))
            put_forward(600.1)
            assert await client.until_closed() == b""

    runner.run(scenario())


def test_idle_peer_that_has_not_read_its_answers_is_let_go_too(tmp_path: Path, runner: asyncio.Runner) -> None:
    """A connection with answers that nobody fetches does not keep its place for ever."""

    async def scenario() -> None:
        async with running(tmp_path, idle_seconds=600.0) as bench, bench.client() as client:
            await bench.clog(client)
            assert bench.traffic.connections == 1
            put_forward(600.1)
            await eventually(lambda: bench.traffic.connections == 0, "the connection has ended")

    runner.run(scenario())


# Those who do not read


async def test_client_that_never_reads_is_dropped(tmp_path: Path) -> None:
    """Who asks and asks and never reads is let go before its answers fill our memory; others go on."""
    async with running(tmp_path) as bench, bench.client() as other:
        await other.ask(read(102))
        async with bench.client() as client:
            await client.ask(read(102))
            bench.read_no_more(client)
            dropped = ConnectionClosed(HERE, "does not read its answers")
            largest = 0
            for _ in range(5_000):
                if dropped in bench.records:
                    break
                client.writer.write(LONGEST.encode() * 20)
                await asyncio.sleep(0)
                largest = max(largest, bench.unsent)
            assert dropped in bench.records
            assert largest <= HIGH_WATER + 259
        assert bench.traffic.connections == 1
        await other.ask(read(102))


async def test_client_that_reads_late_gets_everything(tmp_path: Path) -> None:
    """A peer that is merely slow is not dropped."""
    async with running(tmp_path) as bench, bench.client() as client:
        client.writer.transport.pause_reading()
        await client.send(LONGEST.encode() * 200)
        await eventually(lambda: bench.traffic.requests == 200, "all was served")
        client.writer.transport.resume_reading()
        for _ in range(200):
            assert len((await client.answer()).pdu) == 252


# The port


async def test_taken_port_is_reported_and_taken_over_when_free(tmp_path: Path) -> None:
    """A listener whose port is taken says so, tries again, and opens when the port is free."""
    with closing(socket.create_server(("127.0.0.1", 0))) as holder:
        port = holder.getsockname()[1]
        bench = assemble(tmp_path, port=port)
        opening = asyncio.create_task(bench.listener.open())
        await eventually(lambda: bench.listener.tried, "it was tried")
        status = bench.listener.status()
        assert (status["state"], status["address"]) == ("failed", None)
        assert status["failure"].startswith(f"cannot listen on 127.0.0.1:{port}: ")
        assert bench.records == [ListenerFailed("bus", status["failure"], 0.5)]
    await asyncio.wait_for(opening, 10)
    status = bench.listener.status()
    assert (status["state"], status["address"], status["failure"]) == ("listening", f"127.0.0.1:{port}", None)
    assert bench.records[-1] == ListenerOpened("bus", f"127.0.0.1:{port}")
    async with bench.client() as client:
        await client.ask(read(102))
    await bench.listener.close()
    await eventually(lambda: bench.traffic.connections == 0, "the connections have ended")


def test_pauses_between_attempts_grow_to_five_seconds(tmp_path: Path, runner: asyncio.Runner) -> None:
    """A port that stays taken is tried less and less often, but for ever."""

    async def scenario() -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as holder:
            bench = assemble(tmp_path, port=holder.getsockname()[1])
            opening = asyncio.create_task(bench.listener.open())
            for attempts in range(1, 8):
                await eventually(lambda n=attempts: len(bench.records) == n, "it was tried again")
                put_forward(5.0)
            opening.cancel()
        pauses = [record.retry_in for record in bench.records if isinstance(record, ListenerFailed)]
        assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]

    runner.run(scenario())


async def test_listener_shows_its_address_and_traffic(tmp_path: Path) -> None:
    """Health shows where it listens and what it has heard and said."""
    async with running(tmp_path) as bench, bench.client() as client:
        assert bench.listener.status()["tried"]
        await client.ask(read(102, 2))
        status = bench.listener.status()
        assert (status["name"], status["type"], status["state"]) == ("bus", "tcp", "listening")
        assert status["traffic"] == {
            "requests": 1, "broadcasts": 0, "exceptions": 0, "foreign": 0, "broken_streams": 0,
            "refused_connections": 0, "connections": 1, "bytes_in": 12, "bytes_out": 13,
        }  # fmt: skip
