"""What the doctor may find: its codes, how bad each is, and how a finding is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad it is, worst first."""

    ERROR = "error"
    """The gateway cannot do its work."""
    WARNING = "warning"
    """It does a part of it, or will not for long."""
    INFO = "info"
    """Nothing needs to be done."""


class Code(StrEnum):
    """Everything that can be found, in the order in which it should be read: from the cable upwards."""

    NO_BYTES = "no_bytes"
    NO_VALID_CRC = "no_valid_crc"
    MBAP_ON_RTU = "mbap_on_rtu"
    RTU_ON_MBAP = "rtu_on_mbap"
    ADDRESS_CONFLICT = "address_conflict"
    TWO_PEERS = "two_peers"
    NO_POLLS = "no_polls"
    POLLS_STOPPED = "polls_stopped"
    BROADCASTS_ONLY = "broadcasts_only"
    SLOW_POLLS = "slow_polls"
    LISTEN_ONLY = "listen_only"
    SLAVE_BASE_SILENT = "slave_base_silent"
    FAHRENHEIT = "fahrenheit"
    NOISE = "noise"
    BASE_RESTART = "base_restart"
    OWN_ECHO = "own_echo"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    `what` is a sentence for people, `remedy` what to do, a step each, in order. `evidence` holds the counters and times
    that it rests on; names ending in `_at` are monotonic seconds, None for never.
    """

    code: Code
    severity: Severity
    what: str
    evidence: Mapping[str, Any]
    remedy: tuple[str, ...]

    def report(self, offset: float) -> dict[str, Any]:
        """Return it as JSON, times as Unix seconds: `offset` is what the wall clock is ahead of the monotonic one."""
        return {
            "code": self.code.value,
            "severity": self.severity.value,
            "what": self.what,
            "evidence": {name: _shown(name, value, offset) for name, value in self.evidence.items()},
            "remedy": list(self.remedy),
        }


def _shown(name: str, value: Any, offset: float) -> Any:  # noqa: ANN401 - whatever evidence there is
    if name.endswith("_at") and value is not None:
        return value + offset
    return round(value, 3) if isinstance(value, float) else value


def lasting(seconds: float) -> str:
    """Return a duration as people say it."""
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds" if seconds >= 1.5 else f"{seconds:.1f} seconds"


def counted(count: int, one: str) -> str:
    """Return a count with its noun, in the plural where it must be."""
    return f"{count:,} {one if count == 1 else one + 's'}"
