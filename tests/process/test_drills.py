"""Every fault on a real gateway: switched on over the API, seen from outside, and gone again afterwards."""

import sqlite3
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.process.raw_http import ask
from tests.running import Gateway, eventually, running
from tests.wire import Master

FAULTS = "/api/v1/faults"
ZONE = "/api/v1/zones/1/1"
TEMPERATURE, SETPOINT = 102, 101
TWENTY_ONE, TWENTY_TWO = 0x0C1A, 0x0C4C
"""21.00 and 22.00 °C as DPT 9.001."""
READ = struct.pack(">BHH", 3, TEMPERATURE, 1)
MIB = 1024
"""In the kilobytes of /proc."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One for all drills: each leaves it well for the next."""
    settings = {
        "NEASMART_FAULTS_ENABLED": "true",
        "NEASMART_WORKERS": "2",
        "NEASMART_MODBUS_STALE_AFTER_SECONDS": "2",
        "NEASMART_COMMANDS_PER_REGISTER_AND_HOUR": "1000",
    }
    with running(tmp_path_factory.mktemp("drills"), **settings) as gateway:
        yield gateway


@pytest.fixture
def base(gateway: Gateway) -> Iterator[Master]:
    """A base station that has just told a temperature."""
    with Master(gateway.modbus_port) as master:
        master.write(240, TEMPERATURE, [TWENTY_ONE])
        yield master


@contextmanager
def drill(gateway: Gateway, kind: str, **wish: object) -> Iterator[None]:
    """A drill that everybody can see, until it is switched off; then nobody sees it, and it is in the log."""
    answer = gateway.ask("POST", f"{FAULTS}/{kind}", {"duration": 120, **wish})
    assert answer.status == 201, answer.text
    assert gateway.get("/health/live").headers["X-Neasmart-Faults"] == kind
    health = gateway.get("/api/v1/health").json
    assert health["faults"] == [kind]
    assert any(said.startswith(f"a drill is running: {kind}, switched on by 127.0.0.1") for said in health["problems"])
    yield
    ended = gateway.ask("DELETE", f"{FAULTS}/{kind}")
    assert [(one["kind"], one["ended_by"]) for one in ended.json["faults"]] == [(kind, "127.0.0.1")]
    assert gateway.get("/health/live").headers["X-Neasmart-Faults"] is None
    assert gateway.get("/api/v1/health").json["faults"] == []
    events = [line.get("event") for line in gateway.lines() if line.get("fault") == kind]
    assert events[-2:] == ["a drill begins, a fault is made on purpose", "a drill is over"]


def hits(gateway: Gateway, kind: str) -> int:
    count: int = gateway.get(f"{FAULTS}/{kind}").json["hits"]
    return count


def traffic(gateway: Gateway) -> Mapping[str, int]:
    counters: Mapping[str, int] = gateway.get("/api/v1/bus").json["listeners"][0]["counters"]
    return counters


def database(gateway: Gateway) -> dict[str, Any]:
    report: dict[str, Any] = gateway.get("/api/v1/health").json["database"] or {"failure": "no daemon"}
    return report


