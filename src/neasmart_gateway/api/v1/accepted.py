"""The answer to a command: accepted, and where to follow it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import url_for

from neasmart_gateway.api.security import caller
from neasmart_gateway.api.v1.models.commands import CommandAnswer
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.manager.manager import ModbusManager

VIA = "http"

Accepted = tuple[CommandAnswer, int, dict[str, str]]


def submitted(manager: ModbusManager, intentions: Sequence[Intention]) -> Accepted:
    """Hand the caller's intentions over as one command; 202 with the receipt and its Location."""
    answer = CommandAnswer.of(manager.submit(intentions, VIA, caller()))
    location = url_for("v1.commands.OneCommand", command_id=answer.command.id)
    return answer, HTTPStatus.ACCEPTED, {"Location": location}
