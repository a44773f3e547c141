"""Nothing is taken for younger than it can be proved to be."""

from math import inf

from neasmart_gateway.mqtt.promptness import DEAD, Promptness


def test_before_a_number_has_come_back() -> None:
    """Everything may be as old as the world."""
    promptness = Promptness(lambda: 100.0)
    promptness.next()
    assert promptness.age == inf


def test_the_age_counts_from_when_the_number_was_sent() -> None:
    """Not from when it came back: what came behind it may have been given to the broker right after it."""
    now = 100.0
    promptness = Promptness(lambda: now)
    number = promptness.next()
    now = 103.0
    assert promptness.returned(number)
    assert promptness.age == 3.0


def test_an_older_number_changes_nothing() -> None:
    now = 100.0
    promptness = Promptness(lambda: now)
    first = promptness.next()
    now = 102.0
    second = promptness.next()
    assert promptness.returned(second)
    assert promptness.returned(first)
    assert promptness.age == 0.0


def test_numbers_of_others_do_not_count() -> None:
    other = Promptness(lambda: 100.0)
    promptness = Promptness(lambda: 100.0)
    promptness.next()
    assert not promptness.returned(other.next())
    assert not promptness.returned(b"")
    assert promptness.age == inf


def test_a_number_counts_once() -> None:
    """One that comes again, or after so many others that it is forgotten, is ours and proves nothing."""
    promptness = Promptness(lambda: 100.0)
    lost = promptness.next()
    for _ in range(100):
        promptness.next()
    assert promptness.returned(lost)
    assert promptness.age == inf


def test_a_connection_that_is_dead() -> None:
    now = 100.0
    promptness = Promptness(lambda: now)
    assert not promptness.is_dead
    now += DEAD + 0.1
    assert promptness.is_dead
    assert promptness.returned(promptness.next())
    assert not promptness.is_dead
