"""A simulated house behind a gateway of a test, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.running import DEADLINE, Gateway, eventually

ZONE = "/api/v1/zones/1/1"


@contextmanager
def house_behind(gateway: Gateway, zones: int = 6) -> Iterator[None]:
    """A base station that has told of every room, and goes on telling."""
    arguments = ["--connect", f"127.0.0.1:{gateway.modbus_port}", "--zones", str(zones), "--speed", "50"]
    house = subprocess.Popen(
        [sys.executable, "-m", "neasmart_gateway", "simulate", *arguments],
        cwd=gateway.folder,
        env=gateway.environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: gateway.get(ZONE).json["temperature"], "the house has told of its rooms")
        yield
    finally:
        house.terminate()
        house.wait(DEADLINE)
