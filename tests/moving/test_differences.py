"""Looks at two gateways: what lasts counts, what one of them cannot show does not."""

import pytest

from neasmart_gateway.moving.differences import Comparison
from neasmart_gateway.moving.values import Shown, Value, flag, low_byte, mode, number, state

NAME = "zone 1.1 temperature"
AT = "2026-11-21T06:30:00.250Z"


def shown(value: Value, stale: bool = False, reason: str | None = None, heard_at: str | None = AT) -> Shown:
    return Shown(value, stale, reason, heard_at)


def seen(*looks: tuple[Value, Value], name: str = NAME, every: float = 30.0) -> Comparison:
    """A comparison after these looks, (old, ours) each."""
    comparison = Comparison()
    for n, (old, ours) in enumerate(looks):
        comparison.see(n * every, {name: old}, [{name: shown(ours, reason=None if ours is not None else "none")}] * 2)
    return comparison


def test_one_look_is_no_difference() -> None:
    """Neither alone nor again and again with agreement between."""
    assert seen((21.0, 22.0)).differences == {}
    assert seen((21.0, 22.0), (22.0, 22.0), (22.0, 23.0), (23.0, 23.0)).differences == {}


def test_two_looks_are_one() -> None:
    """It is counted once for as long as it lasts, and its time is summed up."""
    found = seen((21.0, 22.0), (21.0, 22.5), (21.0, 22.5), (22.5, 22.5), (1.0, 2.0), (1.0, 3.0)).differences[NAME]
    assert (found.times, found.seconds, found.old, found.ours, found.lasts) == (2, 90.0, 1.0, 3.0, True)
    over = seen((21.0, 22.0), (21.0, 22.5), (22.5, 22.5)).differences[NAME]
    assert (over.times, over.seconds, over.lasts) == (1, 30.0, False)


def test_a_look_without_an_answer_neither_ends_nor_lengthens() -> None:
    """What the old gateway did not show in between is not known."""
    comparison = Comparison()
    comparison.see(0, {NAME: 21.0}, [{NAME: shown(22.0)}])
    comparison.see(30, {}, [{NAME: shown(22.0)}])
    assert comparison.only_ours == {NAME}
    comparison.see(60, {NAME: 21.0}, [{NAME: shown(22.0)}])
    assert comparison.differences[NAME].seconds == 60


def test_ours_before_or_after_will_do() -> None:
    """The base station may write while the old gateway is being asked."""
    for old in (21.0, 25.0):
        comparison = Comparison()
        for at in (0, 30):
            comparison.see(at, {NAME: old}, [{NAME: shown(21.0)}, {NAME: shown(25.0)}])
        assert comparison.differences == {}


@pytest.mark.parametrize(
    ("old", "ours", "same"),
    [
        (20.8, 20.84, True), (20.83, 20.84, True), (20.9, 20.84, True), (21, 21.04, True), (20.7, 20.84, False),
        (45, 45, True), (45, 46, False), (True, True, True), (True, False, False), (1, True, False),
        ("standby", "standby", True), ("standby", "normal", False), (None, None, True), (None, 20.8, False),
    ],
)  # fmt: skip
def test_what_is_the_same(old: Value, ours: Value, same: bool) -> None:
    """Temperatures within a tenth; everything else exactly."""
    assert (seen((old, ours), (old, ours)).differences == {}) is same


@pytest.mark.parametrize(
    ("old", "reason", "noted"),
    [
        (0.0, "never_written", True), (0, "none", True), (False, "never_written", True), (-17.7, "standby", True),
        (670760.96, "invalid", True), (20.0, "invalid", False), (5.0, "standby", False), ("9", "implausible", False),
        (20.0, "never_written", False),
    ],
)  # fmt: skip
def test_what_older_gateways_cannot_show(old: Value, reason: str, noted: bool) -> None:
    """Where we have no value they show a number that stands for none: a note, and no difference."""
    comparison = Comparison()
    for at in (0, 30):
        comparison.see(at, {NAME: old}, [{NAME: shown(None, reason=reason)}])
    assert ((NAME in comparison.notes), (NAME in comparison.differences)) == (noted, not noted)


