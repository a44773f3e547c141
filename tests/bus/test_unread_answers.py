"""Peers that do not read their answers cost us little, and nobody else anything."""

import asyncio
from pathlib import Path

from neasmart_gateway.bus.records import ConnectionClosed
from neasmart_gateway.desk.peers import Peer
from tests.bus.bench import LONGEST, running
from tests.bus.wire import eventually, read

HERE = Peer("bus", "127.0.0.1")
HIGH_WATER = 64 * 1024
"""asyncio's own mark: above it a transport tells its protocol to pause."""


async def test_client_that_never_reads_is_dropped(tmp_path: Path) -> None:
    """Who asks and asks and never reads is let go before its answers fill our memory; others go on."""
    async with running(tmp_path) as bench, bench.client() as other:
        await other.ask(read(102))
        async with bench.client() as client:
            await client.ask(read(102))
            bench.read_no_more(client)
            dropped = ConnectionClosed(HERE, "does not read its answers")
            largest = 0
            # All at once: a kernel that must drop answers drops what they acknowledge with them, and further requests
            # would not come through.
            client.writer.write(LONGEST.encode() * 1_000)
            for _ in range(100_000):
                if dropped in bench.records:
                    break
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
