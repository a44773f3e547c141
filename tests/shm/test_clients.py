"""Who calls the older gateways' routes is counted by all workers together."""

from pathlib import Path

import pytest

from neasmart_gateway.shm.clients import CLIENTS_SIZE, PROGRAMS, ROUTES, Calls, Clients
from neasmart_gateway.shm.locks import ProcessLock
from tests.shm.memories import shared
from tests.shm.processes import Fork, Gate


@pytest.fixture
def clients(tmp_path: Path) -> Clients:
    return Clients(shared(CLIENTS_SIZE), ProcessLock(tmp_path / "lock"))


def test_each_kind_counts_by_itself(clients: Clients) -> None:
    """Those that never called are left out."""
    assert clients.read() == []
    clients.note("root", "requests", 1000.0, repeated=False, doubled=False)
    clients.note("root", "requests", 1001.5, repeated=True, doubled=False)
    clients.note("api", "aiohttp", 1002.0, repeated=False, doubled=True)
    assert clients.read() == [Calls("root", "requests", 2, 1, 0, 1001.5), Calls("api", "aiohttp", 1, 0, 1, 1002.0)]


def test_every_kind_has_room(clients: Clients) -> None:
    for routes in ROUTES:
        for program in PROGRAMS:
            clients.note(routes, program, 1.0, repeated=False, doubled=False)
    assert len(clients.read()) == len(ROUTES) * len(PROGRAMS)


def test_there_is_no_other_kind(clients: Clients) -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        clients.note("root", "curl", 1.0, repeated=False, doubled=False)


def test_workers_do_not_miscount(clients: Clients, fork: Fork) -> None:
    """Processes that count at the same time lose nothing."""
    gate = Gate()

    def count() -> None:
        gate.wait()
        for _ in range(500):
            clients.note("root", "requests", 1.0, repeated=True, doubled=False)

    children = [fork(count) for _ in range(3)]
    gate.open()
    assert [child.wait() for child in children] == [0] * 3
    assert clients.read() == [Calls("root", "requests", 1500, 1500, 0, 1.0)]
