"""The life of a command: what can happen in which state, and when time alone makes it happen."""

from itertools import product

import pytest

from neasmart_gateway.domain.commands import (
    TRANSITIONS,
    CommandState,
    Event,
    ImpossibleTransition,
    Order,
    Timing,
    overall,
)
from tests.domain.orders import ACCEPTED_AT, DELIVERED_AT, SETPOINT, TIMING, accepted, celsius, delivered, standing

OPEN = {CommandState.ACCEPTED, CommandState.DELIVERED}
LISTED = {
    ("accepted", "DELIVER"): "delivered",
    ("accepted", "ECHO"): "confirmed",
    ("accepted", "EXPIRE"): "expired",
    ("accepted", "SUPERSEDE"): "superseded",
    ("accepted", "WITHDRAW"): "cancelled",
    ("accepted", "RESTART"): "expired",
    ("delivered", "ECHO"): "confirmed",
    ("delivered", "OVERRIDE"): "overridden",
    ("delivered", "LAPSE"): "unconfirmed",
    ("delivered", "SUPERSEDE"): "superseded",
    ("delivered", "WITHDRAW"): "unconfirmed",
    ("delivered", "RESTART"): "expired",
}
"""docs/protocol.md §5, pair by pair."""


@pytest.mark.parametrize(("state", "event"), list(product(CommandState, Event)))
def test_only_what_is_listed_can_happen(state: CommandState, event: Event) -> None:
    """Every pair of state and event leads where docs/protocol.md §5 says, or is impossible; the order itself stays."""
    order = standing(state)
    target = LISTED.get((state.value, event.name))
    if target is None:
        with pytest.raises(ImpossibleTransition, match=f"register 101: {event.name} while {state}"):
            order.after(event, ACCEPTED_AT)
    else:
        assert order.after(event, ACCEPTED_AT).state == target
    assert order == standing(state)


def test_the_table_is_the_list() -> None:
    """The table says the same, for those who read it."""
    assert {(state.value, event.name): target.value for (state, event), target in TRANSITIONS.items()} == LISTED


@pytest.mark.parametrize("state", CommandState)
def test_final_is_what_nothing_leads_out_of(state: CommandState) -> None:
    """Accepted and delivered are open; all other states are final and never left."""
    assert state.is_final is (state not in OPEN)
    assert state.is_final is (state not in {source for source, _ in TRANSITIONS})


def test_delivery_notes_when_and_to_which_unit() -> None:
    """An order keeps its time and unit of delivery, and is not closed by it."""
    order = accepted(SETPOINT, celsius(21.0)).after(Event.DELIVER, 1010.0, unit=241)
    assert (order.delivered_at, order.delivered_unit, order.closed_at, order.observed) == (1010.0, 241, None, None)


@pytest.mark.parametrize("event", [Event.ECHO, Event.OVERRIDE, Event.LAPSE, Event.SUPERSEDE, Event.WITHDRAW])
def test_an_end_notes_when_and_by_which_word(event: Event) -> None:
    """A closed order keeps its delivery, and adds its end and the word that brought it."""
    order = delivered(SETPOINT, celsius(21.0)).after(event, 1020.0, observed=0x0C1A)
    assert (order.delivered_at, order.delivered_unit, order.closed_at) == (DELIVERED_AT, 240, 1020.0)
    assert order.observed == 0x0C1A


def test_what_was_ordered_never_changes() -> None:
    """Register, word, the word before it and the time of acceptance stay for the order's whole life."""
    order = accepted(SETPOINT, celsius(21.0), before=celsius(20.0))
    later = order.after(Event.DELIVER, 1010.0, unit=240).after(Event.ECHO, 1020.0, observed=1)
    for field in ("address", "word", "before", "accepted_at"):
        assert getattr(later, field) == getattr(order, field)


@pytest.mark.parametrize(
    ("order", "now", "event"),
    [
        (accepted(SETPOINT, 1), ACCEPTED_AT, None),
        (accepted(SETPOINT, 1), ACCEPTED_AT + 29.75, None),
        (accepted(SETPOINT, 1), ACCEPTED_AT + 30, Event.EXPIRE),
        (accepted(SETPOINT, 1), ACCEPTED_AT + 3600, Event.EXPIRE),
        (delivered(SETPOINT, 1), DELIVERED_AT, None),
        (delivered(SETPOINT, 1), ACCEPTED_AT + 60, None),
        (delivered(SETPOINT, 1), DELIVERED_AT + 59.75, None),
        (delivered(SETPOINT, 1), DELIVERED_AT + 60, Event.LAPSE),
        (delivered(SETPOINT, 1), DELIVERED_AT + 3600, Event.LAPSE),
    ],
)
def test_what_time_brings(order: Order, now: float, event: Event | None) -> None:
    """An order that nobody reads expires after 30 s, one that nobody answers lapses 60 s after delivery."""
    assert order.due(TIMING, now) is event


@pytest.mark.parametrize(
    ("start", "event"), [(start, event) for (start, event), end in TRANSITIONS.items() if end.is_final]
)
def test_time_brings_nothing_to_what_is_over(start: CommandState, event: Event) -> None:
    """A closed order stays as it ended, however it ended."""
    order = delivered(SETPOINT, 1) if start is CommandState.DELIVERED else accepted(SETPOINT, 1)
    assert order.after(event, 1020.0).due(TIMING, 9999.0) is None


def test_the_times_are_settable() -> None:
    """A setting of one second is one second."""
    timing = Timing(command_timeout=1.0, confirm_timeout=2.0)
    assert accepted(SETPOINT, 1).due(timing, ACCEPTED_AT + 0.75) is None
    assert accepted(SETPOINT, 1).due(timing, ACCEPTED_AT + 1) is Event.EXPIRE
    assert delivered(SETPOINT, 1).due(timing, DELIVERED_AT + 1.75) is None
    assert delivered(SETPOINT, 1).due(timing, DELIVERED_AT + 2) is Event.LAPSE


def test_the_defaults_are_the_protocols() -> None:
    """docs/protocol.md §5 in numbers."""
    assert Timing() == Timing(30.0, 60.0, 0.3, 0.02, 5.0, 60.0)


WORST_FIRST = [
    "accepted",
    "delivered",
    "overridden",
    "unconfirmed",
    "expired",
    "superseded",
    "cancelled",
    "confirmed",
]


@pytest.mark.parametrize(("one", "other"), list(product(CommandState, CommandState)))
def test_a_command_is_open_while_an_order_is_and_then_as_the_worst(one: CommandState, other: CommandState) -> None:
    """Two orders make one state, in either sequence; a command is confirmed only when all of it is."""
    worst = min(one, other, key=lambda state: WORST_FIRST.index(state.value))
    assert overall([one, other]) is worst
    assert overall(iter([other, one, one])) is worst
    if worst is CommandState.CONFIRMED:
        assert one is other is CommandState.CONFIRMED
    if OPEN & {one, other}:
        assert not worst.is_final
