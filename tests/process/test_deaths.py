"""Whatever process dies, by whatever hand: reads go on or return, and there are never two daemons."""

import fcntl
import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import Gateway, children, eventually, is_alive, running
from tests.wire import Master


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """One that ends with the test."""
    with running(tmp_path, NEASMART_WORKERS="2") as gateway:
        yield gateway


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One for all deaths after which it must be as well as before."""
    with running(tmp_path_factory.mktemp("survivor"), NEASMART_WORKERS="2") as gateway:
        yield gateway


def works(gateway: Gateway) -> bool:
    """Whether the whole way is open: a master's write is seen over HTTP, and a command is accepted."""
    if gateway.try_get("/health/ready").status != 200:
        return False
    try:
        with Master(gateway.modbus_port) as master:
            master.write(240, 102, [2000])
    except OSError:
        return False
    zone = gateway.get("/api/v1/zones/1/1").json
    return not zone["stale"] and gateway.patch("/api/v1/zones/1/1", {"setpoint": 20}).status == 202


def is_locked(database: Path) -> bool:
    """Whether a daemon holds the claim on a database."""
    with database.with_name(database.name + ".lock").open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_the_daemon_is_killed(survivor: Gateway) -> None:
    """Another one takes over: the image is kept, and the open command is closed as expired, never served again."""
    with Master(survivor.modbus_port) as master:
        master.write(240, 102, [1950])
    followed = survivor.patch("/api/v1/zones/1/1", {"setpoint": 22}).headers["Location"]
    old = survivor.daemon
    os.kill(old, signal.SIGKILL)
    assert survivor.get("/api/v1/zones/1/1").json["temperature"] == 19.5
    eventually(
        lambda: survivor.daemon not in (old, 0) and survivor.try_get("/health/ready").status == 200, "a new daemon"
    )
    command = survivor.get(followed).json["command"]
    assert command["state"] == "expired"
    assert command["note"] == "gateway restarted; the base may have read it"
    assert survivor.get("/api/v1/registers?start=102&count=1").json["registers"][0]["word"] == 1950
    with Master(survivor.modbus_port) as master:
        assert master.read(240, 101, 1) == [0]
    eventually(lambda: works(survivor), "the whole way is open again")


def test_an_http_worker_is_killed(survivor: Gateway) -> None:
    """The other one answers, and the master starts a new one; the daemon does not notice."""
    daemon, workers = survivor.daemon, survivor.workers
    os.kill(workers[0], signal.SIGKILL)
    eventually(lambda: len(survivor.workers) == 2 and workers[0] not in survivor.workers, "a new worker")
    eventually(lambda: works(survivor), "the whole way is open again")
    assert survivor.daemon == daemon


def test_the_arbiter_is_killed(survivor: Gateway) -> None:
    """The kernel takes its daemon along, so that the next arbiter's daemon is the only one."""
    arbiter, daemon = survivor.arbiter, survivor.daemon
    os.kill(arbiter, signal.SIGKILL)
    eventually(lambda: not is_alive(daemon), "the old daemon is dead")
    eventually(lambda: works(survivor), "the whole way is open again")
    assert survivor.arbiter != arbiter
    assert children(survivor.arbiter) == [survivor.daemon]


def test_the_master_is_killed(gateway: Gateway) -> None:
    """No process and no port is left behind."""
    os.kill(gateway.master, signal.SIGKILL)
    eventually(lambda: gateway.everybody() == [], "everybody is gone")
    for port in (gateway.api_port, gateway.modbus_port):
        socket.create_server(("127.0.0.1", port)).close()


def test_sigterm_ends_everything(gateway: Gateway, tmp_path: Path) -> None:
    """Exit status 0, nobody left, the journal flushed, no folder left behind, also with a connection open."""
    with Master(gateway.modbus_port) as master:
        master.write(240, 102, [2222])
        assert gateway.stop() == 0
    assert gateway.everybody() == []
    with sqlite3.connect(tmp_path / "data/registers.db") as database:
        assert database.execute("SELECT address, word FROM registers").fetchall() == [(102, 2222)]


