"""Turns the records of all parts into log lines, without floods."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import Context
from dataclasses import asdict

import structlog

from neasmart_gateway.bus import records as bus
from neasmart_gateway.daemon import records as daemon
from neasmart_gateway.daemon.floods import Floods
from neasmart_gateway.desk import records as desk
from neasmart_gateway.faults import records as faults
from neasmart_gateway.mqtt import records as mqtt
from neasmart_gateway.store import records as store

Record = (
    bus.BusRecord | daemon.DaemonRecord | desk.DeskRecord | store.StoreRecord | faults.FaultRecord | mqtt.MqttRecord
)

_LINES: dict[type, tuple[str, int, str]] = {
    daemon.DaemonStarted: ("neasmart.daemon", logging.INFO, "the daemon is at work"),
    daemon.DaemonStopped: ("neasmart.daemon", logging.INFO, "the daemon has stopped"),
    daemon.ClaimWaits: ("neasmart.daemon", logging.ERROR, "the daemon waits, the bus is not served"),
    daemon.CallFailed: ("neasmart.daemon", logging.ERROR, "a call failed by a fault of the gateway"),
    daemon.StartupRefused: ("neasmart.daemon", logging.WARNING, "the startup mode or state is refused at present"),
    daemon.DiagnosticsFailed: ("neasmart.daemon", logging.WARNING, "noteworthy events cannot be written down"),
    daemon.DiagnosticsCleared: ("neasmart.daemon", logging.WARNING, "the diagnostics were cleared"),
    bus.ListenerOpened: ("neasmart.bus", logging.INFO, "listening for the base station"),
    bus.ListenerFailed: ("neasmart.bus", logging.ERROR, "cannot listen for the base station, trying again"),
    bus.DeviceLost: ("neasmart.bus", logging.ERROR, "a serial device is lost, opening it anew"),
    bus.ConnectionOpened: ("neasmart.bus", logging.INFO, "connected"),
    bus.ConnectionClosed: ("neasmart.bus", logging.INFO, "disconnected"),
    bus.ConnectionRefused: ("neasmart.bus", logging.WARNING, "connection refused"),
    bus.RequestFailed: ("neasmart.bus", logging.ERROR, "a request failed by a fault of the gateway"),
    desk.RegisterChanged: ("neasmart.desk", logging.DEBUG, "register changed"),
    desk.CommandEchoed: ("neasmart.desk", logging.DEBUG, "command echoed"),
    desk.RegisterWanted: ("neasmart.desk", logging.DEBUG, "register wanted"),
    desk.RegisterReleased: ("neasmart.desk", logging.DEBUG, "register released"),
    desk.FightNoticed: ("neasmart.desk", logging.WARNING, "a client and the base station fight over a register"),
    desk.CommandChanged: ("neasmart.desk", logging.INFO, "command"),
    desk.BusFellSilent: ("neasmart.desk", logging.WARNING, "the bus has fallen silent, values are stale"),
    desk.BusSpeaks: ("neasmart.desk", logging.INFO, "the bus speaks"),
    desk.TwoPeers: ("neasmart.desk", logging.ERROR, "two base stations write into the same registers, no commands"),
    desk.OnePeerAgain: ("neasmart.desk", logging.INFO, "one base station again, commands are taken"),
    store.StoreFlushed: ("neasmart.store", logging.DEBUG, "changes written down"),
    store.StoreFailed: ("neasmart.store", logging.ERROR, "the database cannot be used, going on in memory"),
    store.StoreSetAside: ("neasmart.store", logging.ERROR, "the database was beyond use and is set aside"),
    faults.DrillBegan: ("neasmart.daemon", logging.WARNING, "a drill begins, a fault is made on purpose"),
    faults.DrillEnded: ("neasmart.daemon", logging.WARNING, "a drill is over"),
    mqtt.BrokerConnected: ("neasmart.mqtt", logging.INFO, "connected to the MQTT broker"),
    mqtt.BrokerLost: ("neasmart.mqtt", logging.WARNING, "no connection to the MQTT broker, trying again"),
    mqtt.BrokerTrouble: ("neasmart.mqtt", logging.WARNING, "MQTT is connected, but something is wrong"),
    mqtt.OrderRefused: ("neasmart.mqtt", logging.WARNING, "an order by MQTT was refused"),
    mqtt.StoredOrderIgnored: (
        "neasmart.mqtt",
        logging.WARNING,
        "an order that the MQTT broker holds as retained is ignored",
    ),
    mqtt.DevicesRemoved: (
        "neasmart.mqtt",
        logging.INFO,
        "devices of zones that are not listed any more were removed by MQTT",
    ),
    store.StoreReturned: ("neasmart.store", logging.INFO, "the database can be used again"),
}


def for_request(context: Mapping[str, str]) -> AbstractContextManager[None]:
    """Let the lines that are written within carry the id of the request that they are owed to."""
    return structlog.contextvars.bound_contextvars(**{n: v for n, v in context.items() if n == "request_id"})


def is_logged(logger: str, level: int) -> bool:
    """Say whether lines of a logger at a level are written, as the settings have it."""
    return logging.getLogger(logger).isEnabledFor(level)


class LogHook:
    """Writes one line for each record; `clock` gives monotonic seconds.

    `wanted` says of a logger and a level whether its lines are written at all, and is asked once.
    """

    def __init__(
        self, clock: Callable[[], float], wanted: Callable[[str, int], bool] = lambda _name, _level: True
    ) -> None:
        self._left_alone = {kind for kind, (name, level, _) in _LINES.items() if not wanted(name, level)}
        self._floods = Floods(clock)
        self._loggers = {name: structlog.get_logger(name) for name, _, _ in _LINES.values()}

    def __call__(self, record: Record) -> None:
        """Log a record, unless it is one of a flood, or of a kind that is not logged."""
        if type(record) in self._left_alone:
            return
        self.catch_up()
        left_out = self._floods.admit(record)
        if left_out is not None:
            self._log(record, left_out)

    def catch_up(self) -> None:
        """Log the states of listeners that were held back for the sake of those who read, as soon as they may be."""
        for record, left_out in self._floods.due():
            Context().run(self._log, record, left_out)  # whose request we are in has nothing to do with it

    def _log(self, record: Record, left_out: int) -> None:
        name, level, event, fields = said(record)
        self._loggers[name].log(level, event, **fields | ({"left_out": left_out} if left_out else {}))


def level_of(record: Record) -> int:
    """Return the level at which a record is logged."""
    return _LINES[type(record)][1]


def said(record: Record) -> tuple[str, int, str, dict[str, object]]:
    """Return what a record says: the logger's name, the level, the sentence, and its fields."""
    return *_LINES[type(record)], _fields(record)


def _fields(record: Record) -> dict[str, object]:
    if isinstance(record, desk.CommandChanged):
        receipt = record.receipt
        writes = {write["register"]: write["value"] for write in receipt["writes"]}
        return {"command_id": receipt["id"], "state": receipt["state"], "by": receipt["by"]["via"], "writes": writes}
    fields = asdict(record)
    fields |= fields.pop("credit", {})  # a command's id under the same name in all lines
    if "moved_to" in fields:
        fields["moved_to"] = str(fields["moved_to"])
    if "peer" in fields:
        fields["peer"] = str(getattr(record, "peer", ""))
    return fields
