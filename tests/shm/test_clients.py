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
    for now, thing in ((1000.0, 0), (1001.5, 63), (1001.5, 63)):
        clients.note("root", "requests", now, thing, repeated=now > 1000.0, doubled=False)
    clients.note("api", "aiohttp", 1002.0, 1, repeated=False, doubled=True)
    root, api = Calls("root", "requests", 3, 3, 2, 0, 2, 1001.5), Calls("api", "aiohttp", 1, 1, 0, 1, 1, 1002.0)
    assert clients.read() == [root, api]


def test_manners_of_long_ago_are_forgotten(clients: Clients) -> None:
    """After a few hundred requests of another kind hardly anything of the old ones counts; the sum stays."""
    for n in range(3000):
        clients.note("root", "requests", 1.0, 0, repeated=n < 2000, doubled=n < 2000)
    (found,) = clients.read()
    assert found.requests == 3000
    assert found.recent <= 256
    assert found.repeated / found.recent < 0.02
    assert found.doubled / found.recent < 0.02


def test_every_kind_has_room(clients: Clients) -> None:
    for routes in ROUTES:
        for program in PROGRAMS:
            clients.note(routes, program, 1.0, 0, repeated=False, doubled=False)
    assert len(clients.read()) == len(ROUTES) * len(PROGRAMS)


def test_there_is_no_other_kind(clients: Clients) -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        clients.note("root", "curl", 1.0, 0, repeated=False, doubled=False)


def test_workers_do_not_miscount(clients: Clients, fork: Fork) -> None:
    """Processes that count at the same time lose nothing."""
    gate = Gate()

    def count() -> None:
        gate.wait()
        for _ in range(500):
            clients.note("root", "requests", 1.0, 0, repeated=False, doubled=False)

    children = [fork(count) for _ in range(3)]
    gate.open()
    assert [child.wait() for child in children] == [0] * 3
    assert [(one.requests, one.last_seen) for one in clients.read()] == [(1500, 1.0)]
