"""Which records of the parts are noteworthy events, of which component, and about what."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from neasmart_gateway.daemon.hooks import Record, level_of, said
from neasmart_gateway.daemon.records import DiagnosticsCleared
from neasmart_gateway.desk import records as desk
from neasmart_gateway.diagnostics.events import Event
from neasmart_gateway.domain.commands import CommandState

_COMPONENTS = {
    "neasmart.bus": "bus", "neasmart.desk": "commands", "neasmart.store": "database", "neasmart.daemon": "daemon",
    "neasmart.mqtt": "mqtt",
}  # fmt: skip
_OF_THE_BUS = (desk.BusFellSilent, desk.BusSpeaks, desk.TwoPeers, desk.OnePeerAgain)
_TROUBLE = frozenset({CommandState.EXPIRED, CommandState.UNCONFIRMED, CommandState.OVERRIDDEN})
_ENDED = "a command ended without being confirmed"


def event_of(record: Record, at: float) -> Event | None:
    """Return what a record says as an event, None for one that is not noteworthy. `at` is Unix seconds."""
    if isinstance(record, desk.CommandChanged):
        return _end_of(record.receipt, at)
    if level_of(record) < logging.INFO or isinstance(record, DiagnosticsCleared):
        return None  # who has cleared them is for the log: what was cleared is empty
    logger, level, sentence, fields = said(record)
    component = "bus" if isinstance(record, _OF_THE_BUS) else _COMPONENTS[logger]
    return Event(component, logging.getLevelName(level).lower(), sentence, at, at, _subject(fields), fields)


def _subject(fields: Mapping[str, Any]) -> str:
    """Return whom or what it is about: its words, but not its numbers, which are others each time."""
    return " ".join(value for value in fields.values() if isinstance(value, str))


def _end_of(receipt: Mapping[str, Any], at: float) -> Event | None:
    """Return how a command has ended, unless it is open or was confirmed."""
    state = CommandState(receipt["state"])
    if not state.is_final or state is CommandState.CONFIRMED:
        return None
    places = [_place(write) for write in receipt["writes"]]
    fields = {
        "command_id": receipt["id"],
        "state": str(state),
        "by": f"{receipt['by']['via']} {receipt['by']['who']}",
        "writes": [f"{place} = {write['value']}" for place, write in zip(places, receipt["writes"], strict=True)],
        "note": receipt["note"],
    }
    level = "warning" if state in _TROUBLE else "info"
    return Event("commands", level, _ENDED, at, at, " ".join((str(state), *places)), fields)


def _place(write: Mapping[str, Any]) -> str:
    where = f" {write['base']}.{write['zone']}" if write["base"] else ""
    return f"{write['register']}{where}"
