"""Frames to us are found whatever stands around them, and what was dropped is named."""

import pytest

from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import DROPPED, FOREIGN, Heard, Verdict
from tests.modbus import line
from tests.modbus.line import BROADCAST, GAP, OTHER_READ, OURS, PAUSE, READ, WRITE, frame, hit, listen, to_us, told

NOISE = bytes.fromhex("9e 7b d2 44 f8")
HEADERS = {
    "a write of 246 bytes": bytes.fromhex("11 10 00 64 00 7b f6"),
    "an answer of 246 bytes": bytes.fromhex("11 03 f6"),
    "half a write": bytes.fromhex("11 10 00 64"),
    "half a read": bytes.fromhex("11 03 00"),
    "half a read of ours": READ[:6],
    "a unit": b"\x11",
}
REQUESTS = {
    **{f"{function:02x}": frame(240, f"{function:02x} 0064 0003") for function in (1, 2, 3, 4, 5, 6, 8)},
    **{f"{function:02x}": frame(241, f"{function:02x}") for function in (7, 0x0B, 0x0C, 0x11)},
    "0f": frame(240, "0f 0001 0009 02 0101"),
    "10": WRITE,
    "14": frame(240, "14 07 06 0001 0002 0003"),
    "15": frame(240, "15 09 06 0001 0002 0001 abcd"),
    "16": frame(241, "16 0064 00f2 0025"),
    "17": frame(241, "17 0064 0002 00c8 0001 02 0001"),
    "18": frame(240, "18 0001"),
    "2b": frame(240, "2b 0e 01 00"),
}


