"""What the disk measurement writes has the shape that the project sizes itself for."""

import pytest

from benchmarks import real_rate
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES


@pytest.mark.parametrize("number", [1, 2, 399, 400, 401])
def test_a_tenth_are_changes(number: int) -> None:
    """300 writes a minute for 60 zones, 30 of them with a new value, all of which the gateway writes down."""
    known = dict(real_rate.minute(number - 1))
    changed = []
    for address, word in real_rate.minute(number):
        if known[address] != word:
            changed.append(address)
        known[address] = word
    assert len(real_rate.minute(number)) == real_rate.WRITES
    assert len({address // 100 for address in known}) == real_rate.ZONES
    assert len(changed) == real_rate.CHANGES
    assert COMMAND_ADDRESSES.isdisjoint(changed)


def test_pace_changes_nothing_but_the_time() -> None:
    """The writes are the same and in the same order."""
    assert list(real_rate.paced(3, 0.0)) == real_rate.minute(3)
