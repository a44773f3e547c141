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
    PEER = "peer"
    """Another Modbus device than the base station."""


BASE_STATION = "base station"


@dataclass(frozen=True, slots=True)
class Credit:
    """To what a change is owed, and to whom: `who` is the user for a command, the device or "base station" else.

    `overruled` is the word that the user had asked for, when the base took another one instead.
    """

    cause: Cause
    who: str
    command_id: str | None
    overruled: int | None = None


ON_ITS_OWN = Credit(Cause.BASE, BASE_STATION, None)


@dataclass(frozen=True, slots=True)
class RegisterChanged:
    """The base wrote a word that differs from what was known, or from what a user had just asked for.

    `at` is monotonic seconds.
    """

    address: int
    before: int | None
    word: int
    at: float
    credit: Credit = ON_ITS_OWN


@dataclass(frozen=True, slots=True)
class RegisterWanted:
    """A user has asked for a word in a register that reports another one; `at` is monotonic seconds."""

    address: int
    before: int | None
    word: int
    at: float
    who: str
    command_id: str


@dataclass(frozen=True, slots=True)
class RegisterReleased:
    """A user has withdrawn our word, or what was reported, from what the base reads; `at` is monotonic seconds.

    `command_id` is the command that this ended, None when none was open.
    """

    address: int
    before: int | None
    at: float
    who: str
    command_id: str | None


@dataclass(frozen=True, slots=True)
class CommandEchoed:
    """The base has repeated a user's word, so many seconds after it had read it; `at` is monotonic seconds."""

    address: int
    seconds: float
    at: float
    command_id: str


@dataclass(frozen=True, slots=True)
class FightNoticed:
    """A client and the base have changed a register back and forth more than six times in ten minutes."""

    register: str
    address: int


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


@dataclass(frozen=True, slots=True)
class TwoPeers:
    """Two base stations write measurements into the same registers, the one that we serve first."""

    peers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnePeerAgain:
    """For a minute no second base station has written measurements."""


DeskRecord = (
    RegisterChanged
    | RegisterWanted
    | RegisterReleased
    | FightNoticed
    | CommandChanged
    | CommandEchoed
    | BusFellSilent
    | BusSpeaks
    | TwoPeers
    | OnePeerAgain
)