def test_hup_keeps_daemon_and_image(survivor: Gateway) -> None:
    """HUP renews the HTTP workers and nothing else, also when the settings have become wrong meanwhile."""
    with Master(survivor.modbus_port) as master:
        master.write(240, 102, [2222])
        daemon, workers = survivor.daemon, survivor.workers
        wrong = survivor.folder / ".env"
        wrong.write_text("NEASMART_SERVER_PROT=1\n")
        os.kill(survivor.master, signal.SIGHUP)
        eventually(lambda: len(survivor.workers) == 2 and not set(workers) & set(survivor.workers), "new workers")
        assert master.read(240, 102, 1) == [2222]
    assert survivor.daemon == daemon
    assert survivor.get("/api/v1/registers?start=102&count=1").json["registers"][0]["word"] == 2222
    wrong.unlink()


def test_usr2_is_refused(survivor: Gateway) -> None:
    """No second master is started; a line in the log says why."""
    os.kill(survivor.master, signal.SIGUSR2)
    eventually(lambda: any("USR2 refused" in line.get("event", "") for line in survivor.lines()), "the refusal")
    assert works(survivor)
    assert len(children(survivor.master)) == 3


def test_a_daemon_waits_for_the_claim(tmp_path: Path) -> None:
    """While another gateway holds the database no bus is opened; when it lets go, this one takes over."""
    with running(tmp_path) as first:
        second = Gateway(tmp_path, {"NEASMART_DATABASE_PATH": str(tmp_path / "data/registers.db")})
        second.log = tmp_path / "second.log"
        try:
            second.start()
            eventually(lambda: second.try_get("/health/ready").status == 503, "HTTP is up and not ready")
            eventually(lambda: any("waits" in line.get("event", "") for line in second.lines()), "a line that says so")
            with pytest.raises(ConnectionRefusedError), Master(second.modbus_port):
                pass
            assert first.try_get("/health/ready").status == 200
            assert first.stop() == 0
            eventually(lambda: works(second), "the second takes over")
        finally:
            second.clean_up()


def test_sigterm_with_a_request_waiting(gateway: Gateway) -> None:
    """A client that has sent half a request holds nothing up for longer than the grace."""
    with socket.create_connection(("127.0.0.1", gateway.api_port)) as half:
        half.sendall(b"GET /api/v1/zones HTTP/1.1\r\nHost: x\r\n")
        eventually(lambda: works(gateway), "others are served meanwhile")
        assert gateway.stop() == 0
    assert gateway.everybody() == []


def test_a_taken_modbus_port(tmp_path: Path) -> None:
    """HTTP is up and not ready, one line says why, and the bus is served as soon as the port is free."""
    gateway = Gateway(tmp_path)
    try:
        with socket.create_server(("127.0.0.1", gateway.modbus_port)):
            gateway.start()
            eventually(lambda: gateway.try_get("/health/ready").status == 503, "HTTP is up and not ready")
            refusals = eventually(lambda: told(gateway, "cannot listen"), "a line about the port")
            assert "Address already in use" in refusals[0]["reason"]
            eventually(
                lambda: gateway.get("/api/v1/health").json["listeners"][0]["state"] == "failed", "health says so"
            )
        eventually(lambda: works(gateway), "recovery")
        assert len(told(gateway, "cannot listen")) == 1
    finally:
        gateway.clean_up()


def told(gateway: Gateway, words: str) -> list[dict[str, Any]]:
    """The log lines that speak of something."""
    return [line for line in gateway.lines() if words in line.get("event", "")]


def test_two_gateways_of_one_user(survivor: Gateway, tmp_path: Path) -> None:
    """They share nothing: starting, stopping and killing one leaves the other alone."""
    folder = tmp_path / "other"
    folder.mkdir()
    with running(folder) as other:
        daemon = survivor.daemon
        assert other.stop() == 0
        assert survivor.daemon == daemon
        assert works(survivor)
    assert is_locked(survivor.folder / "data/registers.db")
