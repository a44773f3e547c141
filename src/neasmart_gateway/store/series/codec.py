"""Packs points and hours of a series into few bytes, and tells what was damaged from what was kept."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Point = tuple[int, int | None]
"""Unix time in whole seconds, and the value in the steps of its series; None from there on nothing is known."""

_CHECKSUM = 4
_PLAIN, _DEFLATED = 0, 1
_MOST_BYTES = 1 << 22
"""More than a block ever holds: what would unpack to more is damaged."""
_LONGEST = 10
"""Bytes of a number of 64 bits and its sign."""


class BadBlock(ValueError):
    """Bytes that are no block, or not the block of this series."""


class Hour(NamedTuple):
    """What is kept of one hour: its number since 1970, and of its values the least, mean, greatest and last.

    The mean is by time, `points` is how many there were (what held at the beginning of a day may count as one), and
    `seconds` for how much of the hour there was a value.
    """

    number: int
    low: int
    mean: int
    high: int
    last: int
    points: int
    seconds: int


class Sample(NamedTuple):
    """A point together with the number of its series."""

    series: int
    at: int
    value: int | None


def pack(series: int, points: Sequence[Point]) -> bytes:
    """Return points, in any order, as a block that unpacks for this series only."""
    numbers = [len(points), *_deltas(at for at, _ in points), *_values(value for _, value in points)]
    return _sealed(series, numbers)


def unpack(series: int, block: bytes) -> list[Point]:
    """Return what was packed; BadBlock when it was not packed for this series, or was damaged since."""
    numbers = _opened(series, block)
    count = numbers[0] if numbers else -1
    if len(numbers) != 1 + 2 * count:
        raise BadBlock(f"a block of {count} points has {len(numbers)} numbers")
    return list(zip(_summed(numbers[1 : 1 + count]), _valued(numbers[1 + count :]), strict=True))


def pack_hours(series: int, hours: Sequence[Hour]) -> bytes:
    """Return hours as a block that unpacks for this series only."""
    columns = [
        _deltas(hour.number for hour in hours),
        _deltas(hour.low for hour in hours),
        *([_folded(hour[column] - hour.low) for hour in hours] for column in (2, 3, 4)),
        [_folded(hour.points) for hour in hours],
        [_folded(3600 - hour.seconds) for hour in hours],
    ]
    return _sealed(series, [len(hours), *(number for column in columns for number in column)])


def unpack_hours(series: int, block: bytes) -> list[Hour]:
    """Return what was packed; BadBlock when it was not packed for this series, or was damaged since."""
    numbers = _opened(series, block)
    count = numbers[0] if numbers else -1
    if len(numbers) != 1 + 7 * count:
        raise BadBlock(f"a block of {count} hours has {len(numbers)} numbers")
    columns = [numbers[1 + n * count : 1 + (n + 1) * count] for n in range(7)]
    lows = list(_summed(columns[1]))
    offsets = ([low + _unfolded(n) for low, n in zip(lows, column, strict=True)] for column in columns[2:5])
    rest = map(_unfolded, columns[5]), (3600 - _unfolded(n) for n in columns[6])
    return [Hour(*row) for row in zip(_summed(columns[0]), lows, *offsets, *rest, strict=True)]


def pack_samples(samples: Sequence[Sample]) -> bytes:
    """Return samples of several series, in the order given, as one row of the journal's tail."""
    ordered = [len(samples), *_deltas(s.series for s in samples), *_deltas(s.at for s in samples)]
    return _sealed(_TAIL, [*ordered, *(0 if s.value is None else _folded(s.value) + 1 for s in samples)])


def unpack_samples(row: bytes) -> list[Sample]:
    """Return what was packed; BadBlock when it was damaged since."""
    numbers = _opened(_TAIL, row)
    count = numbers[0] if numbers else -1
    if len(numbers) != 1 + 3 * count:
        raise BadBlock(f"a row of {count} samples has {len(numbers)} numbers")
    series, times = (_summed(numbers[1 + n * count : 1 + (n + 1) * count]) for n in range(2))
    values = (None if n == 0 else _unfolded(n - 1) for n in numbers[1 + 2 * count :])
    return [Sample(*row) for row in zip(series, times, values, strict=True)]


_TAIL = -1
"""The series whose number seals rows that hold samples of many."""


def _folded(number: int) -> int:
    """Return 0, 1, 2, 3, … for 0, −1, 1, −2, …: small numbers of either sign become small ones."""
    return number << 1 if number >= 0 else ((-number) << 1) - 1


def _unfolded(number: int) -> int:
    return number >> 1 if not number & 1 else -((number + 1) >> 1)


def _deltas(numbers: Iterable[int]) -> list[int]:
    before, found = 0, []
    for number in numbers:
        found.append(_folded(number - before))
        before = number
    return found


def _summed(deltas: Iterable[int]) -> Iterator[int]:
    total = 0
    for delta in deltas:
        total += _unfolded(delta)
        yield total


def _values(values: Iterable[int | None]) -> list[int]:
    """Return each value by its difference from the one before, and 0 where there is none."""
    before, found = 0, []
    for value in values:
        if value is None:
            found.append(0)
        else:
            found.append(_folded(value - before) + 1)
            before = value
    return found


def _valued(numbers: Iterable[int]) -> Iterator[int | None]:
    value = 0
    for number in numbers:
        if number:
            value += _unfolded(number - 1)
            yield value
        else:
            yield None


def check(series: int, block: bytes) -> None:
    """Raise BadBlock unless it is as it was packed for this series; much quicker than to unpack it."""
    if len(block) <= _CHECKSUM or block[-_CHECKSUM:] != _checksum(series, block[:-_CHECKSUM]):
        raise BadBlock("the checksum is wrong")


def _sealed(series: int, numbers: Iterable[int]) -> bytes:
    plain = _bytes(numbers)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = squeezer.compress(plain) + squeezer.flush()
    body = bytes((_DEFLATED,)) + deflated if len(deflated) < len(plain) else bytes((_PLAIN,)) + plain
    return body + _checksum(series, body)


def _opened(series: int, block: bytes) -> list[int]:
    check(series, block)
    body = block[:-_CHECKSUM]
    match body[0]:
        case 0:
            return _numbers(body[1:])
        case 1:
            return _numbers(_inflated(body[1:]))
    raise BadBlock(f"there is no packing {body[0]}")


def _inflated(deflated: bytes) -> bytes:
    squeezer = zlib.decompressobj(-15)
    try:
        plain = squeezer.decompress(deflated, _MOST_BYTES)
    except zlib.error as error:
        raise BadBlock(str(error)) from error
    if not squeezer.eof or squeezer.unused_data:
        raise BadBlock("it ends too early or too late")
    return plain


def _checksum(series: int, body: bytes) -> bytes:
    return zlib.crc32(body, zlib.crc32(b"%d" % series)).to_bytes(_CHECKSUM, "big")


def _bytes(numbers: Iterable[int]) -> bytes:
    """Return numbers of 0 and more, seven bits to a byte, the low ones first."""
    plain = bytearray()
    for number in numbers:
        while number > 0x7F:
            plain.append(number & 0x7F | 0x80)
            number >>= 7
        plain.append(number)
    return bytes(plain)


def _numbers(plain: bytes) -> list[int]:
    if max(plain, default=0) < 0x80:  # which is nearly every block, and much faster
        return list(plain)
    found, number, shift = [], 0, 0
    for byte in plain:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            if shift >= 7 * _LONGEST:
                raise BadBlock("a number has no end")
        else:
            found.append(number)
            number = shift = 0
    if shift:
        raise BadBlock("a number has no end")
    return found
