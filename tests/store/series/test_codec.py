"""Blocks give back what was packed, and never anything else."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.store.series.codec import (
    BadBlock,
    Hour,
    Sample,
    check,
    pack,
    pack_hours,
    pack_samples,
    unpack,
    unpack_hours,
    unpack_samples,
)

EXTREMES = st.integers(-(2**62), 2**62)
SERIES = st.integers(0, 65535)
POINTS = st.lists(st.tuples(EXTREMES | st.integers(1_700_000_000, 1_700_100_000), st.none() | EXTREMES), max_size=60)
HOURS = st.lists(st.builds(Hour, *[EXTREMES | st.integers(0, 9)] * 7), max_size=20)
SAMPLES = st.lists(st.builds(Sample, SERIES, EXTREMES, st.none() | EXTREMES), max_size=40)


@given(SERIES, POINTS)
def test_points_come_back(series: int, points: list) -> None:
    """In any order, with any times and values, and gaps."""
    block = pack(series, points)
    check(series, block)
    assert unpack(series, block) == points


@given(SERIES, HOURS)
def test_hours_come_back(series: int, hours: list[Hour]) -> None:
    """Whatever stands in them."""
    assert unpack_hours(series, pack_hours(series, hours)) == hours


@given(SAMPLES)
def test_samples_come_back(samples: list[Sample]) -> None:
    """Of any series, in their order."""
    assert unpack_samples(pack_samples(samples)) == samples


@given(SERIES, POINTS, st.data())
def test_a_changed_byte_is_noticed(series: int, points: list, data: st.DataObject) -> None:
    """One byte that is another, or bytes that are missing, or too many: an error, never other points."""
    block = bytearray(pack(series, points))
    place = data.draw(st.integers(0, len(block) - 1))
    block[place] ^= data.draw(st.integers(1, 255))
    for spoilt in (bytes(block), bytes(block[:place]), bytes(block) + b"\0"):
        with pytest.raises(BadBlock):
            unpack(series, spoilt)


def test_another_series_block_is_no_block() -> None:
    """A row that names the wrong series is noticed."""
    with pytest.raises(BadBlock):
        unpack(202, pack(102, [(1, 2)]))


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_under_a_right_checksum(body: bytes, deflated: bool) -> None:
    """What cannot have been packed is an error and not a crash; what comes back can be packed again."""
    body = b"\1" + zlib.compress(body, wbits=-15) if deflated else body
    block = body + zlib.crc32(body, zlib.crc32(b"102")).to_bytes(4, "big")
    for opened, packed in ((unpack, pack), (unpack_hours, pack_hours)):
        try:
            found = opened(102, block)
        except BadBlock:
            continue
        assert opened(102, packed(102, found)) == found


def test_a_bomb_is_no_block() -> None:
    """What would unpack to more than a block ever holds is refused before it takes the memory."""
    body = b"\1" + zlib.compress(bytes(1 << 24), wbits=-15)
    with pytest.raises(BadBlock, match="too early"):
        unpack(102, body + zlib.crc32(body, zlib.crc32(b"102")).to_bytes(4, "big"))


def test_it_is_small() -> None:
    """A day of changes by the minute costs less than a byte and a half a point."""
    points = [(1_700_000_000 + 60 * n + n % 3, 2100 + (n * 7919) % 5) for n in range(1440)]
    assert len(pack(102, points)) < 1.5 * len(points)
