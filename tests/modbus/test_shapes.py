"""How long requests and answers are, seen from their first bytes; pymodbus's encoders are the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.pdu import ModbusPDU, bit_message, diag_message, file_message, mei_message, other_message
from pymodbus.pdu import register_message as words

from neasmart_gateway.modbus.frame import UNTOLD, frame_lengths
from neasmart_gateway.modbus.shapes import ANSWERS, REQUESTS, UNKNOWN, Shape, answer_length, fits, request_length

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
STEP = {3: 2, 4: 2, 23: 2}
"""Answers that count whole words."""
RECORD = file_message.FileRecord(4, 1, b"\x01\x02\x03\x04")

CLASSES: list[tuple[ModbusPDU, ModbusPDU]] = [
    (bit_message.ReadCoilsRequest(address=9, count=17), bit_message.ReadCoilsResponse(bits=[True] * 24)),
    (bit_message.ReadDiscreteInputsRequest(count=8), bit_message.ReadDiscreteInputsResponse(bits=[False] * 8)),
    (words.ReadHoldingRegistersRequest(count=4), words.ReadHoldingRegistersResponse(registers=[1, 2, 3, 4])),
    (words.ReadInputRegistersRequest(count=125), words.ReadInputRegistersResponse(registers=[7] * 125)),
    (bit_message.WriteSingleCoilRequest(bits=[True]), bit_message.WriteSingleCoilResponse(bits=[True])),
    (words.WriteSingleRegisterRequest(registers=[9]), words.WriteSingleRegisterResponse(registers=[9])),
    (other_message.ReadExceptionStatusRequest(), other_message.ReadExceptionStatusResponse()),
    (diag_message.ReturnQueryDataRequest(b"\x12\x34"), diag_message.ReturnQueryDataResponse(b"\x12\x34")),
    (other_message.GetCommEventCounterRequest(), other_message.GetCommEventCounterResponse()),
    (other_message.GetCommEventLogRequest(), other_message.GetCommEventLogResponse(events=[1, 2, 3])),
    (bit_message.WriteMultipleCoilsRequest(bits=[True] * 11), bit_message.WriteMultipleCoilsResponse(count=11)),
    (words.WriteMultipleRegistersRequest(registers=[5] * 123), words.WriteMultipleRegistersResponse(count=123)),
    (other_message.ReportDeviceIdRequest(), other_message.ReportDeviceIdResponse(b"thermostat")),
    (file_message.ReadFileRecordRequest([RECORD]), file_message.ReadFileRecordResponse([RECORD])),
    (file_message.WriteFileRecordRequest([RECORD]), file_message.WriteFileRecordResponse([RECORD])),
    (words.MaskWriteRegisterRequest(), words.MaskWriteRegisterResponse()),
    (
        words.ReadWriteMultipleRegistersRequest(read_count=2, write_registers=[1, 2, 3]),
        words.ReadWriteMultipleRegistersResponse(registers=[1, 2]),
    ),
    (file_message.ReadFifoQueueRequest(), file_message.ReadFifoQueueResponse([1, 2, 3])),
]
ASKING = [*(request for request, _ in CLASSES), mei_message.ReadDeviceInformationRequest()]
ANSWERING = [answer for _, answer in CLASSES]
TOLD = {1, 2, 3, 4, 5, 6, 8, 0x0B, 0x0F, 0x10, 0x16, 0x17, 7}
"""Functions whose answer's length is known from the request."""


def name(pdu: ModbusPDU) -> str:
    return type(pdu).__name__


def encoded(pdu: ModbusPDU) -> bytes:
    return bytes((pdu.function_code,)) + pdu.encode()


@pytest.mark.parametrize("pdu", ASKING, ids=name)
def test_a_request_has_the_length_that_pymodbus_gives_it(pdu: ModbusPDU) -> None:
    """From the function code to the last byte, and what follows in the stream does not count."""
    data = encoded(pdu)
    assert request_length(data) == len(data)
    assert request_length(data + b"\xff" * 9) == len(data)
    assert fits(REQUESTS, data)
    assert not fits(REQUESTS, data + b"\0")
    assert len(data) == 1 or not fits(REQUESTS, data[:-1])


@pytest.mark.parametrize("pdu", ANSWERING, ids=name)
def test_an_answer_has_the_length_that_pymodbus_gives_it(pdu: ModbusPDU) -> None:
    """The same for answers."""
    data = encoded(pdu)
    assert fits(ANSWERS, data)
    assert not fits(ANSWERS, data + b"\0")
    assert not fits(ANSWERS, data[:-1])


