"""The framer's measurement gives its figures, and its judge knows what can be known."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import framer
from benchmarks.accidents import checksum, sealed_runs, standard_lengths
from benchmarks.compiled import NotCompiled
from benchmarks.known import Known, Untold, known
from benchmarks.readers import libmodbus, pymodbus
from benchmarks.streams import UNITS, Expected, Item, Kind, Stream, sealed
from neasmart_gateway.modbus import crc
from neasmart_gateway.modbus.frame import UNTOLD, frame_lengths
from tests.conftest import cannot

READ = sealed(bytes.fromhex("f0 03 0064 0003"))
OTHER_READ = sealed(bytes.fromhex("f1 03 0064 0001"))
ASK = Item(Kind.FOREIGN, sealed(bytes.fromhex("11 03 0000 0005")), expected=Expected(b"\x11\x03\x0a", 15))
ANSWER = sealed(b"\x11\x03\x0a" + READ + b"\0\0")
HIT_ANSWER = Item(Kind.JUNK, ANSWER[:-1] + b"?", (READ,))
CUT_ANSWER = Item(Kind.JUNK, ANSWER[:4], cut=True)
CARRIER = Item(Kind.PROPRIETARY, sealed(b"\x63\x65" + READ + b"\1"), (READ,))
US = Item(Kind.OURS, OTHER_READ)
UNKNOWN = Item(Kind.UNKNOWN, sealed(b"\xf0\x65\x01"))
NOISE = Item(Kind.JUNK, b"\x9e\x7b\xd2")


def judged(*stretches: list[Item]) -> Known:
    return known(Stream(list(stretches)))


def allowed(found: Known) -> list[bytes]:
    """What may be taken besides the good frames, in the order of the line."""
    return [found.data[start:end] for start, end in sorted(found.allowed - found.good)]


def test_table(tmp_path: Path) -> None:
    """Each row shows what was recognised, what was wrongly taken, and how long it took."""
    table = framer.measure(tmp_path, framer.Size(streams=200, over_pty=8))
    shown = table.render()
    assert {row.ours[0] for row in table.rows if row.unit == "%"} == {100.0}
    assert {row.ours[0] for row in table.rows if row.what.endswith("wrongly taken")} == {0}
    assert [row.what for row in table.rows][:4] == [
        f"pymodbus, 200 streams: {what}"
        for what in ("recognised", "of functions 3, 6, 16, 22, 23", "wrongly taken", "all of it")
    ]
    assert "libmodbus, 8 other streams: recognised" in shown or "libmodbus: not run" in shown
    assert all(f" {why.name.lower().replace('_', ' ')}" in " ".join(shown.split()) for why in Untold)


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of libmodbus are missing, and a note says why."""
    monkeypatch.setenv("PATH", str(tmp_path))
    table = framer.measure(tmp_path, framer.Size(streams=50))
    assert len(table.rows) == 4
    assert "not run, no C compiler" in table.render()


def test_both_others_hear_a_lone_request(tmp_path: Path) -> None:
    """Each is set up rightly: what stands alone between two pauses, all three take."""
    pieces = [(0.05, READ), (0.1, NOISE.data[:2]), (0.2, sealed(bytes.fromhex("00 06 0066 0c1a")))]
    wanted = [[pieces[0][1]], [pieces[0][1], pieces[2][1]]]
    streams = [Stream(pieces=pieces[:1]), Stream(pieces=[pieces[0], pieces[2]])]
    assert pymodbus(UNITS, streams) == wanted
    try:
        slave = libmodbus(tmp_path, 240)
    except NotCompiled as why:
        cannot(str(why))
    assert slave(streams) == wanted


