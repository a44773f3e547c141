"""Modbus PDUs: which functions we serve, and how one is refused.

Source: Modbus Application Protocol Specification V1.1b3.
"""

from __future__ import annotations

from enum import IntEnum

MAX_PDU = 253
BROADCAST = 0
EXCEPTION = 0x80
"""Set in the function of an answer that refuses."""


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


def exception(function: int, code: ExceptionCode) -> bytes:
    """Return the PDU that refuses a request."""
    return bytes((function | EXCEPTION, code))
