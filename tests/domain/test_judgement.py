"""What a word that the base writes means to an open order: docs/protocol.md §5, a test for each sentence."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.codecs import STANDBY_SETPOINT
from neasmart_gateway.domain.commands import Judgement, Order, Timing
from tests.domain.orders import (
    ACCEPTED_AT,
    DELIVERED_AT,
    MODE,
    PLANT_STATE,
    SETPOINT,
    TIMING,
    ZONE_STATE,
    accepted,
    celsius,
    delivered,
)

NO, ECHO, OVERRIDE = Judgement.DOES_NOT_COUNT, Judgement.ECHO, Judgement.OVERRIDE
NORMAL, REDUCED, STANDBY, TIME_PROGRAM, PARTY, HOLIDAY = range(1, 7)
AUTO, HEATING, COOLING, MANUAL_HEATING, MANUAL_COOLING = range(1, 6)
AT_ONCE, IN_GRACE, AFTER_GRACE = DELIVERED_AT, DELIVERED_AT + 5.0, DELIVERED_AT + 5.25


@pytest.mark.parametrize(
    "word", [celsius(20.0), celsius(21.05), celsius(20.95), celsius(0.0), STANDBY_SETPOINT, 0x7FFF]
)
def test_other_values_before_delivery_do_not_count(word: int) -> None:
    """It has not read ours yet: it broadcasts what it knows, the old value or any other."""
    for before in (None, word, celsius(18.0)):
        order = accepted(SETPOINT, celsius(21.0), before)
        assert order.judge(word, TIMING, ACCEPTED_AT + 1) is NO


@pytest.mark.parametrize(("told", "judgement"), [(20.98, ECHO), (21.0, ECHO), (21.02, ECHO), (20.96, NO), (21.04, NO)])
def test_before_delivery_only_the_same_value_confirms(told: float, judgement: Judgement) -> None:
    """Somebody set the same by hand: within 0.02 K, the resolution of the codec, and no farther."""
    order = accepted(SETPOINT, celsius(21.0), before=celsius(18.0))
    assert order.judge(celsius(told), TIMING, ACCEPTED_AT + 1) is judgement


@pytest.mark.parametrize(
    ("told", "judgement"), [(20.7, ECHO), (21.0, ECHO), (21.3, ECHO), (20.68, OVERRIDE), (21.32, OVERRIDE)]
)
@pytest.mark.parametrize("now", [AT_ONCE, AFTER_GRACE, DELIVERED_AT + 59])
def test_after_delivery_an_echo_may_be_off(told: float, judgement: Judgement, now: float) -> None:
    """The base's own arithmetic moves a setpoint by up to 0.3 K; what is farther off is another value."""
    order = delivered(SETPOINT, celsius(21.0), before=celsius(18.0))
    assert order.judge(celsius(told), TIMING, now) is judgement


@pytest.mark.parametrize("off", [0.31, -0.31])
def test_a_hundredth_more_is_another_value(off: float) -> None:
    """Below 20.48 °C the codec has hundredths, and the tolerance is exact to one of them."""
    assert delivered(SETPOINT, celsius(20.0)).judge(celsius(20.0 + off), TIMING, AT_ONCE) is OVERRIDE
    assert accepted(SETPOINT, celsius(20.0)).judge(celsius(20.0 + off / 10), TIMING, ACCEPTED_AT) is NO


def test_the_tolerances_are_settable() -> None:
    """The echo tolerance of the settings replaces the default."""
    strict = Timing(echo_tolerance=0.1)
    assert delivered(SETPOINT, celsius(21.0)).judge(celsius(21.1), strict, AT_ONCE) is ECHO
    assert delivered(SETPOINT, celsius(21.0)).judge(celsius(21.2), strict, AT_ONCE) is OVERRIDE


@pytest.mark.parametrize("before", [20.0, 21.02, 20.98, 20.8, 21.2])
@pytest.mark.parametrize(("now", "judgement"), [(AT_ONCE, NO), (IN_GRACE, NO), (AFTER_GRACE, OVERRIDE)])
def test_the_old_value_never_confirms(before: float, now: float, judgement: Judgement) -> None:
    """For 5 s after delivery it was on its way to us; then it overrides, however near to ours it is."""
    order = delivered(SETPOINT, celsius(21.0), before=celsius(before))
    assert order.judge(celsius(before), TIMING, now) is judgement


def test_the_old_value_never_confirms_before_delivery_either() -> None:
    """A setpoint of 21.02 is not moved to 21.00 by being repeated."""
    order = accepted(SETPOINT, celsius(21.0), before=celsius(21.02))
    assert order.judge(celsius(21.02), TIMING, ACCEPTED_AT + 1) is NO


