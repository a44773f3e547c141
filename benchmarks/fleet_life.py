"""A fleet: gateways on one machine, a simulated house behind each, and one MQTT broker and one Prometheus for all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.broker import Broker, broker
from benchmarks.servers import ROOT, gateway
from tests.broker import Client
from tests.packaging.prometheus import Prometheus, prometheus
from tests.running import Gateway, eventually

ZONES_OF_A_BASE = 12
_RULES = ROOT / "packaging/prometheus/alerts.yml"
_TOPICS = ("+/status", "homeassistant/device/+/config", "$SYS/broker/messages/received")
_PATIENCE = 60.0
"""Seconds beyond a flush and two scrapes in which every house is to be at home in broker and Prometheus."""
_AT_HOME = (
    "up == 1 and on (instance) neasmart_bus_silent == 0 and on (instance) neasmart_store_flushes_total > 0 "
    "and on (instance) neasmart_mqtt_connected == 1 and on (instance) sum by (instance) (neasmart_zone_stale) == 0"
)
"""Of a gateway whose house has told of every room, and whose journal holds it."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many houses of so many zones (one base, or several of 12), looked at for how long and how often."""

    houses: int = 20
    zones: int = ZONES_OF_A_BASE
    minutes: float = 5.0
    scrape_seconds: int = 15
    flush_seconds: int = 60

    @property
    def bases(self) -> int:
        """Bases of each house."""
        return -(-self.zones // ZONES_OF_A_BASE)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All that runs: gateways by name, the process of all houses, and who hears what the broker holds."""

    gateways: Mapping[str, Gateway]
    houses: subprocess.Popen[str]
    broker: Broker
    listener: Client
    prometheus: Prometheus

    def announced(self, name: str) -> int:
        """Return how many devices a gateway has made known, 0 while it is not online."""
        if self.listener.last(f"{name}/status") != "online":
            return 0
        return sum(topic.startswith(f"homeassistant/device/{name}_b") for topic in self.listener.topics())


@contextmanager
def fleet(folder: Path, size: Size, mosquitto: str) -> Iterator[Fleet]:
    """Give a fleet in which everybody is at home: heard on the bus, at the broker, in the journal, by Prometheus."""
    with ExitStack() as stack:
        at = stack.enter_context(broker(folder / "broker", mosquitto))
        gateways = {name: stack.enter_context(_gateway(folder / name, at, size)) for name in _names(size.houses)}
        houses = stack.enter_context(_houses(size.zones, [one.modbus_port for one in gateways.values()]))
        listener = stack.enter_context(Client(at.port, topics_heard=_TOPICS))
        ports = {name: one.api_port for name, one in gateways.items()}
        watching = stack.enter_context(prometheus(folder, _RULES, ports, size.scrape_seconds))
        found = Fleet(gateways, houses, at, listener, watching)
        _wait_until_at_home(found, size)
        yield found


def _names(houses: int) -> list[str]:
    return [f"house-{number:02}" for number in range(1, houses + 1)]


def _gateway(folder: Path, at: Broker, size: Size) -> AbstractContextManager[Gateway]:
    """As it is installed; what must differ from one to the next is ports, folder and topic."""
    own = {"NEASMART_MQTT_TOPIC": folder.name, "NEASMART_DATABASE_FLUSH_SECONDS": str(size.flush_seconds)}
    return gateway(folder, **at.settings, **own)


@contextmanager
def _houses(zones: int, ports: list[int]) -> Iterator[subprocess.Popen[str]]:
    """Give the process of all houses; it ends with its stdin."""
    command = [sys.executable, "-m", "benchmarks.children.houses", *map(str, (zones, *ports))]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        yield child


def _wait_until_at_home(found: Fleet, size: Size) -> None:
    patience, devices = _PATIENCE + size.flush_seconds + 2 * size.scrape_seconds, size.bases + size.zones
    want = dict.fromkeys(found.gateways, devices)
    eventually(lambda: {name: found.announced(name) for name in want} == want, "all devices at the broker", patience)
    eventually(lambda: len(found.prometheus.query(_AT_HOME)) == size.houses, "all houses in Prometheus", patience)
