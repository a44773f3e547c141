"""Of two gateways under one topic the younger gives way."""

import pytest

from neasmart_gateway.mqtt.promptness import Promptness
from neasmart_gateway.mqtt.rivals import Rivals


def test_the_younger_gives_way() -> None:
    """At the second number: one alone may be of a gateway that has just died."""
    now = 100.0
    elder = Promptness(lambda: now)
    now = 101.0
    younger = Promptness(lambda: now)
    for_the_elder, for_the_younger = Rivals(), Rivals()
    assert not for_the_younger.is_elder(elder.next(), younger.connected_for)
    assert not for_the_elder.is_elder(younger.next(), elder.connected_for)
    assert for_the_younger.is_elder(elder.next(), younger.connected_for)
    assert not for_the_elder.is_elder(younger.next(), elder.connected_for)


def test_one_number_of_each_is_nothing() -> None:
    rivals = Rivals()
    assert not any(rivals.is_elder(Promptness(lambda: 0.0).next(), -1.0) for _ in range(100))


@pytest.mark.parametrize("payload", [b"", b"a", b"a b", b"a 1 x", b"a 1 2 3", b"\xff 1 2", b"a 1 " + b"9" * 1000])
def test_what_is_no_number(payload: bytes) -> None:
    """Whoever sends it: nobody gives way to it."""
    rivals = Rivals()
    assert [rivals.is_elder(payload, 1e300) for _ in range(2)] == [False, False]
