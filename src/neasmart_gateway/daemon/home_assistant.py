"""Puts MQTT together, if a broker is named in the settings. As a rule there is none."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from neasmart_gateway import __version__
from neasmart_gateway.daemon import options
from neasmart_gateway.daemon.counting import MqttMeter
from neasmart_gateway.mqtt.broker import BrokerOptions
from neasmart_gateway.mqtt.discovery import Discovery
from neasmart_gateway.mqtt.house import Onlooker, Outcomes
from neasmart_gateway.mqtt.inbox import Means, Submit
from neasmart_gateway.mqtt.lease import Lease
from neasmart_gateway.mqtt.publisher import Publisher
from neasmart_gateway.mqtt.records import MqttRecord
from neasmart_gateway.mqtt.session import Session, awake
from neasmart_gateway.mqtt.topics import Names
from neasmart_gateway.settings import Settings
from neasmart_gateway.shm.memory import SharedMemory


def _no_work() -> tuple[Coroutine[Any, Any, None], ...]:
    return ()


def _no_status() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Mqtt:
    """What runs beside the bus, and what it says of itself."""

    work: Callable[[], tuple[Coroutine[Any, Any, None], ...]] = _no_work
    status: Callable[[], dict[str, Any] | None] = _no_status


def mqtt_of(settings: Settings, memory: SharedMemory, submit: Submit, report: Callable[[MqttRecord], None]) -> Mqtt:
    """Return nothing to be done where no broker is named; connects to nobody before its work is begun."""
    mqtt, rules = settings.mqtt, options.rules(settings)
    if mqtt.host is None:
        return Mqtt()
    names = Names(mqtt.topic, mqtt.discovery_prefix)
    onlooker = Onlooker(memory, settings.house, rules.stale_after, time.monotonic)
    publisher = Publisher(
        Discovery(names, __version__), onlooker, memory.events, Outcomes(memory.receipts), rules.allowed
    )
    means = Means(submit, memory.limits, settings.api.command_limit_per_minute, report)
    means.meter = MqttMeter(memory.counters)
    lease = Lease(memory.header, awake)
    session = Session(
        _broker(settings), names, publisher, means, lease, lambda: time.monotonic() + memory.header.wall_offset
    )
    return Mqtt(lambda: (session.run(),), session.status)


def _broker(settings: Settings) -> BrokerOptions:
    mqtt = settings.mqtt
    return BrokerOptions(
        host=mqtt.host or "",
        port=mqtt.port,
        client_id=f"neasmart-gateway-{mqtt.topic}-{secrets.token_hex(4)}",
        username=mqtt.username,
        password=mqtt.password.get_secret_value() if mqtt.password else None,
        tls=mqtt.tls,
        ca_file=mqtt.ca_file,
    )
