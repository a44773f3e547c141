"""Which functions are served, and how one is refused."""

import pytest

from neasmart_gateway.modbus import pdu
from neasmart_gateway.modbus.pdu import ExceptionCode, Function

SERVED = {3, 6, 16, 22, 23}


def test_the_functions_of_the_protocol() -> None:
    """03, 06 and 16 are seen on the bus, 22 and 23 are served too; those two that read are answered with values."""
    assert set(Function) == SERVED == pdu.SERVED
    assert {6, 16, 22, 23} == pdu.WRITES
    assert {3, 23} == pdu.READS
    assert (pdu.BROADCAST, pdu.MAX_PDU) == (0, 253)


@pytest.mark.parametrize(
    ("function", "code", "expected"),
    [
        (0x65, ExceptionCode.ILLEGAL_FUNCTION, "e5 01"),
        (3, ExceptionCode.ILLEGAL_DATA_ADDRESS, "83 02"),
        (16, ExceptionCode.ILLEGAL_DATA_VALUE, "90 03"),
        (23, ExceptionCode.SERVER_DEVICE_FAILURE, "97 04"),
        (0x83, ExceptionCode.ILLEGAL_FUNCTION, "83 01"),
    ],
)
def test_a_refusal_names_the_function_and_the_reason(function: int, code: ExceptionCode, expected: str) -> None:
    """The function with its top bit set, then the code of the specification."""
    assert pdu.exception(function, code) == bytes.fromhex(expected)
