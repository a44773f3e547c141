"""Nothing is taken for younger than it can be proved to be."""

from math import inf

from neasmart_gateway.mqtt.promptness import DEAD, EVERY, LATE, SETTLE, Promptness


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


class Beat:
    """A connection whose numbers come back as the test wills."""

    def __init__(self) -> None:
        self.now = 100.0
        self.promptness = Promptness(lambda: self.now)

    def go_on(self, seconds: float) -> None:
        """All is prompt for some time."""
        for _ in range(round(seconds / EVERY)):
            self.now += EVERY
            assert self.promptness.returned(self.promptness.next())


def test_after_a_gap_nothing_is_trusted_for_a_while() -> None:
    """A broker that stood still pairs an old order with a young number: it takes one message from each by turns."""
    beat = Beat()
    beat.go_on(3 * EVERY)
    assert not beat.promptness.may_be_late
    held = []
    for _ in range(14):
        held.append(beat.promptness.next())
        beat.now += EVERY
    for number in held:
        assert beat.promptness.returned(number)
        assert beat.promptness.may_be_late
    assert beat.promptness.age < LATE  # by that alone the orders behind the last ones would be young
    beat.go_on(SETTLE - EVERY)
    assert beat.promptness.may_be_late
    beat.go_on(EVERY)
    assert not beat.promptness.may_be_late


def test_a_gap_without_numbers() -> None:
    """We stood still ourselves: no number was sent, and none can tell of it."""
    beat = Beat()
    beat.go_on(EVERY)
    beat.now += LATE
    beat.go_on(EVERY)
    assert beat.promptness.age == 0.0
    assert beat.promptness.may_be_late


def test_the_first_numbers_are_no_gap() -> None:
    beat = Beat()
    assert beat.promptness.may_be_late
    beat.now += 2 * LATE
    assert beat.promptness.returned(beat.promptness.next())
    assert not beat.promptness.may_be_late