def is_written_down(gateway: Gateway, command: str) -> bool:
    with closing(sqlite3.connect(f"file:{gateway.folder}/data/registers.db?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT 1 FROM commands WHERE id = ?", (command,)).fetchone() is not None


def asks(gateway: Gateway, celsius: float) -> dict[str, Any]:
    """The receipt of a command."""
    answer = gateway.patch(ZONE, {"setpoint": celsius})
    assert answer.status == 202, answer.text
    receipt: dict[str, Any] = answer.json["command"]
    return receipt


@pytest.mark.parametrize("kind", ["bus_silence", "frame_loss"])
def test_the_base_gets_no_answer_and_values_go_stale(gateway: Gateway, base: Master, kind: str) -> None:
    """Neither its reads nor its writes come through; the next one afterwards does, and is the first to be answered."""
    requests = traffic(gateway)["requests"]
    with drill(gateway, kind):
        base._send(240, READ)
        base.write(0, TEMPERATURE, [TWENTY_TWO])
        eventually(lambda: hits(gateway, kind) == 2, "both were lost")
        eventually(lambda: gateway.get(ZONE).json["stale"], "it is stale")
        assert gateway.get("/api/v1/health").json["bus"]["state"] == "silent"
        assert traffic(gateway)["requests"] == requests
    assert base.read(240, TEMPERATURE, 1) == [TWENTY_ONE]
    base.write(240, TEMPERATURE, [TWENTY_ONE])
    assert not gateway.get(ZONE).json["stale"]


def test_frames_are_spoilt_and_refused(gateway: Gateway, base: Master) -> None:
    """The connection is closed as for any broken stream, no word is changed, and a new connection works."""
    broken = traffic(gateway)["broken_streams"]
    with drill(gateway, "frame_corruption"):
        with pytest.raises(ConnectionResetError):
            base.write(240, TEMPERATURE, [TWENTY_TWO])
        assert traffic(gateway)["broken_streams"] == broken + 1
    with Master(gateway.modbus_port) as again:
        assert again.read(240, TEMPERATURE, 1) == [TWENTY_ONE]


def test_answers_come_late_and_are_right(gateway: Gateway, base: Master) -> None:
    with drill(gateway, "bus_delay", delay_ms=200):
        began = time.monotonic()
        assert base.read(240, TEMPERATURE, 1) == [TWENTY_ONE]
        assert time.monotonic() - began >= 0.2  # which nothing can be too slow for
    assert hits(gateway, "bus_delay") == 1


def test_the_database_fails(gateway: Gateway, base: Master) -> None:
    """Commands are taken and say that they are not durable; afterwards they are on the disk."""
    with drill(gateway, "database_failure"):
        receipt = asks(gateway, 21.5)
        assert receipt["durable"] is False
        eventually(lambda: "a drill is running" in (database(gateway)["failure"] or ""), "health knows why")
        assert not is_written_down(gateway, receipt["id"])
    eventually(lambda: database(gateway)["failure"] is None, "the database is back")
    eventually(lambda: is_written_down(gateway, receipt["id"]), "it is written down")
    assert asks(gateway, 22.5)["durable"] is True


def test_the_disk_is_slow(gateway: Gateway, base: Master) -> None:
    """A command waits for so long and no longer; the disk counts as failed until it is fast again."""
    with drill(gateway, "slow_disk", delay_ms=5000):
        assert gateway.patch(ZONE, {"setpoint": 23}).json["command"]["durable"] is False
        eventually(lambda: "the disk is slow" in (database(gateway)["failure"] or ""), "health knows why")
    eventually(lambda: database(gateway)["failure"] is None, "the disk is fast again")
    assert asks(gateway, 23.5)["durable"] is True


def test_the_daemon_crashes_once(gateway: Gateway, base: Master) -> None:
    """Another one takes over, with the image, and knows what killed the one before, and that it is over."""
    old = gateway.daemon
    assert gateway.ask("POST", f"{FAULTS}/daemon_crash", {"duration": 120}).status == 201
    eventually(lambda: gateway.daemon not in (0, old), "another daemon")
    eventually(lambda: gateway.try_get("/health/ready").status == 200, "it serves")
    young, found = gateway.daemon, gateway.get(f"{FAULTS}/daemon_crash").json
    assert (found["running"], found["hits"], found["ended_by"]) == (False, 1, "its one stroke")
    assert gateway.get("/health/live").headers["X-Neasmart-Faults"] is None
    events = gateway.get("/api/v1/diagnostics/daemon").json["events"]
    assert ("a drill is over", "daemon_crash") in [(one["event"], one["fields"].get("fault")) for one in events]
    with Master(gateway.modbus_port) as master:
        assert master.read(240, TEMPERATURE, 1) == [TWENTY_ONE]
    assert gateway.daemon == young


def test_also_what_cannot_be_read_is_told_of_a_drill(gateway: Gateway, base: Master) -> None:
    """By the header that every answer has, though no route was ever found."""
    with drill(gateway, "bus_silence"):
        assert ask(gateway, b"nonsense\r\n\r\n").headers["X-Neasmart-Faults"] == "bus_silence"


def test_memory_is_taken_and_given_back(gateway: Gateway, base: Master) -> None:
    """As the kernel sees it; the bus is answered meanwhile."""
    before = resident(gateway.daemon)
    with drill(gateway, "memory_pressure", mebibytes=96):
        eventually(lambda: resident(gateway.daemon) >= before + 90 * MIB, "it has grown")
        assert base.read(240, TEMPERATURE, 1) == [TWENTY_ONE]
    eventually(lambda: resident(gateway.daemon) <= before + 20 * MIB, "it has shrunk")


def resident(pid: int) -> int:
    """The kilobytes that a process really has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def test_a_drill_ends_by_itself(gateway: Gateway, base: Master) -> None:
    """As long as was asked for, and no longer; the base is heard again."""
    gateway.ask("POST", FAULTS, {"kind": "bus_silence", "duration": 1})
    base._send(240, READ)
    found = eventually(lambda: (one := gateway.get(f"{FAULTS}/bus_silence").json)["ended_by"] and one, "its time is up")
    assert (found["ended_by"], found["hits"], found["running"]) == ("time", 1, False)
    assert base.read(240, TEMPERATURE, 1) == [TWENTY_ONE]
