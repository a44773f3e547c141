"""Never out of turn: when an answer leaves on a line that others share, and when it is withheld."""

from pathlib import Path

import pytest

from neasmart_gateway.bus.options import Line
from neasmart_gateway.domain import dpt9
from tests.bus.stillness import StillLine, rtu
from tests.bus.wire import holding, read, read_write, write_many, write_one

ASK = rtu(240, read(102))
ANSWER = rtu(240, holding(0))
LONG = 0.2
"""Seconds after which every answer has been given or withheld."""


@pytest.fixture
def line(tmp_path: Path) -> StillLine:
    return StillLine(tmp_path)


@pytest.mark.parametrize("unit", [240, 241])
def test_an_answer_leaves_after_the_silent_interval(line: StillLine, unit: int) -> None:
    """1.75 ms at 38400 baud, and not a moment before."""
    line.hear(rtu(unit, read(102)), 0.00174)
    assert line.said() == []
    line.loop.pass_on(0.00002)
    assert line.said() == [rtu(unit, holding(0))]


def test_a_slow_line_has_a_longer_silence(tmp_path: Path) -> None:
    """3.5 characters: 10 bits each at 9600 baud."""
    line = StillLine(tmp_path, Line(baudrate=9600, parity="even"))
    line.hear(ASK, 3.5 * 11 / 9600 - 0.00001)
    assert line.said() == []
    line.loop.pass_on(0.00002)
    assert line.said() == [ANSWER]


def test_an_answer_is_given_once(line: StillLine) -> None:
    line.hear(ASK, LONG)
    line.loop.pass_on(10.0)
    assert line.said() == [ANSWER]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (read(102, 2), holding(0, 0)),
        (write_one(102, 7), write_one(102, 7)),
        (write_many(102, 7, 8), bytes.fromhex("10 0066 0002")),
        (bytes.fromhex("16 0066 ffff 0001"), bytes.fromhex("16 0066 ffff 0001")),
        (read_write(102, 1, 102, 9), bytes.fromhex("17 02 0009")),
        (bytes.fromhex("04 0066 0001"), bytes.fromhex("84 01")),
        (bytes.fromhex("65 01 02 03"), bytes.fromhex("e5 01")),
        (read(102, 126), bytes.fromhex("83 03")),
    ],
    ids=["3", "6", "16", "22", "23", "not served", "unknown function", "too many registers"],
)
def test_every_function(line: StillLine, request_: bytes, answer: bytes) -> None:
    """As over Modbus TCP; one whose length nobody knows is answered once a pause has shown it."""
    line.hear(rtu(240, request_), LONG)
    assert line.said() == [rtu(240, answer)]


@pytest.mark.parametrize(
    "data",
    [
        rtu(17, read(102)),
        rtu(17, holding(1, 2, 3)),
        rtu(0, write_one(103, 7)),
        rtu(0, read(102)),
        rtu(11, b"\x65" + bytes(9)),
        rtu(240, holding(5)),
        ASK[:-1] + b"\x00",
        ASK[:-1],
        rtu(17, b"\x03\x0c" + ASK + b"abcd"),
        b"\xff" * 300,
    ],
    ids=[
        "foreign request",
        "foreign answer",
        "broadcast",
        "broadcast read",
        "proprietary",
        "answer as us",
        "wrong checksum",
        "half a frame",
        "look-alike in an answer",
        "noise",
    ],
)
def test_nothing_is_said_to_what_is_not_ours(line: StillLine, data: bytes) -> None:
    line.hear(data, LONG)
    assert line.said() == []
    line.hear(ASK, LONG)
    assert line.said() == [ANSWER]


def test_a_broadcast_is_obeyed(line: StillLine) -> None:
    line.hear(rtu(0, write_many(102, 7, 8)), LONG)
    assert [line.bench.reported(102), line.bench.reported(103)] == [7, 8]


@pytest.mark.parametrize("behind", [b"\x00", b"\xff\x00\xff"])
def test_stray_bytes_behind_a_request_do_not_count(line: StillLine, behind: bytes) -> None:
    """Drivers leave one when they let the line go: up to three are nobody speaking."""
    line.hear(ASK + behind, LONG)
    assert line.said() == [ANSWER]


@pytest.mark.parametrize("behind", [bytes(4), rtu(17, read(1)), rtu(0, write_one(103, 1))], ids=["bytes", "a", "b"])
def test_others_who_speak_meanwhile_silence_us(line: StillLine, behind: bytes) -> None:
    """Four bytes or a frame behind a request: its answer is withheld, and that is counted."""
    line.hear(ASK)
    line.loop.pass_on(0.001)
    line.hear(behind, LONG)
    assert line.said() == []
    assert (line.traffic.withheld_followed, line.traffic.answers) == (1, 0)
    assert "withheld_followed" in line.verdicts()


