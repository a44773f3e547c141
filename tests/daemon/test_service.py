"""What the service manager is told."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from neasmart_gateway.daemon.service import Announcer, ServiceManager
from neasmart_gateway.domain.components import Facts
from tests.domain.test_components import LISTENER, SILENT, reported

OPEN = {**LISTENER, "tried": True, "address": "127.0.0.1:502"}
UNTRIED = {**OPEN, "tried": False, "address": None, "state": "opening"}
READY = reported(listeners=[OPEN])


class Told(list[str]):
    """What an announcer has said."""

    def __init__(self, watchdog_seconds: float | None = None) -> None:
        super().__init__()
        self.announcer = Announcer(self.append, watchdog_seconds)

    def at(self, now: float, facts: Facts = READY) -> list[str]:
        """What is said in this turn of the loop."""
        before = len(self)
        self.announcer.turned(facts, now)
        return self[before:]


def test_ready_comes_when_every_listener_was_tried() -> None:
    """Once, and not before."""
    told = Told()
    assert "READY=1" not in told.at(0.0, reported(listeners=[UNTRIED]))
    assert "READY=1" not in told.at(0.1, reported(listeners=[]))
    assert "READY=1" in told.at(0.2)
    assert told.at(0.3) == []


def test_the_status_is_told_when_it_changes() -> None:
    """In a sentence, on one line, of bounded length."""
    told = Told()
    assert "STATUS=healthy" in told.at(0.0)
    silent = replace(SILENT, status=READY.status)
    assert told.at(0.1, silent) == ["STATUS=degraded: the base station has written nothing for 180 s or longer"]
    assert told.at(0.2, silent) == []
    assert told.at(0.3) == ["STATUS=healthy"]
    (long,) = told.at(0.4, reported(listeners=[{**OPEN, "failure": "in\nuse " * 500}]))
    assert "\n" not in long
    assert len(long) < 320


def test_signs_of_life_come_often_enough() -> None:
    """At less than half of the watchdog's time, however often the loop turns."""
    told = Told(watchdog_seconds=30.0)
    times = [t / 4 for t in range(400) if "WATCHDOG=1" in told.at(t / 4)]
    pauses = [later - before for before, later in pairwise(times)]
    assert times[0] == 0
    assert set(pauses) == {10.0}


def test_no_watchdog_no_signs_of_life() -> None:
    """Nobody is told what nobody has asked for."""
    told = Told()
    assert [message for t in range(10) for message in told.at(t) if "WATCHDOG" in message] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ServiceManager(None, None)),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "30000000"}, ServiceManager("/run/notify", 30.0)),
        ({"NOTIFY_SOCKET": "@abstract", "WATCHDOG_PID": "1"}, ServiceManager("@abstract", None)),
        ({"NOTIFY_SOCKET": "", "WATCHDOG_USEC": "0"}, ServiceManager(None, None)),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "soon"}, ServiceManager("/x", None)),
    ],
)
def test_it_is_taken_out_of_the_environment(given: dict[str, str], expected: ServiceManager) -> None:
    """So that gunicorn, which would say "ready" too early, does not find it; the rest stays."""
    environment = {**given, "HOME": "/root"}
    assert ServiceManager.taken_from(environment) == expected
    assert environment == {"HOME": "/root"}


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@neasmart-test-{os.getpid()}"


@pytest.fixture
def listener(address: str) -> Iterator[socket.socket]:
    """A service manager that listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        listener.settimeout(5)
        yield listener


def test_a_message_arrives(address: str, listener: socket.socket) -> None:
    """As one datagram."""
    ServiceManager(address).send("STATUS=5 °C")
    assert listener.recv(100).decode() == "STATUS=5 °C"


def test_a_service_manager_that_does_not_read_holds_nothing_up(address: str, listener: socket.socket) -> None:
    """What does not fit is lost."""
    for _ in range(5000):
        ServiceManager(address).send("WATCHDOG=1" * 100)
    assert listener.recv(4000)


def test_nobody_there_is_no_error(tmp_path: Path) -> None:
    """Nor is having no service manager at all."""
    ServiceManager(str(tmp_path / "nobody")).send("READY=1")
    ServiceManager().send("READY=1")
