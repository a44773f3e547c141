"""What an RTU line brings besides requests: echoes, others with our address, Modbus TCP; and only listening."""

from pathlib import Path

import pytest

from neasmart_gateway.modbus.mbap import TcpFrame
from tests.bus.stillness import StillLine, rtu
from tests.bus.wire import holding, read, write_one

LONG = 0.2


@pytest.fixture
def line(tmp_path: Path) -> StillLine:
    return StillLine(tmp_path)


@pytest.mark.parametrize("request_", [read(102), write_one(102, 7)], ids=["read", "write"])
def test_our_own_echo_is_dropped(line: StillLine, request_: bytes) -> None:
    """Also that of a write, whose answer looks just like its request: no loop, and no lost poll behind it."""
    for _ in range(3):
        line.hear(rtu(240, request_), 0.002)
        (answer,) = line.said()
        line.hear(answer[:3], 0.001)
        line.hear(answer[3:], LONG)
        assert line.said() == []
    assert (line.traffic.requests, line.traffic.own_echoes, line.traffic.answers) == (3, 3, 3)


def test_a_repeated_write_is_no_echo(line: StillLine) -> None:
    """20 ms after our answer the same bytes are a new request."""
    ask = rtu(240, write_one(102, 7))
    line.hear(ask, LONG)
    line.hear(ask, LONG)
    assert len(line.said()) == 2


def test_somebody_else_answers_as_us(line: StillLine) -> None:
    """Counted for the doctor, and answered by nobody."""
    line.hear(rtu(240, read(102)), LONG)
    line.hear(rtu(240, holding(1)), LONG)
    assert (len(line.said()), line.traffic.answers_as_us) == (1, 1)


def test_modbus_tcp_on_an_rtu_line_is_noticed(line: StillLine) -> None:
    """The adapter is in Modbus-gateway mode; nothing is said, the counter tells the doctor."""
    line.hear(TcpFrame(1, 240, read(102)).encode(), LONG)
    assert (line.said(), line.traffic.mbap_seen) == ([], 1)


def test_foreign_units_are_counted_each(line: StillLine) -> None:
    line.hear(rtu(17, read(1)) + rtu(17, holding(1)) + rtu(18, read(1)), LONG)
    assert (line.traffic.foreign, line.traffic.foreign_units) == (3, {17: 2, 18: 1})


def test_turnaround_is_measured(line: StillLine) -> None:
    """From the last byte of the request to the answer: the silent interval, when nothing is in the way."""
    line.hear(rtu(240, read(102)), LONG)
    assert line.traffic.report(0.0)["turnaround"] == {
        "le": [0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1],
        "counts": [0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    }


def test_the_ring_holds_both_directions(line: StillLine) -> None:
    """With verdict and time, noise too."""
    line.hear(b"\x00" + rtu(240, read(102)) + rtu(17, read(1))[:4], LONG)
    frames = line.frames.since(0, 10)
    assert [(frame.direction, frame.verdict, frame.data) for frame in frames] == [
        ("in", "noise", b"\x00"),
        ("in", "request", rtu(240, read(102))),
        ("out", "withheld_followed", rtu(240, holding(0))),
        ("in", "truncated", rtu(17, read(1))[:4]),
    ]
    assert [frame.at - 1000.0 for frame in frames] == pytest.approx([0.0, 0.0, 0.00175, 0.0])


# Listening only


def test_a_gateway_that_only_listens_has_nothing_to_send_with(tmp_path: Path) -> None:
    """Broadcasts and writes to us are heard; polls, and the answers of whoever has our address, are traffic."""
    line = StillLine(tmp_path, listen_only=True)
    assert line.wire.transmit is None
    line.hear(rtu(0, write_one(102, 7)), LONG)
    line.hear(rtu(240, write_one(103, 8)), 0.005)
    line.hear(rtu(240, write_one(103, 8)), LONG)
    line.hear(rtu(240, read(102)), 0.005)
    line.hear(rtu(240, holding(7)), LONG)
    assert line.said() == []
    assert [line.bench.reported(102), line.bench.reported(103)] == [7, 8]
    assert (line.traffic.requests, line.traffic.answers_as_us, line.traffic.answers) == (2, 2, 0)
