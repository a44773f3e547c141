"""Turns what happens on the bus, at the desk and in the store into the counters of the metrics, at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neasmart_gateway.bus.meter import VERDICTS, Meter
from neasmart_gateway.bus.records import ConnectionRefused, DeviceLost, ListenerFailed
from neasmart_gateway.daemon.hooks import Record
from neasmart_gateway.daemon.records import DaemonStarted
from neasmart_gateway.desk.records import CommandChanged, FightNoticed
from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.domain.receipts import is_open
from neasmart_gateway.domain.times import unix_of
from neasmart_gateway.metrics import meters
from neasmart_gateway.metrics.catalogue import ORDER_REFUSALS
from neasmart_gateway.metrics.meters import Errors, Follower, Histogram
from neasmart_gateway.mqtt import meter as mqtt
from neasmart_gateway.shm.counters import Counters
from neasmart_gateway.store.records import StoreFailed, StoreFlushed, StoreReturned

_REMEMBERED = 1024


class BusMeter(Meter):
    """Counts for one listener."""

    def __init__(self, counters: Counters, listener: str) -> None:
        self._errors = Errors(counters)
        self._frames = {verdict: counters.counter(meters.FRAMES, listener, verdict) for verdict in VERDICTS}
        self._turnaround = Histogram(counters, meters.TURNAROUND, listener)

    def heard(self, verdict: str, *, dropped: bool) -> None:
        self._frames[verdict].add()
        if dropped:
            self._errors.add("receive", verdict)

    def answered(self, seconds: float) -> None:
        self._turnaround.observe(seconds)

    def refused(self, operation: str, error: str) -> None:
        self._errors.add(operation, error)

    def withheld(self, why: str) -> None:
        self._errors.add("answer", why)

    def broke(self) -> None:
        self._errors.add("receive", "not_modbus_tcp")


class MqttMeter(mqtt.Meter):
    """Counts what passes between us and the MQTT broker."""

    def __init__(self, counters: Counters) -> None:
        self._connections = counters.counter(meters.MQTT_CONNECTIONS)
        self._published = counters.counter(meters.MQTT_PUBLISHED)
        self._received = counters.counter(meters.MQTT_RECEIVED)
        self._refused = {reason: counters.counter(meters.MQTT_REFUSED, reason) for reason in ORDER_REFUSALS}

    def connected(self) -> None:
        self._connections.add()

    def published(self) -> None:
        self._published.add()

    def received(self) -> None:
        self._received.add()

    def refused(self, reason: str) -> None:
        self._refused[reason].add()


class CommandCount:
    """Counts each command once, when it has come to its end."""

    def __init__(self, counters: Counters) -> None:
        states = (state for state in CommandState if state.is_final)
        self._ended = {str(state): counters.counter(meters.COMMANDS, state) for state in states}
        self._delivery = Histogram(counters, meters.DELIVERY)
        self._confirmation = Histogram(counters, meters.CONFIRMATION)
        self._counted: dict[str, None] = {}
        """A receipt may change once more behind its end."""

    def note(self, receipt: Mapping[str, Any]) -> None:
        """Take a receipt in, as it is now."""
        if is_open(dict(receipt)) or receipt["id"] in self._counted:
            return
        self._counted[receipt["id"]] = None
        if len(self._counted) > _REMEMBERED:
            del self._counted[next(iter(self._counted))]
        self._ended[receipt["state"]].add()
        for write in receipt["writes"]:
            self._measure(unix_of(receipt["created_at"]), write)

    def _measure(self, began: float, write: Mapping[str, Any]) -> None:
        if write["delivered_at"] is None:
            return  # never read, or never sent because it was so already
        self._delivery.observe(max(0.0, unix_of(write["delivered_at"]) - began))
        if write["state"] == CommandState.CONFIRMED:
            self._confirmation.observe(max(0.0, unix_of(write["finished_at"]) - began))


class CountHook:
    """Counts the records of all parts; `written` gives how many bytes this process has given to disks."""

    def __init__(self, counters: Counters, written: Callable[[], int]) -> None:
        self._errors, self._commands = Errors(counters), CommandCount(counters)
        self._written = written
        self._bytes = Follower(counters, meters.WRITTEN_BYTES)
        self._dropped = Follower(counters, meters.DROPPED_ROWS)
        names = {
            DaemonStarted: meters.DAEMON_STARTS, FightNoticed: meters.FIGHTS, StoreFlushed: meters.FLUSHES,
            StoreReturned: meters.FLUSHES, StoreFailed: meters.STORE_FAILURES,
        }  # fmt: skip
        self._by_type: Mapping[type, Any] = {kind: counters.counter(name) for kind, name in names.items()}

    def __call__(self, record: Record) -> None:
        """Count a record; those of no interest are passed over."""
        if (counter := self._by_type.get(type(record))) is not None:
            counter.add()
        match record:
            case CommandChanged():
                self._commands.note(record.receipt)
            case ListenerFailed():
                self._errors.add("listen", "cannot_open")
            case DeviceLost():
                self._errors.add("listen", "device_lost")
            case ConnectionRefused():
                self._errors.add("listen", "connection_refused")
            case StoreFlushed() | StoreReturned() | StoreFailed():
                self._bytes.follow(self._written())

    def dropped(self, rows: int) -> None:
        """Note how many rows this daemon has dropped so far."""
        self._dropped.follow(rows)


def written_by_this_process() -> int:
    """Return the bytes that the kernel has counted as sent to disks for this process (proc(5)); 0 where it does not."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("write_bytes:")), 0)
