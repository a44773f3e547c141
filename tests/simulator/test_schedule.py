"""When the base says what."""

from neasmart_gateway.simulator.requests import Read
from neasmart_gateway.simulator.schedule import PUBLISH_PERIOD, Schedule

POLLED = [range(1, 3), range(100, 102)]
TOPICS = [[range(7, 9)], [range(100, 103), range(110, 111)]]


def drain(schedule: Schedule, now: float) -> list[Read | range]:
    """Everything that is due at one moment, without letting time pass."""
    return list(iter(lambda: schedule.next(now), None))


def test_each_unit_is_polled_every_second() -> None:
    """240 at the full second and 241 at the half one; a poll reads every command register."""
    schedule = Schedule(POLLED, TOPICS)
    told = {now: drain(schedule, now) for now in (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)}
    a, b = ([Read(unit, run) for run in POLLED] for unit in (240, 241))
    assert list(told.values()) == [a, [], b, [], a, b]


def test_wait_is_exact() -> None:
    """The base sleeps until the next thing is due, and not at all while something is."""
    schedule = Schedule(POLLED, TOPICS)
    assert schedule.wait(0.0) == 0.0
    drain(schedule, 0.0)
    assert schedule.wait(0.2) == 0.3
    schedule.next(0.5)
    assert schedule.wait(0.5) == 0.0


def test_everything_is_published_once_in_a_period() -> None:
    """Topics take turns, evenly spread, so that a zone is heard well within every minute."""
    schedule = Schedule(POLLED, TOPICS)
    seen = [(now, due) for now in range(1, 2 * int(PUBLISH_PERIOD) + 1) for due in drain(schedule, float(now))]
    first, second = ([now for now, due in seen if due == runs[0]] for runs in TOPICS)
    assert [later - sooner for sooner, later in zip(first, second, strict=True)] == [27, 27]
    assert first[1] - first[0] == int(PUBLISH_PERIOD) <= 60


def test_neither_polls_nor_publications_starve() -> None:
    """A base that cannot keep up alternates between the two, and between units, and leaves the rest out."""
    schedule = Schedule(POLLED, TOPICS)
    told = [schedule.next(1000.0 * turn) for turn in range(1, 41)]
    reads = [due for due in told if isinstance(due, Read)]
    assert len(reads) == 20
    assert {read.unit for read in reads[:4]} == {240, 241}
    assert len(drain(schedule, 41_000.0)) < 15
