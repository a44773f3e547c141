"""What the desk reports to whoever journals, logs, counts or publishes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """Why a register changed."""

    BASE = "base"
    """The base station on its own: a measurement, or somebody at a thermostat."""
    COMMAND = "command"
    """The base echoed our user's command."""
    STATE_COMMAND = "state_command"
    """A setpoint that moved because our user's command changed the state it belongs to."""


@dataclass(frozen=True, slots=True)
class RegisterChanged:
    """The base wrote a word that differs from what was known; `at` is monotonic seconds."""

    address: int
    before: int | None
    word: int
    at: float
    cause: Cause
    command_id: str | None = None


@dataclass(frozen=True, slots=True)
class CommandChanged:
    """A command was accepted, moved on or came to its end; the receipt tells all of it."""

    receipt: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BusFellSilent:
    """No valid frame for the stale limit; all values are stale from now on."""

    seconds: float


@dataclass(frozen=True, slots=True)
class BusSpeaks:
    """The first valid frame, or the first one after a silence."""

    peer: str


DeskRecord = RegisterChanged | CommandChanged | BusFellSilent | BusSpeaks
