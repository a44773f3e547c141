"""What the service manager is told when a daemon ends."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from neasmart_gateway.daemon.daemon import Daemon
from neasmart_gateway.daemon.service import ServiceManager
from neasmart_gateway.settings import load
from neasmart_gateway.shm.memory import SharedMemory
from tests.running import free_ports


@pytest.fixture
def told(tmp_path: Path) -> Iterator[socket.socket]:
    """Where the service manager listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


@pytest.mark.parametrize(("supervisor", "stopped"), [(0, False), (os.getppid(), True)], ids=["orphan", "stopped"])
async def test_only_who_was_asked_to_stop_says_so(
    supervisor: int, stopped: bool, told: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that ends for another reason has a successor: systemd must not take that for the end of the service."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEASMART_SERVER_ADDRESS", "127.0.0.1")
    monkeypatch.setenv("NEASMART_SERVER_PORT", str(free_ports(1)[0]))
    manager, stop = ServiceManager(str(tmp_path / "notify")), asyncio.Event()
    daemon = Daemon(load(), SharedMemory(tmp_path / "lock"), tmp_path / "daemon.sock", supervisor, manager)
    running = asyncio.create_task(daemon.run(stop))
    if stopped:
        await asyncio.get_running_loop().sock_recv(told, 1000)
        stop.set()
    await running
    assert ("STOPPING=1" in rest(told)) is stopped


def rest(told: socket.socket) -> str:
    """All that has arrived and was not read yet."""
    messages = ""
    try:
        while True:
            messages += told.recv(1000).decode() + "\n"
    except BlockingIOError:
        return messages
