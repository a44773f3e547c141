"""Other slaves' answers look like requests of another length: they are known by what was asked."""

import pytest

from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import Verdict
from tests.modbus.line import (
    FOREIGN,
    FOREIGN_ANSWER,
    GAP,
    OTHER_READ,
    OURS,
    PAUSE,
    READ,
    WRITE,
    answer,
    frame,
    hit,
    listen,
    read,
    to_us,
    told,
    write,
)

PAUSES = pytest.mark.parametrize("pause", [[PAUSE], []], ids=["pause", "glued"])
ASKED = {
    "01": (frame(17, "01 0000 0011"), frame(17, "01 03 010203")),
    "03": (FOREIGN, FOREIGN_ANSWER),
    "04": (frame(17, "04 0000 0001"), frame(17, "04 02 0102")),
    "05": (frame(17, "05 0001 ff00"), frame(17, "05 0001 ff00")),
    "06": (frame(17, "06 0001 0c1a"), frame(17, "06 0001 0c1a")),
    "07": (frame(17, "07"), frame(17, "07 55")),
    "0b": (frame(17, "0b"), frame(17, "0b ffff 0108")),
    "10": (write(17, b"\1\2\3\4"), frame(17, "10 0064 0002")),
    "16": (frame(17, "16 0064 00f2 0025"), frame(17, "16 0064 00f2 0025")),
    "17": (frame(17, "17 0064 0001 00c8 0001 02 0001"), frame(17, "17 02 0001")),
    "refused": (FOREIGN, frame(17, "83 02")),
}
"""A request to somebody else, and its answer."""


@PAUSES
@pytest.mark.parametrize(("asked", "answered"), ASKED.values(), ids=ASKED)
def test_a_foreign_exchange(asked: bytes, answered: bytes, pause: list[None]) -> None:
    """The request is one and the answer is one, also where both look the same; what follows is heard."""
    found = listen(asked, *pause, answered, *pause, READ)
    assert told(found) == [
        (Verdict.FOREIGN_REQUEST, asked),
        (Verdict.FOREIGN_ANSWER, answered),
        (Verdict.REQUEST, READ),
    ]


@PAUSES
@pytest.mark.parametrize(("asked", "answered"), ASKED.values(), ids=ASKED)
def test_an_answer_that_nobody_asked_for(asked: bytes, answered: bytes, pause: list[None]) -> None:
    """Its place and its length are known all the same; where it looks like a request, it is named one."""
    found = listen(answered, *pause, READ)
    assert [heard.data for heard in found] == [answered, READ]
    assert found[0].verdict is (Verdict.FOREIGN_REQUEST if asked == answered else found[0].verdict)
    assert to_us(found) == [READ]


