"""A service manager is told by a real gateway what systemd would be told."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Gateway, eventually


class Manager:
    """Stands in for systemd: a datagram socket, and what has arrived at it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.told: list[str] = []

    def hears(self, line: str, times: int = 1) -> bool:
        """Whether a line has arrived so often, up to now."""
        self._receive()
        return sum(line in message.split("\n") for message in self.told) >= times

    def hears_of(self, words: str) -> bool:
        """Whether some words have come up, up to now."""
        self._receive()
        return any(words in message for message in self.told)

    def forget(self) -> None:
        self._receive()
        self.told.clear()

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> None:
        while True:
            try:
                self.told.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


@pytest.fixture
def gateway(manager: Manager, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that was not started yet."""
    settings = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "1500000", "NEASMART_WORKERS": "1"}
    gateway = Gateway(tmp_path, settings)
    yield gateway
    gateway.clean_up()


def test_ready_waits_for_the_bus(gateway: Gateway, manager: Manager) -> None:
    """A taken port: signs of life and the reason, and no READY before the port is bound."""
    with socket.create_server(("127.0.0.1", gateway.modbus_port)):
        gateway.start()
        eventually(lambda: gateway.try_get("/health/ready").status == 503, "HTTP is up and not ready")
        eventually(lambda: manager.hears("WATCHDOG=1", 3), "the loop turns")
        eventually(lambda: manager.hears_of("cannot listen"), "the reason")
        assert not manager.hears("READY=1")
    eventually(lambda: manager.hears("READY=1"), "ready")
    assert gateway.try_get("/health/ready").status == 200


def test_a_daemon_that_stands_still_gives_no_sign_of_life(gateway: Gateway, manager: Manager) -> None:
    """None comes while it is stopped, though HTTP still answers; they come again when it goes on."""
    gateway.start()
    eventually(lambda: manager.hears("WATCHDOG=1", 3), "signs of life")
    daemon = gateway.daemon
    os.kill(daemon, signal.SIGSTOP)
    eventually(lambda: gateway.get("/api/v1/health").json["condition"] == "unhealthy", "the daemon is missed")
    manager.forget()
    assert {gateway.get("/health/live").status for _ in range(100)} == {200}
    assert not manager.hears("WATCHDOG=1")
    os.kill(daemon, signal.SIGCONT)
    eventually(lambda: manager.hears("WATCHDOG=1", 2), "signs of life again")


def test_the_end_is_told(gateway: Gateway, manager: Manager) -> None:
    """STOPPING when the gateway is asked to end, and not when only its daemon is replaced."""
    gateway.start()
    eventually(lambda: manager.hears("READY=1"), "ready")
    os.kill(gateway.daemon, signal.SIGKILL)
    eventually(lambda: manager.hears("READY=1", 2), "another daemon is ready")
    assert not manager.hears("STOPPING=1")
    assert gateway.stop() == 0
    assert manager.hears("STOPPING=1")


def test_gunicorn_says_nothing(gateway: Gateway, manager: Manager) -> None:
    """All that is told comes from the daemon."""
    gateway.start()
    eventually(lambda: manager.hears("READY=1"), "ready")
    assert not manager.hears_of("Gunicorn")