@pytest.mark.parametrize(
    ("name", "ours", "said"),
    [
        (NAME, shown(20.0, stale=True, heard_at=None), "not heard it since our start"),
        (NAME, shown(20.0, stale=True), f"nothing new since {AT}"),
        (NAME, shown(None, reason="implausible"), "we show none (implausible)"),
        ("zone 1.1 setpoint", shown(20.0), "its own last command"),
        ("operation state", shown("normal"), "its own last command"),
        (NAME, shown(20.0), ""),
    ],
)
def test_what_is_known_of_the_reason(name: str, ours: Shown, said: str) -> None:
    """And nothing where nothing is known."""
    comparison = Comparison()
    for at in (0, 30):
        comparison.see(at, {name: 25.0}, [{name: ours}])
    why = comparison.differences[name].why
    assert said in why
    assert bool(said) is bool(why)


def test_a_zone_that_we_never_heard_of_differs() -> None:
    """The old gateway hears something that we do not."""
    comparison = Comparison()
    for at in (0, 30):
        comparison.see(at, {NAME: 25.0}, [{}, {}])
    assert comparison.differences[NAME].ours is None
    assert comparison.live == 0


def test_their_words_in_ours() -> None:
    """Names, numbers and objects of both contracts; what nobody understands stays as it is."""
    assert [state(value) for value in (4, 0x0104, "Scheduled", "time-program", "away", "off", 0, 9, "odd", True)] == [
        "time_program", "time_program", "time_program", "time_program", "reduced", None, None, 9, "odd", True,
    ]  # fmt: skip
    assert [mode(value) for value in (5, "manual cooling", "off", [1])] == [
        "manual_cooling", "manual_cooling", None, "[1]",
    ]  # fmt: skip
    assert [number(value) for value in ({"value": 20.5, "unit": "°C"}, None, 20.5, {})] == [20.5, None, 20.5, None]
    assert [low_byte(value) for value in (45, 0x322D, None, 45.0)] == [45, 45, None, 45.0]
    assert [flag(value) for value in (1, 0, 2, True, None)] == [True, False, False, True, None]


def test_a_number_that_is_no_word_stays_as_it_is() -> None:
    """None of its bits is taken for a value, and what does not fit into a float is a text."""
    huge = 10**400
    for read in (state, mode, low_byte, flag):
        assert [read(value) for value in (0x10000, -1)] == [0x10000, -1]
        assert read(huge) == str(huge)[:60]
    assert [number(value) for value in (huge, -huge, 2**53)] == [str(huge)[:60], str(-huge)[:60], 2**53]


def test_values_are_counted_that_were_seen_twice() -> None:
    """However many looks there were beside: no average."""
    comparison = Comparison()
    comparison.see(0, {NAME: 21.0, "outside temperature": 1.0}, [{}, {}])
    comparison.see(30, {NAME: 21.0, "pump 1 running": True}, [{}, {}])
    comparison.see(60, {NAME: 21.0}, [{}, {}])
    assert comparison.compared == 1


def test_it_is_whole_when_both_were_there() -> None:
    """In the end, and in half of the looks at least."""
    comparison = seen((21.0, 21.0), (21.0, 21.0))
    assert comparison.is_whole
    comparison.miss("away")
    assert (comparison.is_whole, comparison.missed, comparison.why_missed) == (False, 1, "away")
    comparison.see(90, {NAME: 21.0}, [{NAME: shown(21.0)}] * 2)
    assert comparison.is_whole
    for _ in range(3):
        comparison.miss("away")
    comparison.see(120, {}, [{}, {}])
    assert comparison.is_whole
    comparison.miss("away")
    comparison.see(150, {}, [{}, {}])
    assert comparison.is_whole
    comparison.miss("away")
    comparison.miss("away")
    comparison.see(180, {}, [{}, {}])
    assert not comparison.is_whole, "7 missed, 6 seen"
