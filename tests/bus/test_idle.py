"""Connections on which nothing comes any more are closed."""

import asyncio
from pathlib import Path

from neasmart_gateway.bus.records import ConnectionClosed
from neasmart_gateway.desk.peers import Peer
from tests.bus.bench import running
from tests.bus.clockwork import put_forward
from tests.bus.wire import eventually, read

HERE = Peer("bus", "127.0.0.1")


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
