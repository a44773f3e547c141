"""The reader of pickled numbers: every number that a pickle can be, and no other pickle."""

import pickle
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neasmart_gateway.errors import InvalidValue
from neasmart_gateway.store.pickled import LONGEST, whole_number

PROTOCOLS = (2, 3, 4, 5)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_word_is_read(protocol: int) -> None:
    """As Python itself would, in each protocol that sqlitedict can have used."""
    assert [whole_number(pickle.dumps(word, protocol)) for word in range(65536)] == list(range(65536))


@given(st.integers(-(2**31), 2**31 - 1), st.sampled_from(PROTOCOLS))
def test_every_number_of_32_bits_is_read(number: int, protocol: int) -> None:
    """Also those that are no words: whoever asked says so."""
    pickled = pickle.dumps(number, protocol)
    assert len(pickled) <= LONGEST
    assert whole_number(pickled) == number


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("value", [True, None, 1.5, "5", b"5", [5], (5,), {5: 5}, 2**31, -(2**40), Path])
def test_no_other_value_is_read(value: object, protocol: int) -> None:
    """Not even harmless ones."""
    with pytest.raises(InvalidValue):
        whole_number(pickle.dumps(value, protocol))


@given(st.binary(max_size=LONGEST))
def test_any_bytes_are_a_number_or_refused(data: bytes) -> None:
    """And if they are a number, it is the one that Python reads."""
    try:
        number = whole_number(data)
    except InvalidValue:
        return
    assert pickle.loads(data) == number  # noqa: S301 - it was found to be harmless


@given(st.sampled_from(PROTOCOLS), st.integers(0, 65535), st.binary(min_size=1, max_size=8))
def test_nothing_may_stand_before_or_behind(protocol: int, word: int, more: bytes) -> None:
    """A pickle in which something else happens first is another pickle, if it is one of a number or frame at all."""
    assume(more[:1] not in (b"K", b"M", b"J", b"\x95"))
    pickled = pickle.dumps(word, protocol)
    for spoilt in (pickled + more, pickled[:-1], pickled[1:], pickled[:2] + more + pickled[2:]):
        with pytest.raises(InvalidValue):
            whole_number(spoilt)
