"""A nonce is taken once by a whole gateway: from many threads at once, after a crash, and after a restart."""

import os
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from neasmart_gateway.link.client import LinkClient
from tests.running import DEADLINE, Gateway, eventually, running

THREADS, ROUNDS = 16, 5


def link(gateway: Gateway) -> LinkClient:
    """A client of the daemon's socket, as every HTTP worker has one; its patience is the test's."""
    (folder,) = Path(tempfile.gettempdir()).glob(f"neasmart-gateway-{gateway.master}-*")
    return LinkClient(folder / "daemon.sock", DEADLINE)


@pytest.fixture
def params() -> dict[str, object]:
    """A nonce whose signature is good for as long as it can be."""
    return {"owner": "house", "nonce": "the-nonce", "expires": time.time() + 120.0}


def test_a_nonce_is_taken_once_whatever_dies(tmp_path: Path, params: dict[str, object]) -> None:
    """Of 16 threads at once one is told yes; nobody is after the daemon was killed, or all of the gateway."""
    with running(tmp_path) as gateway:
        client, together = link(gateway), Barrier(THREADS)

        def ask(nonce: str) -> bool:
            together.wait()
            return bool(client.call("nonce", params | {"nonce": nonce}))

        with ThreadPoolExecutor(THREADS) as threads:
            for n in range(ROUNDS):
                answers = list(threads.map(ask, [f"nonce-{n}"] * THREADS))
                assert sorted(answers) == [False] * (THREADS - 1) + [True]
        assert client.call("nonce", params) is True
        killed = gateway.daemon
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: gateway.daemon not in (0, killed), "another daemon")
        assert client.call("nonce", params) is False
        assert client.call("nonce", params | {"nonce": "another"}) is True
        for pid in gateway.everybody():
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not gateway.everybody(), "the end of all")
    with running(tmp_path) as gateway:
        asked = [link(gateway).call("nonce", params | {"nonce": nonce}) for nonce in ("the-nonce", "another", "new")]
        assert asked == [False, False, True]
