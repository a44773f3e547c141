"""A disk that is locked, slow or gone while people read and command: nobody waits long, and what is told is true."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import cannot
from tests.process.test_disk import QUICK, STRICT, House, immutable, locked, states, told
from tests.running import Gateway, eventually, running
from tests.store.files import scramble_the_middle
from tests.wire import Master

SOURCE = Path(__file__).with_name("slow_disk.c")
ZONE = "/api/v1/zones/1/1"
RESTARTED = "gateway restarted; the base may have read it"


@contextmanager
def many_readers(gateway: Gateway, path: str, count: int = 12) -> Iterator[list[int]]:
    """So many people read a list, again and again; gives the statuses that they got."""
    statuses, stop = list[int](), threading.Event()

    def read() -> None:
        while not stop.is_set():
            statuses.append(gateway.get(path).status)

    readers = [threading.Thread(target=read, daemon=True) for _ in range(count)]
    for reader in readers:
        reader.start()
    try:
        yield statuses
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def breaker(gateway: Gateway) -> Any:
    return gateway.get("/api/v1/health").json["breaker"]


def test_readers_of_the_audit_do_not_lock_commands_out(tmp_path: Path) -> None:
    """Under another program's lock the audit is 503 with Retry-After, and every command is taken meanwhile."""
    path = tmp_path / "data/registers.db"
    with running(tmp_path, **QUICK) as gateway:
        house = House(gateway)
        house.command()
        with locked(path):
            house.goes_on_in_memory("locked")
            with many_readers(gateway, "/api/v1/audit?limit=1") as statuses:
                for _ in range(8):
                    assert house.command()["durable"] is False
                    assert breaker(gateway) == "closed"
                eventually(lambda: len(statuses) > 20, "many reads")
            assert set(statuses) == {503}
            assert int(gateway.get(f"{ZONE}/timeline").headers["Retry-After"]) > 0
        house.is_whole_again(path)
        assert gateway.get("/api/v1/audit").status == 200


def test_lists_are_true_while_nothing_can_be_written(tmp_path: Path) -> None:
    """Commands that only memory has are listed, and found by the state that they have."""
    path = tmp_path / "database" / "registers.db"
    with running(tmp_path, NEASMART_DATABASE_PATH=str(path), **QUICK) as gateway:
        house = House(gateway)
        house.command()
        eventually(lambda: states(path).get(house.acknowledged[0]) == "confirmed", "the first one's end in the file")
        with immutable(path):
            house.goes_on_in_memory(str(path))
            listed = gateway.get("/api/v1/commands").json["commands"]
            assert [(c["id"], c["state"]) for c in listed] == [(i, "confirmed") for i in reversed(house.acknowledged)]
            assert gateway.get("/api/v1/commands?state=accepted").json["commands"] == []
        house.is_whole_again(path)


def test_a_crash_onto_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    """A command that was open then is shown as closed by the restart, though the file still has it as accepted."""
    path = tmp_path / "database" / "registers.db"
    with running(tmp_path, NEASMART_DATABASE_PATH=str(path), **QUICK) as gateway:
        accepted = gateway.patch(ZONE, {"setpoint": 21}).json["command"]
        os.killpg(gateway.master, signal.SIGKILL)
        assert gateway.process is not None
        gateway.process.wait()
        with locked(path):
            gateway.start()
            gateway.wait_ready()
            receipt = gateway.get(f"/api/v1/commands/{accepted['id']}").json["command"]
            assert states(path) == {accepted["id"]: "accepted"}
        assert (receipt["state"], receipt["note"]) == ("expired", RESTARTED)


def test_cancelled_is_cancelled_whatever_crashes(tmp_path: Path) -> None:
    """Everybody is killed the moment after DELETE was answered."""
    with running(tmp_path) as gateway:
        location = gateway.patch(ZONE, {"setpoint": 21}).headers["Location"]
        assert gateway.ask("DELETE", location).json["command"]["state"] == "cancelled"
        os.killpg(gateway.master, signal.SIGKILL)
        assert gateway.process is not None
        gateway.process.wait()
        gateway.start()
        gateway.wait_ready()
        assert gateway.get(location).json["command"]["state"] == "cancelled"


def test_health_says_where_a_file_was_put(tmp_path: Path) -> None:
    """Until the gateway's next start: also after a daemon has died."""
    path = tmp_path / "data/registers.db"
    with running(tmp_path, **QUICK) as gateway:
        for _ in range(12):
            House(gateway).command()
        assert gateway.stop() == 0
    scramble_the_middle(path)
    with running(tmp_path, **QUICK) as gateway:

        def put() -> Any:
            return (gateway.get("/api/v1/health").json["database"] or {}).get("set_aside")

        where = eventually(put, "where it is")
        assert "registers.db.corrupt-" in where
        (line,) = told(gateway, "set aside")
        assert line["look_at_it"] == f"neasmart-gateway db salvage {where} saved.db"
        old = gateway.daemon
        os.kill(old, signal.SIGKILL)
        eventually(lambda: gateway.daemon not in (0, old), "a new daemon")
        assert eventually(put, "where it is") == where
        assert gateway.stop() == 0
        gateway.start()
        gateway.wait_ready()
        assert put() is None


# A disk whose every sync takes a second


@pytest.fixture
def slow(tmp_path: Path) -> dict[str, str]:
    """Settings of a gateway whose disk is slow while the file "slow" is there."""
    if shutil.which("cc") is None:
        cannot("needs a C compiler")
    library = tmp_path / "slow_disk.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "SLOW_DISK": str(tmp_path / "slow")}


def in_time(work: Callable[[], Any]) -> Any:
    """Hold that something takes no longer than a caller may wait, and return what it gives."""
    began = time.monotonic()
    done = work()
    assert time.monotonic() - began < 5
    return done


def test_a_slow_disk_refuses_no_command(tmp_path: Path, slow: dict[str, str]) -> None:
    """They are taken as not durable, health names the disk, the breaker stays closed; then all is as before."""
    path = tmp_path / "data/registers.db"
    with running(tmp_path, **QUICK, **slow) as gateway:
        house = House(gateway)
        assert house.command()["durable"] is True
        (tmp_path / "slow").touch()
        for _ in range(5):
            assert in_time(house.command)["durable"] is False
            assert breaker(gateway) == "closed"
        house.sees_trouble("the disk is slow")
        (tmp_path / "slow").unlink()
        house.is_whole_again(path)


def test_a_slow_disk_without_the_fallback(tmp_path: Path, slow: dict[str, str]) -> None:
    """503 that says why, at once for those that follow; what came to the disk late is not open there."""
    path = tmp_path / "data/registers.db"
    with running(tmp_path, **STRICT, **slow) as gateway:
        house = House(gateway)
        house.command()
        (tmp_path / "slow").touch()
        for _ in range(3):
            refused = in_time(house.asks)
            assert (refused.status, "NEASMART_DATABASE_ENABLE_FALLBACK" in refused.text) == (503, True)
        assert breaker(gateway) == "closed"
        house.sees_trouble("the disk is slow")
        (tmp_path / "slow").unlink()
        house.is_whole_again(path)
        assert "accepted" not in states(path).values()
        with Master(gateway.modbus_port) as master:
            assert master.read(241, 201, 1) == [0]