@pytest.mark.parametrize("told", [20.02, 19.98, 18.0])
def test_only_the_exact_old_word_has_a_grace(told: float) -> None:
    """Any other foreign value overrides at once, also one that is close to the old one."""
    order = delivered(SETPOINT, celsius(21.0), before=celsius(20.0))
    assert order.judge(celsius(told), TIMING, AT_ONCE) is OVERRIDE


def test_the_grace_is_settable() -> None:
    """One second of grace is one second."""
    order = delivered(SETPOINT, celsius(21.0), before=celsius(20.0))
    timing = Timing(crossing_grace=1.0)
    assert order.judge(celsius(20.0), timing, DELIVERED_AT + 1) is NO
    assert order.judge(celsius(20.0), timing, DELIVERED_AT + 1.25) is OVERRIDE


@pytest.mark.parametrize("told", [STANDBY_SETPOINT, celsius(0.0), celsius(-20.0)])
def test_standby_is_another_value(told: int) -> None:
    """A zone put into standby after it had read our setpoint does not follow it."""
    assert delivered(SETPOINT, celsius(21.0), before=celsius(20.0)).judge(told, TIMING, AT_ONCE) is OVERRIDE


@pytest.mark.parametrize(("address", "word"), [(SETPOINT, celsius(21.0)), (ZONE_STATE, STANDBY), (MODE, HEATING)])
def test_asking_for_what_is_already_there(address: int, word: int) -> None:
    """When old and new word are one, the base's repeating it confirms once it has read ours, and not before."""
    assert accepted(address, word, before=word).judge(word, TIMING, ACCEPTED_AT + 1) is NO
    assert delivered(address, word, before=word).judge(word, TIMING, AT_ONCE) is ECHO
    assert delivered(address, word, before=word).judge(word, TIMING, AFTER_GRACE) is ECHO


def test_the_other_byte_of_a_zone_state_says_nothing() -> None:
    """Normal is normal, whatever the base carries in the high byte: asking for what is there is no override."""
    order = delivered(ZONE_STATE, NORMAL, before=0x0100 | NORMAL)
    assert order.judge(0x0100 | NORMAL, TIMING, AFTER_GRACE) is ECHO


@pytest.mark.parametrize("address", [PLANT_STATE, ZONE_STATE])
@pytest.mark.parametrize("wanted", [NORMAL, REDUCED, STANDBY, PARTY, HOLIDAY])
@pytest.mark.parametrize("told", [NORMAL, REDUCED, STANDBY, TIME_PROGRAM, PARTY, HOLIDAY])
def test_a_state_is_echoed_by_itself(address: int, wanted: int, told: int) -> None:
    """Only the time program resolves; every other state is confirmed by its own number and by no other."""
    assert delivered(address, wanted).judge(told, TIMING, AT_ONCE) is (ECHO if told == wanted else OVERRIDE)
    assert accepted(address, wanted).judge(told, TIMING, ACCEPTED_AT) is (ECHO if told == wanted else NO)


@pytest.mark.parametrize("address", [PLANT_STATE, ZONE_STATE])
@pytest.mark.parametrize(
    ("told", "judgement"),
    [
        (TIME_PROGRAM, ECHO),
        (NORMAL, ECHO),
        (REDUCED, ECHO),
        (STANDBY, OVERRIDE),
        (PARTY, OVERRIDE),
        (HOLIDAY, OVERRIDE),
    ],
)
def test_a_time_program_resolves(address: int, told: int, judgement: Judgement) -> None:
    """State 4 is echoed as itself, or as what the program says now: normal or reduced."""
    assert delivered(address, TIME_PROGRAM, before=STANDBY + 10).judge(told, TIMING, AT_ONCE) is judgement


@pytest.mark.parametrize(
    ("told", "judgement"),
    [(AUTO, ECHO), (HEATING, ECHO), (COOLING, ECHO), (MANUAL_HEATING, OVERRIDE), (MANUAL_COOLING, OVERRIDE)],
)
def test_automatic_resolves(told: int, judgement: Judgement) -> None:
    """Mode 1 is echoed as itself, or as what the base does now: heating or cooling."""
    assert delivered(MODE, AUTO).judge(told, TIMING, AT_ONCE) is judgement


@pytest.mark.parametrize("wanted", [HEATING, COOLING, MANUAL_HEATING, MANUAL_COOLING])
def test_other_modes_do_not_resolve(wanted: int) -> None:
    """Heating is not confirmed by cooling, nor by automatic."""
    for told in (AUTO, HEATING, COOLING, MANUAL_HEATING, MANUAL_COOLING):
        assert delivered(MODE, wanted).judge(told, TIMING, AT_ONCE) is (ECHO if told == wanted else OVERRIDE)


