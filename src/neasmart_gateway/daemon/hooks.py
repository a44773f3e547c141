"""Turns the records of all parts into log lines, the repeated ones at most once a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict

import structlog

from neasmart_gateway.bus import records as bus
from neasmart_gateway.daemon import records as daemon
from neasmart_gateway.desk import records as desk
from neasmart_gateway.store import records as store

Record = bus.BusRecord | daemon.DaemonRecord | desk.DeskRecord | store.StoreRecord

_MINUTE = 60.0

_LINES: dict[type, tuple[str, int, str]] = {
    daemon.DaemonStarted: ("neasmart.daemon", logging.INFO, "the daemon is at work"),
    daemon.DaemonStopped: ("neasmart.daemon", logging.INFO, "the daemon has stopped"),
    daemon.ClaimWaits: ("neasmart.daemon", logging.ERROR, "the daemon waits, the bus is not served"),
    daemon.CallFailed: ("neasmart.daemon", logging.ERROR, "a call failed by a fault of the gateway"),
    daemon.StartupRefused: ("neasmart.daemon", logging.WARNING, "the startup mode or state is refused at present"),
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
    store.StoreReturned: ("neasmart.store", logging.INFO, "the database can be used again"),
}

_REPEATED = (
    daemon.ClaimWaits,
    daemon.CallFailed,
    bus.ListenerOpened,
    bus.ListenerFailed,
    bus.DeviceLost,
    bus.ConnectionOpened,
    bus.ConnectionClosed,
    bus.ConnectionRefused,
    bus.RequestFailed,
    store.StoreFailed,
)
"""Kinds that can come in floods; each is logged once a minute and says how many were left out."""


class LogHook:
    """Writes one line for each record; `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._loggers = {name: structlog.get_logger(name) for name, _, _ in _LINES.values()}
        self._since: dict[type, float] = {}
        self._left_out: dict[type, int] = {}

    def __call__(self, record: Record) -> None:
        """Log a record, unless its like was logged within the minute."""
        kind = type(record)
        name, level, event = _LINES[kind]
        if not self._is_due(kind):
            return
        fields = _fields(record)
        if self._left_out.get(kind):
            fields["left_out"] = self._left_out.pop(kind)
        self._loggers[name].log(level, event, **fields)

    def _is_due(self, kind: type) -> bool:
        if kind not in _REPEATED:
            return True
        now = self._clock()
        if now - self._since.get(kind, -_MINUTE) < _MINUTE:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return False
        self._since[kind] = now
        return True


def _fields(record: Record) -> dict[str, object]:
    if isinstance(record, desk.CommandChanged):
        receipt = record.receipt
        writes = {write["register"]: write["value"] for write in receipt["writes"]}
        return {"command_id": receipt["id"], "state": receipt["state"], "by": receipt["by"]["via"], "writes": writes}
    fields = asdict(record)
    if "moved_to" in fields:
        fields["moved_to"] = str(fields["moved_to"])
    if "peer" in fields:
        fields["peer"] = str(getattr(record, "peer", ""))
    return fields
