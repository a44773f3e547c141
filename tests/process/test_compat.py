"""The older gateways' routes on a real gateway: a base station's writes in, words on the bus out."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Gateway, eventually, running

pytestmark = pytest.mark.needs("mbpoll")

TWENTY_ONE, TWENTY = 0x0C1A, 0x07D0
"""21.00 and 20.00 °C as DPT 9.001."""
STALE = "X-Rehau-Registers-Stale"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("compat"), NEASMART_MODBUS_STALE_AFTER_SECONDS="10") as gateway:
        yield gateway


def mbpoll(gateway: Gateway, register: int, *words: int) -> list[int]:
    """Write words, or read one register."""
    arguments = ["mbpoll", "-m", "tcp", "-p", str(gateway.modbus_port), "-a", "240", "-0", "-1", "-t", "4"]
    arguments += ["-r", str(register), "127.0.0.1", *map(str, words)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return [int(word) for word in re.findall(r"^\[\d+\]:\s+(\d+)", done.stdout, re.MULTILINE)]


def test_both_contracts_over_the_wire(gateway: Gateway) -> None:
    """What the base writes is shown, what is asked for is what it reads, and a bad POST leaves every word as it was."""
    mbpoll(gateway, 100, 1, TWENTY_ONE, TWENTY)
    zone = gateway.get("//zones//1/1")
    assert (zone.status, zone.headers[STALE]) == (200, "false")
    assert zone.json == {"state": 1, "setpoint": 21.0, "temperature": 20.0, "relative_humidity": 0}
    api = gateway.get("//api//zones/1/1")
    assert (api.status, api.json["state"], api.json["temperature"]) == (200, "presence", {"value": 20.0, "unit": "°C"})
    assert gateway.get("/api//zones").json["count"] == 1

    for path, bad in (
        ("/zones/1/1", {"state": 3, "setpoint": -5}),
        ("//api/zones/1/1", {"state": "off", "setpoint": "x"}),
    ):
        assert gateway.ask("POST", path, bad).status == 400
        assert (mbpoll(gateway, 100), mbpoll(gateway, 101)) == ([1], [TWENTY_ONE])

    accepted = gateway.ask("POST", "//zones/1/1", {"state": 2})
    assert (accepted.status, accepted.text, accepted.headers[STALE]) == (202, "", "false")
    assert gateway.get("/zones/1/1").json["state"] == 2
    assert mbpoll(gateway, 100) == [2]
    mbpoll(gateway, 100, 2)
    off = gateway.ask("POST", "//api//zones/1/1", {"state": "off"})
    assert (off.status, mbpoll(gateway, 100)) == (202, [3])
    mbpoll(gateway, 100, 3)
    assert gateway.get("/api/zones/1/1").json["state"] == "standby"


def compat_test(gateway: Gateway, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "neasmart_gateway", "compat-test", *arguments],
        cwd=gateway.folder, env=gateway.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_contract_tests_itself(gateway: Gateway) -> None:
    """Status 0 when all is shown, 1 with what fails and why, 2 when nobody is there; and no word changes."""
    mbpoll(gateway, 100, 1, TWENTY_ONE, TWENTY)
    well = compat_test(gateway)
    assert (well.returncode, well.stderr) == (0, ""), well.stdout
    assert "ok    zone 1/1: 20.0 °C, setpoint 21.0 °C, normal, no humidity" in well.stdout
    assert "FAILS" not in well.stdout
    assert (mbpoll(gateway, 1), mbpoll(gateway, 100), mbpoll(gateway, 101)) == ([0], [1], [TWENTY_ONE])
    assert gateway.get("/api/v1/health").json["pending_registers"] == 0

    unheard = compat_test(gateway, f"http://127.0.0.1:{gateway.api_port}", "--zone", "2/1")
    assert unheard.returncode == 1
    assert "FAILS zone 2/1: unavailable, 503: nothing current is known" in unheard.stdout

    for wrong in ("http://127.0.0.1:1", "gateway:5001"):
        nobody = compat_test(gateway, wrong)
        assert (nobody.returncode, "Traceback" in nobody.stderr, wrong in nobody.stderr) == (2, False, True)


def test_a_gateway_that_takes_no_command(tmp_path: Path) -> None:
    """Home Assistant would be refused every command, so that the test fails; what is not served is not played."""
    with running(tmp_path, NEASMART_COMMANDS_ENABLED="false", NEASMART_API_COMPAT="root") as gateway:
        mbpoll(gateway, 100, 1, TWENTY_ONE, TWENTY)
        told = compat_test(gateway)
    failing = [line for line in told.stdout.splitlines() if "FAILS" in line]
    assert (told.returncode, len(failing)) == (1, 1), told.stdout
    assert "FAILS every command, 409: commands are switched off (NEASMART_COMMANDS_ENABLED is false)" in failing
    assert "/api routes" not in told.stdout


def test_the_daemon_stops_for_a_moment_then_the_bus_falls_silent(gateway: Gateway) -> None:
    """The header speaks of the bus alone; when that is silent, measurements are gone, zones unavailable."""
    daemon = gateway.daemon
    mbpoll(gateway, 102, TWENTY)
    os.kill(daemon, signal.SIGSTOP)
    try:
        eventually(lambda: gateway.get("/api/v1/health").json["daemon"]["state"] == "away", "it is missed")
        zone = gateway.get("/zones/1/1")
        assert (zone.headers[STALE], zone.json["temperature"]) == ("false", 20.0)
        assert gateway.ask("POST", "/mode", {"mode": 2}).status == 503
    finally:
        os.kill(daemon, signal.SIGCONT)
    eventually(lambda: gateway.get("/mode").headers[STALE] == "true", "the bus is silent")
    assert gateway.get("/zones/1/1").json["temperature"] is None
    assert gateway.get("/api/zones/1/1").status == 503
    eventually(lambda: gateway.get("/api/health").status == 200, "the daemon is back")
    assert gateway.get("/api/health").json["status"] == "degraded"
    assert gateway.get("/health").json["registers_stale"] is True
