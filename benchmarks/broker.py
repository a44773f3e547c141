"""A mosquitto of our own on loopback, which tells every second how many messages it has had."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import program
from tests.running import free_ports

_SERVERS = "/usr/sbin:/usr/local/sbin"
"""Where Debian keeps it, which only root looks at."""


@dataclass(frozen=True, slots=True)
class Broker:
    """One that listens."""

    port: int
    pid: int

    @property
    def settings(self) -> Mapping[str, str]:
        """What a gateway needs to find it."""
        return {"NEASMART_MQTT_HOST": "127.0.0.1", "NEASMART_MQTT_PORT": str(self.port)}


def mosquitto() -> str | None:
    """Return the path of the program; None where there is none."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=_SERVERS)


@contextmanager
def broker(folder: Path, path: str) -> Iterator[Broker]:
    """Give a broker that keeps nothing on disk, and lets everybody in."""
    folder.mkdir()
    (port,) = free_ports(1)
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nsys_interval 1\n")
    with program(folder, port, [path, "-c", str(config)]) as process:
        yield Broker(port, process.pid)
