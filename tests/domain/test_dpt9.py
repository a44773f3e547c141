"""DPT 9.001, held against xknx and against the set of all values that the format has."""

from bisect import bisect_left
from math import inf, nan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from xknx.dpt import DPT2ByteFloat, DPTArray
from xknx.exceptions import ConversionError

from neasmart_gateway.domain import dpt9
from neasmart_gateway.errors import InvalidValue

ALL_WORDS = range(0x10000)
TENTHS = [n / 10 for n in range(-500, 1201)]
LOWEST, HIGHEST = -671_088.64, 670_433.28
HAIR = 1e-9
"""Less than binary fractions differ by; far less than the hundredth that the format resolves."""

SCALE = sorted({value for word in ALL_WORDS if (value := dpt9.decode(word)) is not None})


def theirs(word: int) -> float | None:
    """What xknx makes of a word; it raises for the invalid-data word."""
    try:
        return DPT2ByteFloat.from_knx(DPTArray((word >> 8, word & 0xFF)))
    except ConversionError:
        return None


def their_word(celsius: float) -> int:
    """The word that xknx makes of a temperature."""
    high, low = DPT2ByteFloat.to_knx(celsius).value
    return high << 8 | low


def error(word: int, celsius: float) -> float:
    """How far a word is from the temperature that it should carry, as xknx reads it."""
    decoded = theirs(word)
    assert decoded is not None
    return abs(decoded - celsius)


def smallest_error(celsius: float) -> float:
    """How far the best of all words is from a temperature."""
    at = bisect_left(SCALE, celsius)
    return min(abs(value - celsius) for value in SCALE[max(at - 1, 0) : at + 1])


def test_every_word_decodes_as_in_xknx() -> None:
    """Both read the same number from each of the 65,536 words, and none from 0x7FFF alone."""
    assert [word for word in ALL_WORDS if dpt9.decode(word) != theirs(word)] == []
    assert [word for word in ALL_WORDS if dpt9.decode(word) is None] == [0x7FFF]


def test_every_tenth_of_a_degree_gets_the_nearest_word() -> None:
    """From −50 to 120 °C no other word, and none that xknx chooses, is nearer than ours."""
    ours = {celsius: error(dpt9.encode(celsius), celsius) for celsius in TENTHS}
    assert [celsius for celsius in TENTHS if ours[celsius] > smallest_error(celsius) + HAIR] == []
    assert [celsius for celsius in TENTHS if ours[celsius] > error(their_word(celsius), celsius) + HAIR] == []


def test_a_tenth_of_a_degree_prints_as_it_was_written() -> None:
    """Where the format resolves hundredths nothing is lost: 19.9 does not become 19.89, nor 19.900000000000002."""
    fine = [celsius for celsius in TENTHS if -20.48 <= celsius <= 20.47]
    assert [celsius for celsius in fine if dpt9.decode(dpt9.encode(celsius)) != celsius] == []
    assert dpt9.encode(19.9) == 0x07C6


@pytest.mark.parametrize(
    ("word", "celsius"),
    [
        (0x0000, 0.0),
        (0x0001, 0.01),
        (0x87FF, -0.01),
        (0x07FF, 20.47),
        (0x0C00, 20.48),
        (0x0C1A, 21.0),
        (0x8000, -20.48),
        (0x8116, -17.7),
        (0x8A24, -30.0),
        (0x7FFE, HIGHEST),
        (0xF800, LOWEST),
    ],
)
def test_known_words(word: int, celsius: float) -> None:
    """Words worked out by hand from the standard's formula, both ways."""
    assert dpt9.decode(word) == celsius
    assert dpt9.encode(celsius) == word


def test_each_value_keeps_its_value_and_gets_the_smallest_exponent() -> None:
    """What is decoded encodes to the same value, and no word with a smaller exponent would have carried it."""
    smallest: dict[float, int] = {}
    for word in ALL_WORDS:
        value = dpt9.decode(word)
        if value is not None:
            exponent = word >> 11 & 0x0F
            smallest[value] = min(exponent, smallest.get(value, exponent))
    wrong = [value for value in SCALE if dpt9.decode(dpt9.encode(value)) != value]
    assert wrong == []
    assert [value for value in SCALE if dpt9.encode(value) >> 11 & 0x0F != smallest[value]] == []


@given(st.floats(LOWEST, HIGHEST))
@example(20.475)
@example(-20.485)
@example(HIGHEST)
@example(LOWEST)
def test_any_number_in_range_gets_the_nearest_word(celsius: float) -> None:
    """Between two values of the scale the nearer one is taken, for numbers of any size."""
    word = dpt9.encode(celsius)
    assert 0 <= word <= 0xFFFF
    assert error(word, celsius) <= smallest_error(celsius) + HAIR * max(1.0, abs(celsius))


@pytest.mark.parametrize(
    "celsius",
    [
        *(nan, inf, -inf, 1e308, -1e308, pytest.param(10**400, id="1e400")),
        *(HIGHEST + 0.01, LOWEST - 0.01, 670_500.0, -671_200.0),
    ],
)
def test_what_the_format_cannot_carry_is_refused(celsius: float) -> None:
    """Not a number, no end, or beyond the outermost value: InvalidValue, and never another error."""
    with pytest.raises(InvalidValue):
        dpt9.encode(celsius)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_encode_gives_a_readable_word_or_refuses(celsius: float) -> None:
    """Whatever comes in, the answer is a word other than 0x7FFF, or InvalidValue."""
    try:
        word = dpt9.encode(celsius)
    except InvalidValue:
        assert not LOWEST <= celsius <= HIGHEST
    else:
        assert dpt9.decode(word) is not None


@pytest.mark.parametrize("word", [-1, 0x10000])
def test_what_is_no_word_is_refused(word: int) -> None:
    """Only 16-bit numbers are words."""
    with pytest.raises(InvalidValue):
        dpt9.decode(word)
