"""What the MQTT side reports to whoever logs, counts or publishes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrokerConnected:
    """Connected to the broker ("host:port"), and everything is published."""

    broker: str


@dataclass(frozen=True, slots=True)
class BrokerLost:
    """Not connected to the broker any more, or not yet, and why; it is tried again."""

    broker: str
    reason: str


@dataclass(frozen=True, slots=True)
class BrokerTrouble:
    """Connected, but something about it is wrong; told once, until it is something else."""

    broker: str
    trouble: str


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """A message that should order something changed nothing; `topic` and `reason` as far as people may see them."""

    topic: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredOrderIgnored:
    """The broker holds a retained order: it would be carried out again and again, so it is not at all."""

    topic: str
    how_to_remove: str


@dataclass(frozen=True, slots=True)
class DevicesRemoved:
    """Home Assistant was told to forget devices of zones that the settings do not list any more."""

    devices: tuple[str, ...]


MqttRecord = BrokerConnected | BrokerLost | BrokerTrouble | OrderRefused | StoredOrderIgnored | DevicesRemoved
