"""Modbus PDUs by their bytes: which functions we serve, and how long a request must be.

Source: Modbus Application Protocol Specification V1.1b3.
"""

from __future__ import annotations

from enum import IntEnum

MAX_PDU = 253
BROADCAST = 0


class Function(IntEnum):
    """The functions a base station uses or may use (holding registers only)."""

    READ_HOLDING_REGISTERS = 3
    WRITE_SINGLE_REGISTER = 6
    WRITE_MULTIPLE_REGISTERS = 16
    MASK_WRITE_REGISTER = 22
    READ_WRITE_MULTIPLE_REGISTERS = 23


class ExceptionCode(IntEnum):
    """Why a request is refused (specification, section 7)."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_DATA_ADDRESS = 2
    ILLEGAL_DATA_VALUE = 3
    SERVER_DEVICE_FAILURE = 4


SERVED: frozenset[int] = frozenset(Function)
WRITES: frozenset[int] = SERVED - {Function.READ_HOLDING_REGISTERS}
READS: frozenset[int] = frozenset({Function.READ_HOLDING_REGISTERS, Function.READ_WRITE_MULTIPLE_REGISTERS})

_FIXED = {
    Function.READ_HOLDING_REGISTERS: 5,
    Function.WRITE_SINGLE_REGISTER: 5,
    Function.MASK_WRITE_REGISTER: 7,
}
_COUNTED = {
    Function.WRITE_MULTIPLE_REGISTERS: 5,
    Function.READ_WRITE_MULTIPLE_REGISTERS: 9,
}
"""Where the byte count stands, from the function code on; that many bytes follow it."""


def request_length(pdu: bytes) -> int | None:
    """Return how many bytes the request at the start of `pdu` has, function code included.

    None for a function we do not serve, or while the byte count has not arrived yet.
    """
    if not pdu:
        return None
    if pdu[0] in _FIXED:
        return _FIXED[Function(pdu[0])]
    if pdu[0] in _COUNTED:
        position = _COUNTED[Function(pdu[0])]
        return position + 1 + pdu[position] if len(pdu) > position else None
    return None


def exception(function: int, code: ExceptionCode) -> bytes:
    """Return the PDU that refuses a request."""
    return bytes((function | 0x80, code))
