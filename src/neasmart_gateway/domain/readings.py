"""A value read from the plant, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T", covariant=True)


class Reason(StrEnum):
    """Why a field is null."""

    NEVER_WRITTEN = "never_written"
    """The base station has not written this register: unknown, not zero."""
    INVALID = "invalid"
    """The base station sent the KNX word for "invalid data" (0x7FFF)."""
    STANDBY = "standby"
    """The zone is in standby and has no setpoint (0x8116)."""
    IMPLAUSIBLE = "implausible"
    """A value outside what the field can mean, for example 300 °C."""
    NONE = "none"
    """The base station says that there is none: no override (state 0), no humidity sensor (0 %)."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """A decoded value; `value` is None exactly when `reason` says why."""

    value: T | None = None
    reason: Reason | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a reading has either a value or a reason")


@dataclass(frozen=True, slots=True)
class Cell:
    """One holding register as the shared image holds it.

    `reported` is the word the base wrote last (None: never), `pending` our user's word that is still open,
    `written_at` the system-wide monotonic time of the last bus write in seconds, `restored` true while the word
    comes from the journal and the base has not repeated it, `receipt` the slot of the pending command's receipt.
    """

    address: int
    reported: int | None = None
    pending: int | None = None
    written_at: float | None = None
    restored: bool = False
    receipt: int | None = None