@pytest.mark.parametrize(("address", "wanted", "told"), [(ZONE_STATE, TIME_PROGRAM, NORMAL), (MODE, AUTO, HEATING)])
def test_programs_resolve_only_once_they_are_read(address: int, wanted: int, told: int) -> None:
    """Before delivery "normal" is not the answer to "time program"."""
    assert accepted(address, wanted).judge(told, TIMING, ACCEPTED_AT + 1) is NO


@pytest.mark.parametrize(("now", "judgement"), [(IN_GRACE, NO), (AFTER_GRACE, OVERRIDE)])
def test_the_old_state_never_confirms_a_program(now: float, judgement: Judgement) -> None:
    """A zone that was normal and says so again has not followed the program."""
    order = delivered(ZONE_STATE, TIME_PROGRAM, before=NORMAL)
    assert order.judge(NORMAL, TIMING, now) is judgement
    assert order.judge(REDUCED, TIMING, now) is ECHO


@pytest.mark.parametrize("address", [MODE, PLANT_STATE, ZONE_STATE])
@pytest.mark.parametrize("before", [None, 0, 1])
def test_zero_never_counts(address: int, before: int | None) -> None:
    """0 means "mixed, no override": it is no answer to us and no person's change, at any time."""
    assert accepted(address, 2, before).judge(0, TIMING, ACCEPTED_AT + 1) is NO
    for now in (AT_ONCE, AFTER_GRACE, DELIVERED_AT + 59):
        assert delivered(address, 2, before).judge(0, TIMING, now) is Judgement.NO_VALUE


def test_zero_in_the_low_byte_is_zero() -> None:
    """A zone's state is its low byte."""
    assert delivered(ZONE_STATE, STANDBY).judge(0x0100, TIMING, AFTER_GRACE) is Judgement.NO_VALUE
    assert delivered(ZONE_STATE, STANDBY).judge(0x0103, TIMING, AFTER_GRACE) is ECHO


def expected(order: Order, word: int, now: float) -> Judgement:
    """docs/protocol.md §5 for setpoints once more, said another way: in whole hundredths of a kelvin."""
    ours, theirs = (None if v is None else round(v * 100) for v in (dpt9.decode(order.word), dpt9.decode(word)))
    off = 10_000_000 if ours is None or theirs is None else abs(ours - theirs)
    repeated = word == order.before and off > 0
    if order.delivered_at is None:
        return ECHO if off <= 2 and word != order.before else NO
    if theirs is None or (word != STANDBY_SETPOINT and not -5000 <= theirs <= 12000):
        return Judgement.NO_VALUE
    if repeated:
        return NO if now - order.delivered_at <= 5 else OVERRIDE
    return ECHO if off <= 30 else OVERRIDE


setpoints = st.one_of(st.integers(0, 0xFFFF), st.integers(2040, 2160).map(lambda hundredths: celsius(hundredths / 100)))


@given(setpoints, st.none() | setpoints, setpoints, st.floats(0, 60), st.booleans())
@example(celsius(21.0), celsius(21.3), celsius(21.3), 0.0, True)
@example(celsius(21.0), None, celsius(21.3), 0.0, True)
def test_any_setpoint_word(word: int, before: int | None, told: int, later: float, read: bool) -> None:
    """For all words and times the judgement is the one that the rules, put in whole numbers, give."""
    order = (delivered if read else accepted)(SETPOINT, word, before)
    now = (DELIVERED_AT if read else ACCEPTED_AT) + later
    assert order.judge(told, TIMING, now) is expected(order, told, now)


@pytest.mark.parametrize("word", [0x7FFF, celsius(300.0)])
def test_a_word_that_is_no_value_overrides_nothing(word: int) -> None:
    """A broken sensor is not a person at a thermostat."""
    order = delivered(SETPOINT, celsius(21.0), before=celsius(20.0))
    assert order.judge(word, TIMING, AFTER_GRACE) is Judgement.NO_VALUE


def test_the_echo_of_a_superseded_command_was_on_its_way() -> None:
    """For the grace it says nothing about the newer command, and later it overrides like any other value."""
    order = replace(delivered(SETPOINT, celsius(22.0), before=celsius(20.0)), earlier=celsius(25.0))
    assert order.judge(celsius(25.2), TIMING, AT_ONCE) is NO
    assert order.judge(celsius(25.2), TIMING, AFTER_GRACE) is OVERRIDE
    assert order.judge(celsius(22.1), TIMING, AT_ONCE) is ECHO
