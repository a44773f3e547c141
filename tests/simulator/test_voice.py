"""How frames get onto a wire: the silences between them, and the echo."""

import asyncio
from itertools import pairwise

import pytest

from neasmart_gateway.simulator.endpoints import Line
from neasmart_gateway.simulator.manners import POLITE, Manners
from neasmart_gateway.simulator.mischief import Mischief
from neasmart_gateway.simulator.voice import Voice
from neasmart_gateway.simulator.wire import Wire

SLOW = Line(4800)
FRAME = bytes(range(8))
CLOCK_GRAIN = 1e-6
"""Seconds by which an event loop's clock may be rounded."""


class Tape(Wire):
    """A wire that notes what is written on it and when, and gives out what lies on it."""

    def __init__(self, incoming: bytes = b"") -> None:
        self.incoming = incoming
        self.written: list[tuple[float, bytes]] = []

    async def read(self) -> bytes:
        return self.incoming

    async def leftovers(self) -> bytes:
        return self.incoming

    async def close(self) -> None:
        pass

    async def write(self, data: bytes) -> None:
        self.written.append((asyncio.get_running_loop().time(), data))


async def test_frames_keep_their_distance() -> None:
    """The next frame begins when the last one has left the line and 3.5 characters of silence have passed."""
    tape = Tape()
    voice = Voice(tape, SLOW, Mischief(POLITE))
    for _ in range(4):
        await voice.say(FRAME, poll=False)
    times = [at for at, _ in tape.written]
    least = len(FRAME) * SLOW.character + SLOW.silence
    assert all(later - sooner >= least - CLOCK_GRAIN for sooner, later in pairwise(times))


@pytest.mark.parametrize("unasked", [False, True])
async def test_an_answer_keeps_its_distance(unasked: bool) -> None:
    """What was heard is followed by a silence too, whether it was asked for or not."""
    tape = Tape(b"answer")
    voice = Voice(tape, SLOW, Mischief(POLITE))
    clock = asyncio.get_running_loop().time
    opened_at = clock()
    while clock() < opened_at + 2 * SLOW.silence:
        await asyncio.sleep(0)
    heard_at = clock()
    assert await (voice.leftovers() if unasked else voice.hear()) == b"answer"
    await voice.say(FRAME, poll=True)
    assert tape.written[0][0] - heard_at >= SLOW.silence - CLOCK_GRAIN


async def test_silences_are_between_writes_and_not_between_pieces() -> None:
    """With others on the line each frame keeps its distance, those of others too; glued ones and pieces keep none."""
    tape = Tape()
    voice = Voice(tape, SLOW, Mischief(Manners(others=(17,)), seed=1))
    while len(tape.written) < 12:
        await voice.say(FRAME, poll=True)
    assert any(data != FRAME for _, data in tape.written)
    for (sooner, data), (later, _) in pairwise(tape.written):
        assert later - sooner >= len(data) * SLOW.character + SLOW.silence - CLOCK_GRAIN


@pytest.mark.parametrize("echo", [False, True])
async def test_echo(echo: bool) -> None:
    """Whatever is heard goes back at once, and counts; without echo nothing does."""
    tape = Tape(b"answer")
    mischief = Mischief(Manners(echo=echo))
    voice = Voice(tape, SLOW, mischief)
    await voice.hear()
    await voice.leftovers()
    tape.incoming = b""
    await voice.leftovers()
    assert [data for _, data in tape.written] == [b"answer"] * 2 * echo
    assert mischief.counts.echoes == 2 * echo


async def test_what_was_held_back_dies_with_the_wire() -> None:
    """The next connection begins with its own first frame."""
    mischief, tape = Mischief(Manners(glued=1.0)), Tape()
    voice = Voice(tape, SLOW, mischief)
    await voice.say(FRAME, poll=False, followed=True)
    await voice.close()
    await Voice(tape, SLOW, mischief).say(FRAME, poll=True)
    assert [data for _, data in tape.written] == [FRAME]


async def test_only_a_line_takes_time() -> None:
    """Modbus TCP has no characters to wait for."""
    assert Voice(Tape(), None, Mischief(POLITE)).seconds(1000) == 0.0
    assert Voice(Tape(), SLOW, Mischief(POLITE)).seconds(480) == pytest.approx(1.0)