def test_of_two_requests_in_a_row_the_last_is_answered(line: StillLine) -> None:
    """Also when they come as one piece; both are obeyed."""
    line.hear(rtu(240, write_one(102, 7)) + rtu(241, read(102)), LONG)
    assert line.said() == [rtu(241, holding(7))]
    assert line.traffic.withheld_followed == 1


def test_a_request_that_a_lump_brought_late_is_not_answered(tmp_path: Path) -> None:
    """What is decided only after SERVER_MAX_ANSWER_AGE_MS is too old."""
    line = StillLine(tmp_path, Line(lump_seconds=0.2, max_answer_age=0.1))
    line.hear(bytes.fromhex("1103f6") + ASK, 1.0)
    assert line.said() == []
    assert (line.traffic.requests, line.traffic.withheld_late) == (1, 1)


def test_a_stalled_loop_does_not_answer_late(line: StillLine) -> None:
    """Bytes that waited in the kernel for a loop that did not turn: nobody knows how old they are."""
    line.loop.pass_on(5.0)
    line.loop.stall(0.15)
    line.hear(ASK, LONG)
    assert line.said() == []
    assert line.traffic.withheld_late == 1
    line.hear(ASK, LONG)
    assert line.said() == [ANSWER]


def test_a_loop_that_stalls_before_the_answer(line: StillLine) -> None:
    """The request was in time, the answer would not be."""
    line.hear(ASK)
    line.loop.stall(0.15)
    line.loop.pass_on(LONG)
    assert (line.said(), line.traffic.withheld_late) == ([], 1)


def test_a_stall_in_the_middle_of_a_frame_is_no_pause(line: StillLine) -> None:
    """Our own standing still says nothing about the line: the frame is whole, and young enough to be answered."""
    line.hear(ASK[:4])
    line.loop.stall(0.05)
    line.hear(ASK[4:], LONG)
    assert line.said() == [ANSWER]
    assert line.traffic.dropped_bytes == 0


def test_a_pause_that_the_loop_has_seen_ends_what_was_begun(line: StillLine) -> None:
    """Nothing came while we listened: the halves do not belong together."""
    line.hear(ASK[:4], 0.05)
    line.hear(ASK[4:], LONG)
    assert (line.said(), line.traffic.dropped_bytes) == ([], len(ASK))


def test_timers_that_run_before_what_waited_is_read(line: StillLine) -> None:
    """After a standstill the loop may first do what is overdue, and read only then."""
    line.loop.pass_on(1.0)
    line.loop.stall(0.5)
    line.loop.turn()
    line.hear(ASK, LONG)
    assert (line.said(), line.traffic.withheld_late) == ([], 1)


def test_a_flood_is_taken_in_pieces(line: StillLine) -> None:
    """Between two of them others have their turn, and nothing more is read meanwhile; all of it is looked at."""
    line.talk.feed(b"\xff" * 5000 + ASK, line.loop.time())
    assert line.wire.paused
    assert line.traffic.dropped_bytes < 2000
    line.loop.pass_on(LONG)
    assert not line.wire.paused
    assert (line.traffic.dropped_bytes, line.said()) == (5000, [ANSWER])


@pytest.mark.parametrize("why", ["followed", "late", "clogged", "closed"])
def test_an_answer_withheld_is_not_a_delivery(line: StillLine, why: str) -> None:
    """The base has not read the word: the command waits for the next poll."""
    line.bench.now = line.loop.time()
    command = line.bench.wish(21.0)
    line.wire.clogged = why == "clogged"
    line.hear(rtu(240, read(101)) + (bytes(4) if why == "followed" else b""))
    if why == "late":
        line.loop.stall(1.0)
    line.wire.is_open = why != "closed"
    line.loop.pass_on(LONG)
    assert line.bench.state(command) == "accepted"
    line.wire.is_open, line.wire.clogged = True, False
    line.said()
    line.hear(rtu(240, read(101)), LONG)
    assert line.said() == [rtu(240, holding(dpt9.encode(21.0)))]
    assert line.bench.state(command) == "delivered"


def test_after_the_end_nothing_is_said(line: StillLine) -> None:
    """A connection that was closed has no timers left."""
    line.hear(ASK)
    line.talk.close()
    line.loop.pass_on(LONG)
    assert line.said() == []
