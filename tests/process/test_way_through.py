"""Once through, with a client that nobody here wrote: what mbpoll writes is read over HTTP, and the other way round."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Gateway, eventually, running

pytestmark = pytest.mark.needs("mbpoll")

TWENTY_ONE = 0x0C1A
"""21.00 °C as DPT 9.001."""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with running(tmp_path, NEASMART_MODBUS_COMMAND_TIMEOUT_SECONDS="2") as gateway:
        yield gateway


def mbpoll(gateway: Gateway, unit: int, register: int, *words: int) -> list[int]:
    """Write words, or read one register."""
    arguments = ["mbpoll", "-m", "tcp", "-p", str(gateway.modbus_port), "-a", str(unit), "-0", "-1", "-t", "4"]
    arguments += ["-r", str(register), "127.0.0.1", *map(str, words)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return [int(word) for word in re.findall(r"^\[\d+\]:\s+(\d+)", done.stdout, re.MULTILINE)]


@pytest.mark.parametrize("unit", [240, 241])
def test_what_the_master_writes_is_read_over_http(gateway: Gateway, unit: int) -> None:
    """A measurement written to 102 on either unit is the temperature of zone 1/1, live."""
    assert gateway.get("/api/v1/zones").json["count"] == 0
    mbpoll(gateway, unit, 102, TWENTY_ONE)
    zone = gateway.get("/api/v1/zones/1/1").json
    assert (zone["temperature"], zone["stale"], zone["address"]) == (21.0, False, 100)
    assert zone["reasons"] == dict.fromkeys(("state", "setpoint", "relative_humidity"), "never_written")
    assert gateway.get("/api/v1/zones").json["count"] == 1
    assert mbpoll(gateway, 481 - unit, 102) == [TWENTY_ONE]


def test_a_setpoint_is_read_delivered_and_confirmed(gateway: Gateway) -> None:
    """A setpoint patched over HTTP is what the master reads from 101; its echo confirms the command."""
    mbpoll(gateway, 240, 101, TWENTY_ONE)
    answer = gateway.patch("/api/v1/zones/1/1", {"setpoint": 22.5})
    assert answer.status == 202
    followed = answer.headers["Location"]
    assert answer.json["command"]["state"] == "accepted"
    assert gateway.get("/api/v1/zones/1/1").json["desired"]["setpoint"] == 22.5
    (word,) = mbpoll(gateway, 241, 101)
    assert gateway.get(followed).json["command"]["state"] == "delivered"
    mbpoll(gateway, 240, 101, word)
    command = gateway.get(followed).json["command"]
    assert (command["state"], command["writes"][0]["effective"]) == ("confirmed", 22.5)
    zone = gateway.get("/api/v1/zones/1/1").json
    assert (zone["setpoint"], zone["desired"], zone["command"]) == (22.5, None, None)


def test_an_unread_setpoint_is_never_served_late(gateway: Gateway) -> None:
    """When its time is up, unread, the command is expired and the master reads the reported word again."""
    mbpoll(gateway, 240, 101, TWENTY_ONE)
    followed = gateway.patch("/api/v1/zones/1/1", {"setpoint": 25}).headers["Location"]
    eventually(lambda: gateway.get(followed).json["command"]["state"] == "expired", "the command expires")
    assert mbpoll(gateway, 240, 101) == [TWENTY_ONE]


def test_released_means_no_data_until_the_base_writes(gateway: Gateway) -> None:
    """After a release the master reads the no-data word, publishes its own, and reads that."""
    mbpoll(gateway, 240, 101, TWENTY_ONE)
    gateway.patch("/api/v1/zones/1/1", {"setpoint": 25})
    assert gateway.ask("POST", "/api/v1/zones/1/1/release").status == 202
    assert mbpoll(gateway, 240, 101) == [0]
    mbpoll(gateway, 240, 101, TWENTY_ONE)
    assert mbpoll(gateway, 240, 101) == [TWENTY_ONE]
