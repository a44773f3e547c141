"""A listener opens as soon as it can, and tells how it is."""

import asyncio
import socket
from contextlib import closing
from pathlib import Path

from neasmart_gateway.bus.records import ListenerFailed, ListenerOpened
from tests.bus.bench import assemble, running
from tests.bus.clockwork import put_forward
from tests.bus.wire import eventually, read


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
            assert bench.listener.changed_at is None
            failing_since = []
            for attempts in range(1, 8):
                await eventually(lambda n=attempts: len(bench.records) == n, "it was tried again")
                failing_since.append(bench.listener.changed_at)
                put_forward(5.0)
            opening.cancel()
        pauses = [record.retry_in for record in bench.records if isinstance(record, ListenerFailed)]
        assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
        assert len(set(failing_since)) == 1, "each further failure makes it fail anew"

    runner.run(scenario())


async def test_listener_shows_its_address_and_traffic(tmp_path: Path) -> None:
    """Health shows where it listens and what it has heard and said."""
    async with running(tmp_path) as bench, bench.client() as client:
        assert bench.listener.status()["tried"]
        await client.ask(read(102, 2))
        status = bench.listener.status()
        assert (status["name"], status["type"], status["state"]) == ("bus", "tcp", "listening")
        counted = {name: value for name, value in status["traffic"].items() if value}
        assert counted == {"requests": 1, "answers": 1, "connections": 1, "bytes_in": 12, "bytes_out": 13}
