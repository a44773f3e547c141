"""Drills end by themselves, are met as likely as was asked, and are counted."""

import json

import pytest

from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.faults.records import DrillBegan, DrillEnded
from neasmart_gateway.faults.registry import Registry
from tests.faults.house import START, House

SILENCE, LOSS = FaultKind.BUS_SILENCE, FaultKind.FRAME_LOSS


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize("kind", FaultKind)
def test_nothing_strikes_that_nobody_switched_on(house: House, kind: FaultKind) -> None:
    assert house.registry.strikes(kind) is None


def test_only_its_own_kind_strikes(house: House) -> None:
    drill = house.on(SILENCE)
    assert house.registry.strikes(LOSS) is None
    assert house.registry.strikes(SILENCE) is drill


def test_it_ends_by_the_clock_whether_anybody_looks_or_not(house: House) -> None:
    """At its very end it does not strike any more; the end is told once, with the time when it was due."""
    drill = house.on(SILENCE, 60)
    house.now += 59.9
    assert house.registry.strikes(SILENCE)
    house.now += 0.1
    assert house.registry.strikes(SILENCE) is None
    house.now += 5
    house.registry.expire()
    house.registry.expire()
    assert (drill.ended_at, drill.ended_by) == (START + 60, "time")
    assert house.records == [DrillBegan(SILENCE, "somebody", 60, 1.0), DrillEnded(SILENCE, "time", 1)]


def test_it_strikes_as_likely_as_was_asked(house: House) -> None:
    """Below the probability it does; what was spared is not counted."""
    drill = house.on(SILENCE, probability=0.25)
    house.luck = [0.0, 0.24999, 0.25, 0.9]
    assert [house.registry.strikes(SILENCE) is drill for _ in range(4)] == [True, True, False, False]
    assert drill.hits == 2


@pytest.mark.parametrize(("probability", "strikes"), [(0.0, False), (1.0, True)])
def test_never_and_always(house: House, probability: float, strikes: bool) -> None:
    """Whatever the luck: 0 is never, 1 is always."""
    house.on(SILENCE, probability=probability)
    house.luck = [0.0, 0.999999]
    assert {house.registry.strikes(SILENCE) is not None for _ in range(2)} == {strikes}


def test_another_of_its_kind_takes_its_place(house: House) -> None:
    """With a time and a count of its own; whoever waits for the first one is let go."""
    first = house.on(SILENCE, 60)
    house.registry.strikes(SILENCE)
    house.now += 50
    second = house.on(SILENCE, 60)
    assert (first.over.is_set(), first.ended_by, second.hits) == (True, "another drill of its kind", 0)
    house.now += 50
    assert house.registry.strikes(SILENCE) is second
    assert [told["who"] for told in house.registry.told()] == ["somebody"]


def test_switching_off_ends_what_is_on_and_nothing_else(house: House) -> None:
    """It is told who did it; a second time there is nothing to end."""
    silence, loss = house.on(SILENCE), house.on(LOSS)
    assert house.off([LOSS]) == [loss]
    assert (house.registry.strikes(SILENCE), house.registry.strikes(LOSS)) == (silence, None)
    assert (loss.ended_by, loss.over.is_set()) == ("another", True)
    assert house.off() == [silence]
    assert house.off() == []
    assert house.records[-2:] == [DrillEnded(LOSS, "another", 0), DrillEnded(SILENCE, "another", 1)]


def test_what_is_over_by_time_was_not_ended_by_who_came_later(house: House) -> None:
    drill = house.on(SILENCE, 10)
    house.now += 11
    assert house.off() == []
    assert drill.ended_by == "time"


def test_another_daemon_goes_on(house: House) -> None:
    """As JSON tells it: what is on, until when, and how often it was met; what is over stays over."""
    house.on(SILENCE, 60)
    house.registry.strikes(SILENCE)
    house.on(LOSS)
    house.off([LOSS])
    told = json.loads(json.dumps(house.registry.told()))
    successor: Registry = house.another()
    successor.remember(told)
    assert json.loads(json.dumps(successor.told())) == told
    drill = successor.strikes(SILENCE)
    assert drill is not None
    assert (drill.hits, drill.ends_at, successor.strikes(LOSS)) == (2, START + 60, None)


def test_who_is_hushed_strikes_no_more(house: House) -> None:
    """Whoever waits is let go, and the drill is told as running still: it is for the next daemon to go on."""
    drill = house.on(SILENCE)
    house.registry.hush()
    assert house.registry.strikes(SILENCE) is None
    assert (drill.over.is_set(), drill.ended_at) == (True, None)