@pytest.mark.parametrize(
    ("stretches", "good", "may", "untold"),
    [
        ([[US, US]], 2, [], {}),
        ([[NOISE, US, NOISE]], 1, [], {}),
        ([[ASK, HIT_ANSWER, US]], 1, [], {}),
        ([[ASK], [HIT_ANSWER, US]], 1, [], {}),
        ([[HIT_ANSWER, US]], 1, [READ], {Untold.HIT_CARRIER: 1}),
        ([[US, HIT_ANSWER]], 1, [READ], {Untold.HIT_CARRIER: 1}),
        ([[Item(Kind.JUNK, READ, (READ,), cut=True)]], 0, [READ], {Untold.CUT_CARRIER: 1}),
        ([[ASK, CUT_ANSWER], [US]], 1, [], {}),
        ([[ASK, CUT_ANSWER, US, US]], 1, [OTHER_READ], {Untold.CUT_ANSWER: 1}),
        ([[ASK, CUT_ANSWER, US, US, US]], 2, [OTHER_READ], {Untold.CUT_ANSWER: 1}),
        ([[CUT_ANSWER, US, US]], 2, [], {}),
        ([[CARRIER]], 0, [], {}),
        ([[US, CARRIER, US]], 2, [], {}),
        ([[CARRIER, CARRIER, CARRIER, US]], 1, [], {}),
        ([[NOISE, CARRIER, US]], 1, [READ], {Untold.LOST_PLACE: 1}),
        ([[CARRIER, NOISE, US]], 1, [READ], {Untold.LOST_END: 1}),
        ([[NOISE], [CARRIER], [NOISE, US]], 1, [], {}),
        ([[CARRIER] * 4], 0, [READ] * 4, {Untold.LONG_CHAIN: 1, Untold.LOST_PLACE: 3}),
        ([[UNKNOWN, US]], 2, [], {}),
        ([[NOISE, UNKNOWN]], 0, [UNKNOWN.data], {Untold.LOST_PLACE: 1}),
        ([[UNKNOWN, NOISE]], 0, [UNKNOWN.data], {Untold.LOST_END: 1}),
        ([[Item(Kind.JUNK, b"\x9e" + READ), US]], 0, [OTHER_READ], {Untold.ACCIDENT: 1}),
    ],
)
def test_what_can_be_known(stretches: list[list[Item]], good: int, may: list[bytes], untold: dict[Untold, int]) -> None:
    """Good frames, frames and look-alikes that may be taken, and how often it is untold."""
    found = judged(*stretches)
    assert len(found.good) == good
    assert allowed(found) == may
    assert found.untold == untold


def test_what_is_wrong() -> None:
    """A look-alike in a frame that can be seen; not what is good, what may be, or what an accident spoilt."""
    found = judged([ASK, HIT_ANSWER, US], [NOISE, CARRIER])
    assert found.wrong_frames([READ, OTHER_READ]) == []
    assert found.wrong_frames([READ, READ, OTHER_READ]) == [READ]
    assert found.is_wrong(11, 19)
    assert not found.is_wrong(*next(iter(found.good)))
    spoilt = judged([Item(Kind.JUNK, b"\x9e" + READ), US])
    assert spoilt.wrong_frames([READ, OTHER_READ]) == []
    assert not spoilt.is_wrong(1, 9)


@pytest.mark.parametrize("make", [random.Random.randbytes, lambda _, length: bytes(length)], ids=["random", "zeros"])
def test_every_right_checksum_is_found(make: Callable[[random.Random, int], bytes]) -> None:
    """As many as by trying all of them."""
    dice = random.Random(3)
    for _ in range(20):
        data = make(dice, 80) + sealed(dice.randbytes(9)) + bytes(dice.randrange(5)) + make(dice, 100)
        tried = {(a, b) for a in range(len(data)) for b in range(a + 4, len(data) + 1) if not crc.crc16(data[a:b])}
        assert set(sealed_runs(data)) == {(a, b) for a, b in tried if b - a <= 256}
        assert checksum(data) == crc.sealed(data)[-2:]


def test_the_judge_knows_the_same_lengths() -> None:
    """The judge's own table misses none of the framer's."""
    dice = random.Random(4)
    for function in range(256):
        data = bytes((17, function)) + dice.randbytes(12)
        told = {length for length in frame_lengths(bytearray(data), 0, len(data)) if length != UNTOLD}
        assert told <= standard_lengths(data, 0)
