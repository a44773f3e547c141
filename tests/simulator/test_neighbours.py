"""What other slaves say, and what is no Modbus."""

from collections import Counter
from random import Random

from neasmart_gateway.modbus.crc import crc16
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import Verdict
from neasmart_gateway.modbus.shapes import ANSWERS, REQUESTS, fits
from neasmart_gateway.simulator.neighbours import Neighbours
from neasmart_gateway.simulator.schedule import UNITS

MANY = 500


def test_an_exchange_is_a_request_and_its_answer() -> None:
    """Right checksums and lengths, one unit, and the answer's function is the request's, refused or not."""
    neighbours = Neighbours((17, 18), Random(1))
    functions: Counter[int] = Counter()
    for _ in range(MANY):
        request, answer = neighbours.exchange()
        assert crc16(request) == crc16(answer) == 0
        assert request[0] == answer[0] in (17, 18)
        assert fits(REQUESTS, request[1:-2])
        assert fits(ANSWERS, answer[1:-2])
        assert answer[1] & 0x7F == request[1]
        functions[answer[1]] += 1
    assert set(functions) == {3, 4, 6, 16, 0x83, 0x84, 0x86, 0x90}


def test_some_answers_hide_a_request_to_a_gateway() -> None:
    """Reads of both units, and writes to all, stand whole inside of somebody's answer."""
    neighbours = Neighbours((17,), Random(2))
    hidden: Counter[int] = Counter()
    for _ in range(MANY):
        _, answer = neighbours.exchange()
        for start in range(1, len(answer) - 8):
            inner = answer[start : start + 8]
            if crc16(inner) == 0 and inner[0] in (*UNITS, 0) and inner[1] in (3, 6):
                hidden[inner[0]] += 1
    assert min(hidden[unit] for unit in (*UNITS, 0)) > 5


def test_none_of_it_is_for_a_gateway() -> None:
    """A framer that hears it all, without a pause, finds each frame and nothing for itself."""
    neighbours = Neighbours((17, 18), Random(3))
    framer = RtuFramer(frozenset(UNITS), 1.0)
    verdicts: Counter[Verdict] = Counter()
    for _ in range(MANY):
        verdicts.update(heard.verdict for frame in neighbours.exchange() for heard in framer.feed(frame, 0.0))
    assert verdicts == {Verdict.FOREIGN_REQUEST: MANY, Verdict.FOREIGN_ANSWER: MANY}


def test_proprietary_frames_are_outside_modbus() -> None:
    """A right checksum, a function that no table has, odd and even lengths, and never a gateway's unit."""
    neighbours = Neighbours((), Random(4))
    frames = [neighbours.proprietary() for _ in range(MANY)]
    assert {crc16(frame) for frame in frames} == {0}
    assert not {frame[1] for frame in frames} & {*REQUESTS, *ANSWERS}
    assert not {frame[0] for frame in frames} & {*UNITS, 0}
    assert {len(frame) % 2 for frame in frames} == {0, 1}
    assert min(map(len, frames)) == 4