@pytest.mark.parametrize("data", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("chopped", [False, True], ids=["whole", "byte by byte"])
def test_a_request_of_each_standard_function(data: bytes, chopped: bool) -> None:
    """Each comes with its last byte, without any waiting, also those that we do not serve."""
    framer = RtuFramer(OURS, GAP)
    pieces = [data[n : n + 1] for n in range(len(data))] if chopped else [data]
    *before, last = [framer.feed(piece, 5.0) for piece in pieces]
    assert before == [[]] * (len(pieces) - 1)
    assert last == [Heard(Verdict.REQUEST, data, 5.0, len(data))]
    assert framer.deadline is None


def test_unit_and_pdu() -> None:
    """What is heard knows its parts."""
    (heard,) = listen(OTHER_READ)
    assert heard.unit == 241
    assert heard.pdu == bytes.fromhex("03 0064 0001")


@pytest.mark.parametrize("noise", [NOISE, b"\0", b"\xff", b"\0\0", b"\xff" * 9, b"\xf0", b"\xf0\x03"], ids=bytes.hex)
@pytest.mark.parametrize("pause", [[PAUSE], []], ids=["pause", "glued"])
@pytest.mark.parametrize("good", [READ, WRITE, BROADCAST], ids=["read", "write", "broadcast"])
def test_noise_hides_nothing(noise: bytes, pause: list[None], good: bytes) -> None:
    """Before, between and behind frames to us."""
    found = listen(noise, *pause, good, *pause, noise, *pause, OTHER_READ, *pause, noise)
    assert to_us(found) == [good, OTHER_READ]
    assert b"".join(heard.data for heard in found if heard.verdict in DROPPED) == noise * 3


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("pause", [[PAUSE], []], ids=["pause", "glued"])
def test_half_a_frame_costs_nothing(header: bytes, pause: list[None]) -> None:
    """However much it claims: without a pause it is over with the next one at the latest."""
    assert to_us(listen(header, *pause, READ, PAUSE, OTHER_READ)) == [READ, OTHER_READ]


def test_a_header_delays_only_until_the_pause() -> None:
    """What a header claims is waited for; the deadline is one gap behind the last byte."""
    framer = RtuFramer(OURS, GAP)
    assert framer.feed(HEADERS["a write of 246 bytes"] + READ, 1.0) == []
    assert framer.deadline == 1.0 + GAP
    assert framer.advance(1.0 + GAP / 2) == []
    found = framer.advance(1.0 + GAP)
    assert told(found) == [(Verdict.TRUNCATED, HEADERS["a write of 246 bytes"]), (Verdict.REQUEST, READ)]
    assert framer.deadline is None
    assert framer.advance(9.0) == []


def test_a_claim_is_over_when_its_bytes_have_come() -> None:
    """A line without any pause cannot keep a claim alive."""
    found = listen(HEADERS["an answer of 246 bytes"] + READ * 40)
    assert to_us(found) == [READ] * 40


def test_frames_glued_together() -> None:
    """Fifty in one piece: none is lost, and their order is that of the line."""
    wanted = [line.read(240 + n % 2, 1 + n) for n in range(50)]
    assert told(listen(b"".join(wanted))) == [(Verdict.REQUEST, data) for data in wanted]


def test_a_pause_inside_a_frame_ends_it() -> None:
    """Its rest begins nothing that could be taken for it."""
    found = listen(READ[:6], PAUSE, READ[6:], PAUSE, READ)
    assert told(found) == [(Verdict.TRUNCATED, READ[:6]), (Verdict.NOISE, READ[6:]), (Verdict.REQUEST, READ)]


def test_the_frame_that_begins_first_wins() -> None:
    """A request to us inside the data of a longer frame is data; of two that overlap the first is one."""
    longer = line.write(17, READ + bytes(2))
    assert to_us(listen(longer)) == []
    assert to_us(listen(hit(longer, 0))) == [READ]


@pytest.mark.parametrize("unit", [1, 17, 239, 242, 247, 248, 255])
def test_other_units_are_not_ours(unit: int) -> None:
    """Only 240, 241 and all."""
    assert told(listen(line.read(unit, 1))) == [(Verdict.FOREIGN_REQUEST, line.read(unit, 1))]


@pytest.mark.parametrize("data", [BROADCAST, frame(0, "06 0066 0c1a"), frame(0, "16 0064 00f2 0025")], ids=bytes.hex)
def test_a_broadcast(data: bytes) -> None:
    """A request to all is one to us; nobody answers it, so no answer is expected."""
    assert told(listen(data, data)) == [(Verdict.BROADCAST, data)] * 2


@pytest.mark.parametrize("pdu", ["03 02 0102", "83 02", "65 01 02", "10 0064 0001 02 0c1a 00"])
def test_not_every_frame_to_all_is_a_broadcast(pdu: str) -> None:
    """Answers, exceptions and unknown functions or lengths under unit 0 are nothing that we would apply."""
    assert to_us(listen(frame(0, pdu))) == []


def test_a_wrong_checksum() -> None:
    """As long as its header says, but hit: dropped under that name."""
    for data in (READ, WRITE, BROADCAST, line.FOREIGN_ANSWER):
        assert told(listen(hit(data))) == [(Verdict.BAD_CRC, hit(data))]


def test_what_a_pause_cut_off() -> None:
    """The beginning of a frame is truncated; one byte, or a function that nobody knows, is noise."""
    assert told(listen(WRITE[:9])) == [(Verdict.TRUNCATED, WRITE[:9])]
    assert told(listen(WRITE[:2])) == [(Verdict.TRUNCATED, WRITE[:2])]
    assert told(listen(WRITE[:1])) == [(Verdict.NOISE, WRITE[:1])]
    assert told(listen(NOISE)) == [(Verdict.NOISE, NOISE)]
    assert told(listen(READ[:-1] + NOISE)) == [(Verdict.NOISE, READ[:-1] + NOISE)]


def test_what_is_dropped_is_told_in_portions() -> None:
    """Of noise without an end not more than a longest frame is kept."""
    found = listen(bytes(600))
    assert [len(heard.data) for heard in found] == [256, 256, 88]
    assert [heard.end for heard in found] == [256, 512, 600]


def test_place_and_time() -> None:
    """`at` is when the last byte arrived, `end` how many had arrived with it, the dropped ones included."""
    framer = RtuFramer(OURS, GAP)
    found = framer.feed(NOISE[:3], 1.0) + framer.feed(NOISE[3:] + READ[:4], 1.01) + framer.feed(READ[4:] + WRITE, 1.02)
    found += framer.advance(2.0)
    assert [(heard.data, heard.at, heard.end) for heard in found] == [
        (NOISE, 1.01, 5),
        (READ, 1.02, 13),
        (WRITE, 1.02, 13 + len(WRITE)),
    ]
    assert framer.received == 13 + len(WRITE)


def test_finding_ones_place_again_is_noted() -> None:
    """A frame directly behind dropped bytes is a resync; behind a pause or a frame it is none."""
    found = listen(NOISE, READ, READ, PAUSE, NOISE, PAUSE, READ)
    assert [heard.resync for heard in found] == [False, True, False, False, False]


def test_nothing_is_no_piece() -> None:
    """An empty read neither ends nor lengthens a pause, and leaves nothing behind."""
    framer = RtuFramer(OURS, GAP)
    framer.feed(READ[:4], 1.0)
    assert framer.feed(b"", 1.0 + GAP / 2) == []
    assert framer.deadline == 1.0 + GAP
    assert told(framer.feed(b"", 1.0 + GAP)) == [(Verdict.TRUNCATED, READ[:4])]
    assert framer.deadline is None


def test_a_pause_ends_where_the_next_byte_comes() -> None:
    """Without a call in between, the next piece first decides what the pause ended."""
    framer = RtuFramer(OURS, GAP)
    framer.feed(READ[:4], 1.0)
    assert told(framer.feed(READ, 1.0 + GAP)) == [(Verdict.TRUNCATED, READ[:4]), (Verdict.REQUEST, READ)]


def test_pieces_within_the_gap_belong_together() -> None:
    """Also when the whole frame takes longer than that."""
    framer = RtuFramer(OURS, GAP)
    found = [heard for n, byte in enumerate(READ) for heard in framer.feed(bytes((byte,)), n * GAP * 0.9)]
    assert found == [Heard(Verdict.REQUEST, READ, (len(READ) - 1) * GAP * 0.9, len(READ))]


def test_every_verdict_has_one_family() -> None:
    """Dropped, somebody else's, or about us."""
    about_us = {Verdict.REQUEST, Verdict.BROADCAST, Verdict.ANSWER_AS_US, Verdict.OWN_ECHO}
    assert set(Verdict) == DROPPED | FOREIGN | about_us
    assert not DROPPED & FOREIGN
