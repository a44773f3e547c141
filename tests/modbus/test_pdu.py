"""How long a request is, seen from its first bytes, and how one is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.modbus import pdu
from neasmart_gateway.modbus.pdu import ExceptionCode, Function, request_length

FIXED = {
    3: bytes.fromhex("03 0065 0001"),
    6: bytes.fromhex("06 0065 0c1a"),
    22: bytes.fromhex("16 0064 00f2 0025"),
}
COUNTED = {
    16: bytes.fromhex("10 0064 0002 04 0001 0c1a"),
    23: bytes.fromhex("17 0064 0002 00c8 0001 02 0001"),
}
COUNT_AT = {16: 5, 23: 9}
SERVED = {3, 6, 16, 22, 23}


def test_the_functions_of_the_protocol() -> None:
    """03, 06 and 16 are seen on the bus, 22 and 23 are served too; those two that read are answered with values."""
    assert set(Function) == SERVED == pdu.SERVED
    assert {6, 16, 22, 23} == pdu.WRITES
    assert {3, 23} == pdu.READS
    assert (pdu.BROADCAST, pdu.MAX_PDU) == (0, 253)


@pytest.mark.parametrize(
    "request_pdu", [*FIXED.values(), *COUNTED.values()], ids=lambda request_pdu: str(request_pdu[0])
)
def test_a_whole_request_has_its_length(request_pdu: bytes) -> None:
    """From the function code to the last byte, and what follows in the stream does not count."""
    assert request_length(request_pdu) == len(request_pdu)
    assert request_length(request_pdu + b"\xff" * 9) == len(request_pdu)


@pytest.mark.parametrize("request_pdu", FIXED.values(), ids=lambda request_pdu: str(request_pdu[0]))
def test_a_fixed_length_is_known_from_the_first_byte(request_pdu: bytes) -> None:
    """Functions 3, 6 and 22 always have the same length."""
    for seen in range(1, len(request_pdu) + 1):
        assert request_length(request_pdu[:seen]) == len(request_pdu)


@pytest.mark.parametrize("request_pdu", COUNTED.values(), ids=lambda request_pdu: str(request_pdu[0]))
def test_a_counted_length_is_known_with_the_count(request_pdu: bytes) -> None:
    """Functions 16 and 23 say how many bytes follow, and not before that byte has come."""
    for seen in range(len(request_pdu) + 1):
        expected = len(request_pdu) if seen > COUNT_AT[request_pdu[0]] else None
        assert request_length(request_pdu[:seen]) == expected


@pytest.mark.parametrize("function", COUNT_AT)
@given(count=st.integers(0, 255))
def test_the_count_is_believed(function: int, count: int) -> None:
    """Whether it makes sense is for the PDU's decoder to say."""
    start = bytes((function,)) + bytes(COUNT_AT[function] - 1)
    assert request_length(start + bytes((count,))) == COUNT_AT[function] + 1 + count


def test_other_functions_have_no_known_length() -> None:
    """What we do not serve we do not measure, answers of other slaves included."""
    measured = {function for function in range(256) if request_length(bytes((function,)) + bytes(20)) is not None}
    assert measured == SERVED


@pytest.mark.parametrize("nothing", [b"", bytearray()], ids=repr)
def test_nothing_has_no_length(nothing: bytes) -> None:
    """Without a function code there is nothing to measure."""
    assert request_length(nothing) is None


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
