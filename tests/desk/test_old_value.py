"""The pre-command word, crossing our command on its way: docs/protocol.md §5."""

from collections.abc import Callable

import pytest

from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.commands import Timing
from tests.desk.gateway import SETPOINT, ZONE_STATE, Gateway, degrees, setpoint, zone_state

OLD, NEW = degrees(19), degrees(21)


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written its zone: state normal, setpoint OLD."""
    gateway.writes(ZONE_STATE, 1, OLD, degrees(20))
    return gateway


@pytest.mark.parametrize("seconds", [0.0, 4.9])
def test_old_value_on_its_way_does_not_count(told: Gateway, seconds: float) -> None:
    """For 5 s after the delivery the exact pre-command word changes nothing, and our word stays the answer."""
    command = told.submit_and_deliver(setpoint(21))
    told.wait(seconds)
    told.writes(SETPOINT, OLD)
    assert told.state(command) == "delivered"
    assert told.reads(SETPOINT) == [NEW]


def test_old_value_overrides_after_five_seconds(told: Gateway) -> None:
    """After the grace the pre-command word overrides like any other."""
    command = told.submit_and_deliver(setpoint(21))
    told.wait(5.1)
    told.writes(SETPOINT, OLD)
    assert told.state(command) == "overridden"


def test_grace_counts_from_the_first_delivery(told: Gateway) -> None:
    """A second read does not renew the grace."""
    command = told.submit_and_deliver(setpoint(21))
    told.wait(4.0)
    told.reads(SETPOINT)
    told.wait(4.0)
    told.writes(SETPOINT, OLD)
    assert told.state(command) == "overridden"


def test_only_the_exact_old_word_has_grace(told: Gateway) -> None:
    """A neighbour of the old value is a decision, also within the grace."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(19.02))
    assert told.state(command) == "overridden"


@pytest.mark.parametrize(("seconds", "state"), [(4.0, "delivered"), (6.0, "overridden")])
def test_exact_old_word_never_confirms(gateway: Gateway, seconds: float, state: str) -> None:
    """Even within the tolerance of ours, the pre-command word is not an echo."""
    gateway.writes(SETPOINT, degrees(20.9))
    command = gateway.submit_and_deliver(setpoint(21))
    gateway.wait(seconds)
    gateway.writes(SETPOINT, degrees(20.9))
    assert gateway.state(command) == state


def test_exact_old_word_does_not_confirm_before_delivery(gateway: Gateway) -> None:
    """A hundredth away from ours and yet the old value: it does not count."""
    gateway.writes(SETPOINT, degrees(20.02))
    gateway.wait(1000.0)  # so long that what was reported is not fresh, and the command is not "already so"
    command = gateway.submit(setpoint(20.0))
    gateway.writes(SETPOINT, degrees(20.02))
    assert gateway.state(command) == "accepted"


@pytest.mark.parametrize("deliver", [False, True])
def test_present_state_with_a_high_byte_is_the_present_value(gateway: Gateway, deliver: bool) -> None:
    """A state is its low byte: another word for the same state is not an old value, but an echo."""
    gateway.writes(ZONE_STATE, 0x0102)
    command = gateway.submit_and_deliver(zone_state("reduced")) if deliver else gateway.submit(zone_state("reduced"))
    gateway.writes(ZONE_STATE, 0x0102)
    assert gateway.state(command) == "confirmed"


def test_command_for_the_present_value_is_confirmed_by_it(told: Gateway) -> None:
    """Asked for what is already there, the base's next word of it confirms."""
    command = told.submit_and_deliver(setpoint(19))
    told.writes(SETPOINT, OLD)
    assert told.state(command) == "confirmed"


def test_grace_is_settable(make_gateway: Callable[[Rules], Gateway]) -> None:
    """How long the old value may cross is a matter of the rules."""
    gateway = make_gateway(Rules(timing=Timing(crossing_grace=1.0)))
    gateway.writes(SETPOINT, OLD)
    command = gateway.submit_and_deliver(setpoint(21))
    gateway.wait(1.1)
    gateway.writes(SETPOINT, OLD)
    assert gateway.state(command) == "overridden"
