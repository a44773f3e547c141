"""Finding the speed of a line by listening: on a pseudo terminal, with a clock that brings the bytes along."""

import os
import termios
import tty
from collections.abc import Iterator

import pytest

from neasmart_gateway.bus.options import Line
from neasmart_gateway.bus.serial import DeviceFault, open_device
from neasmart_gateway.bus.speeds import USUAL_LINES, best, listen_at_each
from tests.bus.stillness import rtu
from tests.bus.wire import read

POLL = rtu(240, read(100, 2))
FOREIGN = rtu(17, read(1))


class Talker:
    """A line that speaks at one speed; whoever listens at another hears bytes without sense.

    Its clock goes on by a tenth of a second at each look, and the line says something meanwhile.
    """

    def __init__(self, speed: int, says: bytes = POLL) -> None:
        self.hand, self.held = os.openpty()
        tty.setraw(self.held)
        os.set_blocking(self.hand, False)
        self.device = os.ttyname(self.held)
        self._speed, self._says, self._now = speed, says, 0.0

    def clock(self) -> float:
        self._now += 0.1
        right = termios.tcgetattr(self.held)[4] == self._speed
        os.write(self.hand, self._says if right else bytes(byte ^ 0x55 for byte in self._says))
        return self._now

    def heard(self) -> bytes:
        """What the listener has sent."""
        try:
            return os.read(self.hand, 1000)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self.hand)
        os.close(self.held)


@pytest.fixture
def talker() -> Iterator[Talker]:
    talker = Talker(termios.B9600)
    yield talker
    talker.close()


def test_the_speed_with_valid_frames_is_found(talker: Talker) -> None:
    """Every usual speed is tried, REHAU's own first; bytes without sense are no frames."""
    trials = list(listen_at_each(talker.device, 1.0, talker.clock))
    assert [trial.line for trial in trials] == list(USUAL_LINES)
    assert trials[0].name == "38400 8N1"
    assert (trials[0].frames, trials[0].traffic.bytes_in > 0) == (0, True)
    found = best(trials)
    assert found is not None
    assert found.name == "9600 8N1"
    assert found.frames == found.traffic.requests > 0


def test_nothing_is_ever_sent(talker: Talker) -> None:
    """Polls for our units are heard, and not answered."""
    list(listen_at_each(talker.device, 1.0, talker.clock, [Line(9600)]))
    assert talker.heard() == b""


def test_frames_of_others_count(talker: Talker) -> None:
    """The checksum tells the speed, whoever is meant."""
    talker._says = FOREIGN
    (trial,) = listen_at_each(talker.device, 1.0, talker.clock, [Line(9600)])
    assert (trial.traffic.requests, trial.frames > 0) == (0, True)


def test_no_speed_is_right(talker: Talker) -> None:
    assert best(listen_at_each(talker.device, 0.5, talker.clock, [Line(38400), Line(19200)])) is None


def test_what_the_device_does_not_take_is_left_out(talker: Talker) -> None:
    """A pseudo terminal has no parity, and says so when nothing else changes; the rest is tried all the same."""
    lines = [Line(9600), Line(9600, parity="even"), Line(9600)]
    first, even, last = listen_at_each(talker.device, 0.5, talker.clock, lines)
    assert (even.refused, even.frames) == (True, 0)
    assert [(one.refused, one.frames > 0) for one in (first, last)] == [(False, True)] * 2


def test_a_device_in_use_is_named(talker: Talker) -> None:
    """A running gateway holds its device."""
    held = open_device(talker.device, Line())
    try:
        with pytest.raises(DeviceFault, match="another program uses it"):
            list(listen_at_each(talker.device, 0.5, talker.clock))
    finally:
        os.close(held)
