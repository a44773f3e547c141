"""How many connections there are, and what becomes of them."""

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from neasmart_gateway.bus.records import ConnectionClosed, ConnectionOpened, ConnectionRefused, ListenerOpened
from neasmart_gateway.desk.peers import Peer
from tests.bus.bench import LONGEST, running
from tests.bus.wire import eventually, read

HERE = Peer("bus", "127.0.0.1")


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
        assert ConnectionRefused(HERE, "there are 3 connections already") in bench.records
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
