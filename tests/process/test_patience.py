"""How long the gateway waits for others, with its patience made short."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.raw_http import Raw, unshaken
from tests.process.tls import Pair, make_pair
from tests.running import Gateway, eventually

IMPATIENT = """
import sys
from gunicorn.app.wsgiapp import run
from neasmart_gateway import http_worker
http_worker.HANDSHAKE_SECONDS = http_worker.ANSWER_SECONDS = 0.5
sys.argv = ["gunicorn", "-c", "python:neasmart_gateway.gunicorn_config"]
run()
"""
LARGE = b"GET /api/v1/registers?start=0&count=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"


def impatient(folder: Path, **settings: str) -> Gateway:
    """A gateway that waits half a second where others wait long."""
    return Gateway(folder, settings, command=(sys.executable, "-c", IMPATIENT))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    gateway = impatient(tmp_path)
    try:
        gateway.start()
        gateway.wait_ready()
        with unshaken(gateway):
            yield gateway
    finally:
        gateway.clean_up()


def fill(raw: Raw) -> None:
    """Ask for so much that neither side's buffers hold it, and read nothing."""
    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.send(LARGE * 400)


def test_who_does_not_read_is_dropped(gateway: Gateway) -> None:
    """An answer that nobody takes is not held for ever, and its end is no fault in the log."""
    with Raw(gateway) as raw:
        fill(raw)
        eventually(raw.is_reset, "the end of a connection that is not read")


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, "127.0.0.1")


@pytest.mark.needs("openssl")
def test_a_handshake_has_an_end(tmp_path: Path, pair: Pair) -> None:
    """Who connects and says nothing, half a hello, or no TLS at all, is closed, without a word in the log."""
    gateway = impatient(tmp_path, **pair.settings)
    try:
        gateway.start()
        eventually(lambda: "listening for" in gateway.log.read_text(), "a gateway that listens")
        with unshaken(gateway):
            for said in (b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"):
                with Raw(gateway) as raw:
                    assert b"HTTP" not in raw.send(said).rest()
            for _ in range(50):
                Raw(gateway).hang_up()
                Raw(gateway).send(b"x").hang_up()
    finally:
        gateway.clean_up()
