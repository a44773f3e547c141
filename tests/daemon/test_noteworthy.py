"""Which records are noteworthy, and what becomes of them as events."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.bus import records as bus
from neasmart_gateway.daemon import records as daemon
from neasmart_gateway.daemon.hooks import Record
from neasmart_gateway.daemon.noteworthy import event_of
from neasmart_gateway.desk import records as desk
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.mqtt import records as mqtt
from neasmart_gateway.store import records as store

AT = 1_800_000_000.0
PEER = Peer("tcp", "192.0.2.10")


def receipt(state: str) -> dict[str, Any]:
    write = {"register": "zone.setpoint", "base": 1, "zone": 2, "value": 21.5}
    mode = {"register": "operation.mode", "base": None, "zone": None, "value": "auto"}
    by = {"via": "http", "who": "192.0.2.50"}
    return {"id": "7-abc", "state": state, "by": by, "writes": [write, mode], "note": None}


@pytest.mark.parametrize(
    ("record", "component", "level"),
    [
        (daemon.DaemonStarted(7, 1, 2, 3), "daemon", "info"),
        (daemon.ClaimWaits("another gateway holds it"), "daemon", "error"),
        (bus.ListenerFailed("tcp", "taken", 0.5), "bus", "error"),
        (bus.ConnectionRefused(PEER, "too many"), "bus", "warning"),
        (desk.BusFellSilent(600.0), "bus", "warning"),
        (desk.TwoPeers(("tcp 192.0.2.10", "tcp 192.0.2.11")), "bus", "error"),
        (desk.FightNoticed("zone.setpoint 1.1", 101), "commands", "warning"),
        (mqtt.BrokerLost("192.0.2.7:1883", "Connection refused"), "mqtt", "warning"),
        (mqtt.BrokerTrouble("192.0.2.7:1883", "another gateway has come"), "mqtt", "warning"),
        (mqtt.StoredOrderIgnored("neasmart/1/1/mode/set", "mosquitto_pub …"), "mqtt", "warning"),
        (store.StoreFailed("disk is full", 12), "database", "error"),
        (store.StoreSetAside(Path("x.corrupt"), "malformed", "look"), "database", "error"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_noteworthy(record: Record, component: str, level: str) -> None:
    """Warnings, errors and changes of state, under the component that a person would look at."""
    event = event_of(record, AT)
    assert event is not None
    assert (event.component, event.level, event.count) == (component, level, 1)
    assert event.first_at == event.last_at == AT
    assert event.as_json()["event"]


@pytest.mark.parametrize(
    "record",
    [
        desk.RegisterChanged(102, 1, 2, 0.0),
        desk.CommandEchoed(102, 0.5, 0.0, "17-9f3a1c02"),
        store.StoreFlushed(1, 2),
        daemon.DiagnosticsCleared(("bus",), 3, "somebody"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_what_is_not(record: Record) -> None:
    """The daily work; and that they were cleared, so that they are empty then."""
    assert event_of(record, AT) is None


@pytest.mark.parametrize("state", CommandState)
def test_commands(state: CommandState) -> None:
    """The ends of those that were not confirmed, and how bad that is."""
    event = event_of(desk.CommandChanged(receipt(state)), AT)
    trouble = {"expired": "warning", "unconfirmed": "warning", "overridden": "warning"}
    levels = {"superseded": "info", "cancelled": "info"} | trouble
    assert (event.level if event else None) == levels.get(state)
    if event is not None:
        assert event.fields["writes"] == ["zone.setpoint 1.2 = 21.5", "operation.mode = auto"]
        assert event.subject == f"{state} zone.setpoint 1.2 operation.mode"


def test_numbers_do_not_tell_events_apart() -> None:
    """What differs each time anyhow makes no other subject; another reason does."""
    subjects = [
        event.subject for record in _failures() if (event := event_of(record, AT)) is not None
    ]  # fmt: skip
    assert subjects[0] == subjects[1] != subjects[2]


def _failures() -> Iterator[Record]:
    yield store.StoreFailed("disk is full", 12)
    yield store.StoreFailed("disk is full", 13)
    yield store.StoreFailed("disk is gone", 13)
