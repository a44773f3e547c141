"""Who is told at once what happens on a listener, so that nothing is lost with the process."""

from __future__ import annotations

from collections.abc import Mapping

from neasmart_gateway.modbus.heard import Verdict
from neasmart_gateway.modbus.pdu import EXCEPTION, ExceptionCode, Function

VERDICTS = tuple(str(verdict) for verdict in Verdict)
"""Everything that something heard can be."""
_OPERATIONS: Mapping[int, str] = {
    Function.READ_HOLDING_REGISTERS: "read",
    Function.WRITE_SINGLE_REGISTER: "write",
    Function.WRITE_MULTIPLE_REGISTERS: "write",
    Function.MASK_WRITE_REGISTER: "write",
}
"""All others are "other"."""
_REASONS: Mapping[int, str] = {code: code.name.lower() for code in ExceptionCode}


class Meter:
    """Keeps nothing; the daemon puts another one in its place. Called for each frame: must neither wait nor raise."""

    def heard(self, verdict: str, *, dropped: bool) -> None:
        """A frame was heard, or something that is none and was dropped."""

    def answered(self, seconds: float) -> None:
        """An answer was given, so long after its request."""

    def refused(self, operation: str, error: str) -> None:
        """It was an exception: to a "read", a "write" or an "other" request, and which, as "illegal_function"."""

    def withheld(self, why: str) -> None:
        """An answer was not given: "followed" by others, or too "late"."""

    def broke(self) -> None:
        """A connection did not speak Modbus TCP."""


def refusal(pdu: bytes) -> tuple[str, str] | None:
    """Return what an answer refuses, and why; None when it refuses nothing."""
    if pdu[0] < EXCEPTION:
        return None
    return _OPERATIONS.get(pdu[0] - EXCEPTION, "other"), _REASONS.get(pdu[1], "server_device_failure")
