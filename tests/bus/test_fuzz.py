"""100,000 random and mutated byte strings: every byte that comes back is looked at, and nothing is left behind."""

import asyncio
import gc
import logging
import os
import socket
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.bus.bench import Bench, running
from tests.bus.noise import OURS, Noise, answers_well, understood
from tests.bus.wire import DEADLINE, Client, cut, holding, read, write_one

STRINGS = 100_000
BATCHES = 20
EARLY = 4
"""The batch after which memory is measured first: by then every register has been touched."""
MOST_AT_ONCE = 60
"""Strings on one connection, if the stream is not broken before."""
MEGABYTE = 1024 * 1024
PAGE = os.sysconf("SC_PAGESIZE")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """As the gateway itself does (logs.py): pymodbus need not tell of each frame that it dislikes."""
    logger = logging.getLogger("pymodbus")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


def streams(noise: Iterator[bytes], strings: int) -> Iterator[bytes]:
    """Strings joined to streams: each ends where a correct slave would close, or after MOST_AT_ONCE."""
    stream, joined = b"", 0
    for string in islice(noise, strings):
        stream, joined = stream + string, joined + 1
        if joined == MOST_AT_ONCE or understood(stream)[1]:
            yield stream
            stream, joined = b"", 0
    if stream:
        yield stream


async def exchange(port: int, stream: bytes) -> tuple[bytes, bool]:
    """Send a stream and its end; returns all that came back, and whether the connection was reset."""
    loop, received = asyncio.get_running_loop(), bytearray()
    with socket.socket() as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        try:
            await loop.sock_sendall(connection, stream)
            connection.shutdown(socket.SHUT_WR)
            while data := await loop.sock_recv(connection, 65536):
                received += data
        except ConnectionError:
            return bytes(received), True
    return bytes(received), False


async def check(port: int, stream: bytes) -> int:
    """Hold what comes back against what a correct slave would say; returns the number of answers."""
    async with asyncio.timeout(DEADLINE):
        received, was_reset = await exchange(port, stream)
    requests = [frame for frame in understood(stream)[0] if frame.unit in OURS]
    if was_reset:  # what was on its way is lost then, and the last frame may be
        return 0
    answers = cut(received)
    assert len(answers) == len(requests), stream.hex(" ")
    for request, answer in zip(requests, answers, strict=True):
        assert answers_well(request, answer), f"{request} → {answer}"
    return len(answers)


async def works(client: Client, number: int) -> None:
    """A good request on a fresh connection is obeyed and answered."""
    assert await client.ask(write_one(60000, number)) == write_one(60000, number)
    assert await client.ask(read(60000), unit=241) == holding(number)


def footprint(bench: Bench) -> tuple[int, int]:
    """Objects alive, and resident bytes."""
    bench.desk.heard_from.clear()
    bench.desk.written.clear()
    bench.desk.records.clear()
    bench.records.clear()
    gc.collect()
    return sys.getallocatedblocks(), int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


async def test_a_hundred_thousand_strings(tmp_path: Path) -> None:
    """No crash, no fault, not a byte but answers of 240 and 241, no growth; good requests are served throughout."""
    noise, answered = iter(Noise(seed=2026)), 0
    async with running(tmp_path) as bench:
        early = (0, 0)
        for batch in range(BATCHES):
            for stream in streams(noise, STRINGS // BATCHES):
                answered += await check(bench.port, stream)
            async with bench.client() as fresh:
                await works(fresh, batch)
            assert bench.failures == []
            now = footprint(bench)
            early = now if batch == EARLY else early
        blocks, resident = (late - before for late, before in zip(now, early, strict=True))
        assert blocks < 2_500, "objects are left behind"
        assert resident < 16 * MEGABYTE, "memory grows"
        assert len(bench.server.active_connections) <= 1
        assert answered > STRINGS // 4, "most of the noise reached nobody"
        assert bench.traffic.foreign > STRINGS // 50
        assert bench.traffic.broken_streams > STRINGS // 100