@PAUSES
def test_an_answer_carries_what_looks_like_requests_to_us(pause: list[None]) -> None:
    """Registers that hold whole frames, asked for or not, in a read's answer or in a write to somebody."""
    data = READ + WRITE + bytes(len(READ + WRITE) % 2)
    assert to_us(listen(read(17, len(data) // 2), *pause, answer(17, data), *pause, OTHER_READ)) == [OTHER_READ]
    assert to_us(listen(answer(17, data), *pause, OTHER_READ)) == [OTHER_READ]
    assert to_us(listen(write(17, data), *pause, OTHER_READ)) == [OTHER_READ]


@PAUSES
def test_an_expected_answer_with_a_wrong_checksum_is_skipped_as_a_whole(pause: list[None]) -> None:
    """Who carries a look-alike is known by its unit, its function and its count."""
    spoilt = hit(answer(17, READ + bytes(2)))
    found = listen(read(17, 5), *pause, spoilt, *pause, OTHER_READ)
    assert told(found)[1:] == [(Verdict.BAD_CRC, spoilt), (Verdict.REQUEST, OTHER_READ)]
    assert not found[2].resync


@pytest.mark.parametrize(
    "asked",
    [read(18, 5), read(17, 4), frame(17, "04 0000 0005"), read(240, 5)],
    ids=["another unit", "another count", "another function", "ours"],
)
def test_another_answer_is_not_expected(asked: bytes) -> None:
    """Then a wrong checksum tells nothing about what lies inside, and the whole frame in it is taken."""
    assert READ in to_us(listen(asked, PAUSE, hit(answer(17, READ + bytes(2)))))


def test_only_the_next_frame_is_expected() -> None:
    """Whatever valid frame comes first ends the waiting."""
    assert READ in to_us(listen(read(17, 5), OTHER_READ, hit(answer(17, READ + bytes(2)))))


def test_an_answer_is_expected_at_a_frame_s_place() -> None:
    """Directly behind noise it might begin anywhere; behind a pause it is waited for still."""
    spoilt = hit(answer(17, READ + bytes(2)))
    assert READ in to_us(listen(read(17, 5), b"\x9e", spoilt))
    assert to_us(listen(read(17, 5), b"\x9e", PAUSE, spoilt)) == []


def test_half_an_expected_answer_is_over_with_the_pause() -> None:
    """It hides nothing that comes later."""
    found = listen(read(17, 5), answer(17, bytes(10))[:9], PAUSE, READ)
    assert told(found)[1:] == [(Verdict.TRUNCATED, answer(17, bytes(10))[:9]), (Verdict.REQUEST, READ)]


def test_what_nobody_can_know() -> None:
    """Half an expected answer directly followed by us, within its length: its data, as far as anybody can see."""
    assert to_us(listen(read(17, 20), answer(17, bytes(40))[:9], READ, OTHER_READ, bytes(20))) == []


def test_a_frame_that_ends_behind_an_expected_answer_is_none_of_its_data() -> None:
    """Then the answer was cut off: what lies wholly inside stays hidden, what ends behind it is a frame."""
    found = listen(read(17, 8), answer(17, bytes(16))[:9], READ, OTHER_READ)
    assert to_us(found) == [OTHER_READ]
    assert found[-1].resync


def test_a_request_is_repeated_when_nobody_answers() -> None:
    """A frame with the right checksum comes before an answer that is only expected: what it carries stays hidden."""
    again = write(17, b"\x01\x02" + READ)
    found = listen(again, PAUSE, again, READ)
    assert [heard.data for heard in found] == [again, again, READ]
    assert told(found)[1] == (Verdict.FOREIGN_REQUEST, again)


def test_a_repeated_read_may_begin_like_its_answer() -> None:
    """Register 0x0600 and six bytes: the request is eight bytes, not the eleven of the answer."""
    again = read(17, 3, 0x0600)
    found = listen(again, PAUSE, again, READ)
    assert told(found) == [*[(Verdict.FOREIGN_REQUEST, again)] * 2, (Verdict.REQUEST, READ)]


@pytest.mark.parametrize(
    ("asked", "data"),
    [
        (frame(17, "01 0000 0018"), frame(17, "01 03 010203")),
        (frame(17, "01 0300 0018"), frame(17, "01 0300 0018")),
    ],
    ids=["the answer", "the request again"],
)
def test_an_answer_as_long_as_a_request(asked: bytes, data: bytes) -> None:
    """What was announced decides: three bytes of coils, or the same request again, are as long as each other."""
    (_, second) = listen(asked, PAUSE, data)
    assert second.verdict is Verdict.FOREIGN_ANSWER


@pytest.mark.parametrize("asked", [read(17, 1), read(17, 8), frame(17, "01 0300 0010")], ids=bytes.hex)
def test_a_request_is_not_named_by_a_length_that_was_not_announced(asked: bytes) -> None:
    """The same again, not as long as the answer would be, is a request; also where it has an answer's shape."""
    assert told(listen(asked, PAUSE, asked)) == [(Verdict.FOREIGN_REQUEST, asked)] * 2


def test_somebody_answers_as_us() -> None:
    """A frame under our unit that is an answer is not ours: another device has our address."""
    assert told(listen(answer(240, b"\1\2"), frame(241, "83 02"))) == [
        (Verdict.ANSWER_AS_US, answer(240, b"\1\2")),
        (Verdict.ANSWER_AS_US, frame(241, "83 02")),
    ]


def test_what_looks_like_a_request_to_us_is_one() -> None:
    """The answer to a write of one register looks like it: who answers, expects none under its own units."""
    asked = frame(240, "06 0065 0c1a")
    assert told(listen(asked, PAUSE, asked)) == [(Verdict.REQUEST, asked)] * 2


def test_who_never_answers_hears_others_answer_as_us() -> None:
    """Silent, an answer under our units is expected from whoever has them."""
    asked = frame(240, "06 0065 0c1a")
    assert told(listen(asked, PAUSE, asked, PAUSE, asked, silent=True)) == [
        (Verdict.REQUEST, asked),
        (Verdict.ANSWER_AS_US, asked),
        (Verdict.REQUEST, asked),
    ]


def test_silent_an_answer_as_us_is_skipped_as_a_whole() -> None:
    """With a wrong checksum too, and also where it carries a look-alike."""
    parts = (read(240, 5), PAUSE, hit(answer(240, OTHER_READ + bytes(2))))
    assert to_us(listen(*parts, silent=True)) == [read(240, 5)]
    assert to_us(listen(*parts)) == [read(240, 5), OTHER_READ]


def test_the_answer_s_own_time() -> None:
    """An expected answer is taken with its last byte, not at the pause."""
    framer = RtuFramer(OURS, GAP)
    framer.feed(FOREIGN, 1.0)
    assert framer.feed(FOREIGN_ANSWER[:-1], 1.001) == []
    assert told(framer.feed(FOREIGN_ANSWER[-1:], 1.002)) == [(Verdict.FOREIGN_ANSWER, FOREIGN_ANSWER)]
