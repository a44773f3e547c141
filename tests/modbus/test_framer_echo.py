"""Many adapters hear themselves: what equals our last answer, shortly after it was sent, is our echo and no request."""

import pytest

from neasmart_gateway.modbus.framer import ECHO_SECONDS, RtuFramer
from neasmart_gateway.modbus.heard import Verdict
from tests.modbus.line import GAP, OURS, READ, answer, frame, hit, told

ACKNOWLEDGED = frame(240, "06 0065 0c1a")
"""An answer that looks just like its request: as a request it would be answered again, and again."""
UNTIL = 1.010
TIMES = {"while it is sent": 1.005, "at its end": UNTIL, "20 ms later": UNTIL + ECHO_SECONDS}


def sending(data: bytes = ACKNOWLEDGED) -> RtuFramer:
    """A framer whose answer leaves the line at UNTIL."""
    framer = RtuFramer(OURS, GAP)
    framer.sent(data, UNTIL)
    return framer


@pytest.mark.parametrize("at", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("data", [ACKNOWLEDGED, answer(240, b"\1\2"), frame(241, "83 02")], ids=bytes.hex)
def test_own_echo(data: bytes, at: float) -> None:
    """While it is sent and up to 20 ms after it, whatever it is."""
    assert told(sending(data).feed(data, at)) == [(Verdict.OWN_ECHO, data)]


def test_the_time_is_that_of_the_issue() -> None:
    """20 ms."""
    assert ECHO_SECONDS == 0.02


def test_only_once() -> None:
    """The base may ask for the same again at once."""
    framer = sending()
    assert told(framer.feed(ACKNOWLEDGED * 2, UNTIL)) == [
        (Verdict.OWN_ECHO, ACKNOWLEDGED),
        (Verdict.REQUEST, ACKNOWLEDGED),
    ]


def test_too_late() -> None:
    """After that it is a request."""
    late = UNTIL + ECHO_SECONDS + 0.001
    assert told(sending().feed(ACKNOWLEDGED, late)) == [(Verdict.REQUEST, ACKNOWLEDGED)]


def test_its_last_byte_counts() -> None:
    """An echo that comes in parts must be whole in time."""
    framer = sending()
    framer.feed(ACKNOWLEDGED[:5], UNTIL + ECHO_SECONDS - 0.001)
    assert told(framer.feed(ACKNOWLEDGED[5:], UNTIL + ECHO_SECONDS + 0.001)) == [(Verdict.REQUEST, ACKNOWLEDGED)]


def test_other_bytes_are_none() -> None:
    """A request that comes instead is one; the echo behind it still is an echo."""
    framer = sending()
    assert told(framer.feed(READ + ACKNOWLEDGED, UNTIL)) == [(Verdict.REQUEST, READ), (Verdict.OWN_ECHO, ACKNOWLEDGED)]


def test_a_hit_echo_is_none() -> None:
    """It is dropped by its checksum like anything else."""
    framer = sending()
    found = framer.feed(hit(ACKNOWLEDGED), UNTIL) + framer.advance(2.0)
    assert told(found) == [(Verdict.BAD_CRC, hit(ACKNOWLEDGED))]


def test_only_the_last_answer() -> None:
    """Another one takes its place."""
    framer = sending()
    framer.sent(answer(240, b"\1\2"), UNTIL)
    assert told(framer.feed(ACKNOWLEDGED, UNTIL)) == [(Verdict.REQUEST, ACKNOWLEDGED)]


def test_noise_may_stand_before_an_echo() -> None:
    """A driver that wakes up leaves a byte."""
    framer = sending()
    assert told(framer.feed(b"\0" + ACKNOWLEDGED, UNTIL)) == [
        (Verdict.NOISE, b"\0"),
        (Verdict.OWN_ECHO, ACKNOWLEDGED),
    ]
