"""The answer to a command: accepted, and where to follow it; or, for whoever wants to wait, how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from flask import url_for

from neasmart_gateway.api import tracing
from neasmart_gateway.api.described import View, described
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.preferences import idempotency, wait_seconds
from neasmart_gateway.api.schema import Body
from neasmart_gateway.api.v1.models.commands import CommandAnswer
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.receipts import is_open
from neasmart_gateway.errors import Conflict, DaemonAway, NotDurable, NotFound, TooMany
from neasmart_gateway.manager.manager import ModbusManager

VIA = "http"

Accepted = tuple[CommandAnswer, int, dict[str, str]]


def command(*, takes: type[Body], critical: bool = False) -> Callable[[View], View]:
    """Describe a view that hands a command over and answers with its receipt."""
    return described(
        takes=takes,
        answers={
            202: "Accepted; `Location` says where to follow it. With `Prefer: wait`: still open when the time was up.",
            200: "With `Prefer: wait`: the command as it ended.",
        },
        refuses=(NotFound, Conflict, TooMany, DaemonAway, NotDurable),
        reads=("Prefer", "Idempotency-Key"),
        tells=("Location", "Preference-Applied"),
        critical=critical,
    )


def submitted(manager: ModbusManager, intentions: Sequence[Intention]) -> Accepted:
    """Hand the caller's intentions over as one command; 202 with the receipt and its Location.

    With `Prefer: wait` the answer is held until the command is final, and is 200 then.
    """
    key = idempotency(caller().name)
    return answered(manager, manager.submit(intentions, VIA, caller().who, key))


def answered(manager: ModbusManager, receipt: dict[str, Any]) -> Accepted:
    """Answer with a receipt, held back for as long as the caller prefers."""
    tracing.note(command_id=receipt["id"])
    headers = {"Location": url_for("v1.commands.OneCommand", command_id=receipt["id"])}
    seconds = wait_seconds()
    if seconds is None:
        return CommandAnswer.of(receipt), HTTPStatus.ACCEPTED, headers
    final = manager.final(receipt["id"], seconds, time.sleep)
    if final is None:  # too many wait: this one is told where to look instead
        return CommandAnswer.of(receipt), HTTPStatus.ACCEPTED, headers
    headers["Preference-Applied"] = f"wait={seconds}"
    return CommandAnswer.of(final), HTTPStatus.ACCEPTED if is_open(final) else HTTPStatus.OK, headers