@pytest.mark.parametrize(("request_pdu", "answer"), CLASSES, ids=name)
def test_a_request_tells_how_long_its_answer_is(request_pdu: ModbusPDU, answer: ModbusPDU) -> None:
    """Reads and acknowledgements; not event logs, identities, files and queues."""
    asked, answered = encoded(request_pdu), encoded(answer)
    assert answer_length(asked) == (len(answered) if asked[0] in TOLD else None)


def test_all_standard_functions_are_known() -> None:
    """Those of the specification's section 6, and exceptions; the answer of 43 has no length of its own."""
    assert {request.function_code for request in ASKING} == REQUESTS.keys()
    assert {answer.function_code for answer in ANSWERING} | set(range(0x81, 0x100)) == ANSWERS.keys()


@pytest.mark.parametrize("function", [0x81, 0x90, 0xFF])
def test_an_exception_is_two_bytes(function: int) -> None:
    """The function with its top bit set, and a code."""
    assert fits(ANSWERS, bytes((function, 2)))
    assert not fits(ANSWERS, bytes((function, 2, 0)))


@pytest.mark.parametrize("pdu", FIXED.values(), ids=lambda pdu: str(pdu[0]))
def test_a_fixed_length_is_known_from_the_first_byte(pdu: bytes) -> None:
    """Functions 3, 6 and 22 always have the same length."""
    assert {request_length(pdu[:seen]) for seen in range(1, len(pdu) + 1)} == {len(pdu)}


@pytest.mark.parametrize("pdu", COUNTED.values(), ids=lambda pdu: str(pdu[0]))
def test_a_counted_length_is_known_with_the_count(pdu: bytes) -> None:
    """Functions 16 and 23 say how many bytes follow, and not before that byte has come."""
    for seen in range(len(pdu) + 1):
        assert request_length(pdu[:seen]) == (len(pdu) if seen > COUNT_AT[pdu[0]] else None)


@pytest.mark.parametrize("function", COUNT_AT)
@given(count=st.integers(0, 255))
def test_the_count_is_believed_up_to_the_longest_pdu(function: int, count: int) -> None:
    """Whether it makes sense is for the PDU's decoder to say; but no PDU has more than 253 bytes."""
    start = bytes((function,)) + bytes(COUNT_AT[function] - 1)
    length = COUNT_AT[function] + 1 + count
    assert request_length(start + bytes((count,))) == (length if length <= 253 else UNKNOWN)


@pytest.mark.parametrize("function", sorted(function for function in ANSWERS if ANSWERS[function].count_at == 1))
@given(count=st.integers(0, 255))
def test_an_answer_counts_bytes_or_whole_words(function: int, count: int) -> None:
    """Half a register is no answer to a read of registers; 0x18 counts with two bytes."""
    head = bytes((function, 0, count) if function == 0x18 else (function, count))
    length = len(head) + count
    wanted = length if length <= 253 and count % STEP.get(function, 1) == 0 else UNKNOWN
    assert ANSWERS[function].length(head, 0, len(head)) == wanted


def test_a_count_of_two_bytes_is_not_known_from_one() -> None:
    """Both have to be there; what lies beyond `stop` has not arrived."""
    shape = Shape(3, 1, width=2)
    assert shape.length(b"\x18\x00\x04", 0, 2) is None
    assert shape.length(b"\x18\x00\x04", 0, 3) == 7
    assert shape.length(b"\xff\x18\x01\x04", 1, 4) == UNKNOWN


@pytest.mark.parametrize("nothing", [b"", bytearray()], ids=repr)
def test_nothing_has_no_length(nothing: bytes) -> None:
    """Without a function code there is nothing to measure."""
    assert request_length(nothing) is None


@pytest.mark.parametrize(
    ("data", "lengths"),
    [
        ("11 03 06 00 00 01", [8, 11]),  # a request, or the answer with six bytes
        ("11 03 02 00", [7, 8]),
        ("11 03 05 00", [8]),  # half a register
        ("11 03 fc 00", [8]),  # more than a frame holds
        ("00 03 06 00", [8]),  # nobody answers for all
        ("11 10 00 64 00 02", [8, UNTOLD]),
        ("11 10 00 64 00 02 04", [8, 13]),
        ("11 06 00 64", [8]),  # its answer is the same
        ("11 83 02 c1", [5]),
        ("11 65 00 00", []),
        ("11 00 00 00", []),
    ],
)
def test_the_lengths_that_a_frame_may_have(data: str, lengths: list[int]) -> None:
    """As a request and as an answer, with unit and checksum, the shorter one first."""
    line = bytearray.fromhex(f"ff {data}")
    assert frame_lengths(line, 1, len(line)) == lengths
