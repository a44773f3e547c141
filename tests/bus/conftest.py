"""A listening bench, and a client of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bus.bench import Bench, running
from tests.bus.wire import Client


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(tmp_path) as bench:
        yield bench


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[Client]:
    async with bench.client() as client:
        yield client
