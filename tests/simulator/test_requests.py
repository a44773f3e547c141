"""What goes over the wire, held against pymodbus, which nobody here wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.pdu import DecodePDU

from neasmart_gateway.modbus.pdu import ExceptionCode, exception
from neasmart_gateway.modbus.shapes import request_length
from neasmart_gateway.simulator.requests import BadAnswer, Read, Refused, Write

words = st.integers(0, 0xFFFF)
READ = Read(240, range(100, 102))


@given(st.integers(1, 6000), st.integers(1, 125))
def test_a_read_is_function_3(start: int, count: int) -> None:
    """A read asks for a run of holding registers."""
    pdu = Read(241, range(start, start + count)).pdu
    decoded = DecodePDU(True).decode(pdu)
    assert decoded is not None
    assert (decoded.function_code, decoded.address, decoded.count) == (3, start, count)
    assert request_length(pdu) == len(pdu)


@given(st.integers(1, 6000), st.lists(words, min_size=1, max_size=123))
def test_a_write_is_function_16(start: int, values: list[int]) -> None:
    """A write carries its words to everybody; only a lone command register goes with function 6."""
    write = Write(start, tuple(values))
    decoded = DecodePDU(True).decode(write.pdu)
    assert decoded is not None
    assert write.unit == 0
    assert decoded.function_code in (6, 16)
    assert (decoded.address, list(decoded.registers)) == (start, values)
    assert request_length(write.pdu) == len(write.pdu)


@pytest.mark.parametrize(("start", "function"), [(1, 6), (2, 6), (101, 6), (102, 16), (110, 16), (7, 16)])
def test_a_lone_command_register_is_written_with_function_6(start: int, function: int) -> None:
    """An echo is a single write, a lone measurement is not."""
    assert Write(start, (1,)).pdu[0] == function


@given(st.tuples(words, words))
def test_an_answer_gives_its_words(values: tuple[int, int]) -> None:
    """A good answer is the words that were asked for."""
    pdu = bytes((3, 4)) + b"".join(value.to_bytes(2, "big") for value in values)
    assert READ.words(pdu) == values


def test_an_exception_is_a_refusal() -> None:
    """A Modbus exception is told from other bad answers."""
    with pytest.raises(Refused):
        READ.words(exception(3, ExceptionCode.ILLEGAL_DATA_ADDRESS))


@given(st.binary(max_size=8))
def test_no_other_answer_is_taken(pdu: bytes) -> None:
    """Short, long, of another function, empty: whatever does not carry two registers is a bad answer."""
    if pdu[:2] == b"\x03\x04" and len(pdu) == 6:
        return
    with pytest.raises(BadAnswer):
        READ.words(pdu)


@pytest.mark.parametrize(
    "pdu",
    [
        b"",
        b"\x03",
        b"\x03\x04\x00\x01",
        b"\x03\x02\x00\x01",
        b"\x03\x04\x00\x01\x00\x02\x00",
        b"\x04\x04\x00\x01\x00\x02",
    ],
)
def test_answers_that_nearly_fit(pdu: bytes) -> None:
    """The length that an answer states, the length it has and the function must all agree."""
    with pytest.raises(BadAnswer):
        READ.words(pdu)
