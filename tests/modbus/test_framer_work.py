"""The work for each byte is bounded, and what is held too, also on lines that somebody made to wear the framer out."""

import random
from collections.abc import Callable, Iterable

import pytest

from neasmart_gateway.modbus import crc
from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.framer import RtuFramer
from tests.modbus.line import GAP, OURS, READ, answer
from tests.modbus.test_framer_properties import bounded

SHORT, LONG = 6_000, 24_000
LIMIT = 512
"""Two lengths for each byte, of at most 256 bytes."""
Made = Callable[[int], bytes]
CARRIER = sealed(b"\x63\x65\x01\x02" + READ)


def repeated(part: bytes, length: int) -> bytes:
    return (part * (length // len(part) + 1))[:length]


def cut_frames(length: int) -> bytes:
    """Frames with a right checksum, cut anywhere, one directly behind the other."""
    dice = random.Random(5)
    made = b""
    while len(made) < length:
        data = dice.choice((READ, CARRIER, answer(17, bytes(200)), sealed(dice.randbytes(dice.randint(2, 250)))))
        made += data[dice.choice((0, 0, dice.randrange(len(data)))) : dice.choice((None, -1, -3))]
    return made[:length]


STREAMS: dict[str, Made] = {
    "zeros": bytes,
    "ones": lambda length: b"\xff" * length,
    "write headers": lambda length: repeated(b"\x11\x10\x00\x64\x00\x7b\xf6", length),
    "answer headers": lambda length: repeated(b"\x11\x03\xfa", length),
    "one byte, all headers": lambda length: repeated(b"\x03", length),
    "headers of both lengths": lambda length: repeated(b"\x17\x17\xf0\x17\x17\x17\x17\x17\x17\x17\xf0", length),
    "chains": lambda length: repeated(CARRIER, length),
    "chains of zeros": lambda length: repeated(sealed(b"\x63\x65") + b"\0\0\0", length),
    "shortest frames": lambda length: repeated(sealed(b"\x63\x65"), length),
    "requests": lambda length: repeated(READ, length),
    "cut frames": cut_frames,
    "random bytes": lambda length: random.Random(7).randbytes(length),
}


def work(stream: bytes, size: int, pauses: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many bytes are put through the checksum for a stream in pieces of this size, with a pause now and then."""
    done = 0
    real = crc.crc16

    def counting(data: Iterable[int], register: int = crc.START) -> int:
        nonlocal done
        data = bytes(data)
        done += len(data)
        return real(data, register)

    monkeypatch.setattr(crc, "crc16", counting)
    framer, now = RtuFramer(OURS, GAP), 1.0
    for start in range(0, len(stream), size):
        now += 2 * GAP if pauses and start % pauses < size else 0.0
        framer.feed(stream[start : start + size], now)
        assert bounded(framer)
    framer.advance(now + GAP)
    return done


@pytest.mark.parametrize("made", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("pauses", [0, 700], ids=["no pause", "pauses"])
def test_four_times_the_bytes_are_four_times_the_work(made: Made, pauses: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not sixteen times."""
    short = work(made(SHORT), 50, pauses, monkeypatch)
    assert work(made(LONG), 50, pauses, monkeypatch) <= 4.5 * short + LONG


@pytest.mark.parametrize("made", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_no_byte_is_looked_at_too_often(made: Made, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever pieces they come; byte by byte is the most work."""
    assert work(made(SHORT), size, 700, monkeypatch) <= LIMIT * SHORT
