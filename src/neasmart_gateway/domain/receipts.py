"""Receipts as everybody keeps them: what a restart makes of one, and its place in lists."""

from __future__ import annotations

from typing import Any

from neasmart_gateway.domain.commands import RESTART_NOTE, TRANSITIONS, CommandState, Event, overall
from neasmart_gateway.domain.times import unix_of

Receipt = dict[str, Any]
PLACES_OF_A_MILLISECOND = 1024


def closed_by_restart(receipt: Receipt, moment: str) -> Receipt:
    """Return the receipt of a command that was open when its daemon ended: no command survives a restart."""
    writes = [_closed_write(write, moment) for write in receipt["writes"]]
    state = overall(CommandState(write["state"]) for write in writes)
    return receipt | {"writes": writes, "state": str(state), "finished_at": moment, "note": RESTART_NOTE}


def _closed_write(write: dict[str, Any], moment: str) -> dict[str, Any]:
    target = TRANSITIONS.get((CommandState(write["state"]), Event.RESTART))
    return write if target is None else write | {"state": str(target), "finished_at": moment}


def is_open(receipt: Receipt) -> bool:
    """Whether something may still become of a command."""
    return not CommandState(receipt["state"]).is_final


def number_of(receipt: Receipt) -> int:
    """Return the number that the id ("NUMBER-RANDOM") begins with: commands are counted as they come in."""
    number = receipt["id"].partition("-")[0]
    return int(number) if number.isdecimal() else 0


def place_of(receipt: Receipt) -> int:
    """Return a command's place in a list: by the millisecond in which it came in, then by its number."""
    return place(unix_of(receipt["created_at"]), number_of(receipt))


def place(unix: float, among_equals: int) -> int:
    """Return the place of what happened at a Unix time: the later, the higher; the same whoever reckons it.

    It fits into the 53 bits that JSON's readers keep of a number.
    """
    # A time that was written with three digits and read again is a hair off.
    return int(unix * 1000 + 0.001) * PLACES_OF_A_MILLISECOND + among_equals % PLACES_OF_A_MILLISECOND


def latest_at(place: int) -> float:
    """Return the Unix time before which everything at this place, or an earlier one, has happened."""
    return (place // PLACES_OF_A_MILLISECOND + 1) / 1000
