"""The HTTP side's door to limits, tickets, tally and nonces."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from limits.storage import storage_from_string

from neasmart_gateway.daemon.nonces import WINDOW, Nonces
from neasmart_gateway.errors import DaemonAway, InvalidValue
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.storages import RedisOrShared, SharedStorage
from tests.desk.gateway import START, UNIX_START
from tests.manager.served import Served, listening


def nonces(served: Served) -> Any:
    """The daemon's methods, with nonces among them."""
    return Nonces(served.recorder, lambda: served.now + UNIX_START - START).table()


def test_a_nonce_is_used_once(served: Served, tmp_path: Path) -> None:
    """Through the daemon's real socket, and whatever the circuit breaker thinks of it."""
    served.memory.breaker.state = "open"
    with listening(nonces(served), tmp_path / "s") as link:
        access = Access(served.memory, link)
        uses = [access.first_use("house", "n", UNIX_START + WINDOW) for _ in range(3)]
        assert uses == [True, False, False]
        with pytest.raises(InvalidValue):
            access.first_use("house", "m", UNIX_START)
    assert served.memory.breaker.state == "open"


def test_without_a_daemon_no_nonce_is_taken(served: Served, tmp_path: Path) -> None:
    """The caller learns that it is away, and the circuit breaker nothing."""
    access = Access(served.memory, LinkClient(tmp_path / "nobody", timeout=0.05))
    with pytest.raises(DaemonAway):
        access.first_use("house", "n", UNIX_START + WINDOW)
    assert served.memory.breaker.failures == 0


@pytest.mark.parametrize("answer", [None, 1, "true", {}])
def test_only_true_is_true(served: Served, answer: object) -> None:
    """Whatever else a daemon may answer lets nobody in."""
    link: Any = SimpleNamespace(call=lambda _method, _params: answer)
    assert Access(served.memory, link).first_use("house", "n", UNIX_START + WINDOW) is False


def test_workers_share_what_they_know(served: Served) -> None:
    """Limits, tickets and tally of one are those of all."""
    link: Any = served.link
    one, other = Access(served.memory, link), Access(served.memory, link)
    assert [access.storage.incr("client", 60) for access in (one, other)] == [1, 2]
    assert other.tickets.redeem(one.tickets.issue("house", 2)) == ("house", 2)
    one.tally.add("slowed")
    assert other.tally.read()["slowed"] == 1


@pytest.mark.parametrize(("redis", "kind"), [(None, SharedStorage), ("redis://192.0.2.1", RedisOrShared)])
def test_flask_limiter_counts_where_the_storage_does(served: Served, redis: str | None, kind: type) -> None:
    """The options lead to a storage of the same kind."""
    link: Any = served.link
    access = Access(served.memory, link, redis)
    assert type(access.storage) is kind
    options = access.limiter_options
    assert type(storage_from_string(options["storage_uri"], **options["storage_options"])) is kind
