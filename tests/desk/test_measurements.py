"""The history has what was live, and ends where nothing was."""

import pytest

from neasmart_gateway.desk.measurements import Measurements
from neasmart_gateway.domain.codecs import STANDBY_SETPOINT
from neasmart_gateway.domain.registers import BY_NAME
from neasmart_gateway.domain.series import BY_NUMBER, BY_SERIES_NAME
from neasmart_gateway.store.journal import Sample
from tests.desk.gateway import SETPOINT, START, TEMPERATURE, UNIX_START, Gateway, degrees

PUMP_2 = BY_SERIES_NAME["pump.2.state"].number
OUTSIDE = BY_SERIES_NAME["outside.temperature"].number
HUMIDITY = BY_NAME["zone.relative_humidity"].address()
STALE = 180.0


class Watched:
    """A gateway and the history that is noted of it."""

    def __init__(self, gateway: Gateway, *, keep: bool = True) -> None:
        self.gateway = gateway
        self.samples: list[Sample] = []
        self.measured = Measurements(gateway.memory, gateway.rules.stale_after, self.samples.append, keep=keep)
        gateway.records.clear()

    def writes(self, start: int, *words: int) -> None:
        self.gateway.writes(start, *words)
        for record in self.gateway.records:
            self.measured.note(record)
        self.gateway.records.clear()

    def wait(self, seconds: float) -> None:
        """Time passes, a tick every quarter of a second."""
        for _ in range(int(seconds * 4)):
            self.gateway.wait(0.25)
            self.measured.tick(self.gateway.now)

    def points(self, number: int) -> list[tuple[int, int | None]]:
        """Seconds since the start, and the value."""
        return [(sample.at - int(UNIX_START), sample.value) for sample in self.samples if sample.series == number]


@pytest.fixture
def watched(gateway: Gateway) -> Watched:
    return Watched(gateway)


def test_two_writes_at_the_same_moment_are_both_seen(watched: Watched) -> None:
    """And all that one of them changes."""
    watched.writes(SETPOINT, degrees(21), degrees(20))
    watched.writes(HUMIDITY, 45)
    assert watched.points(SETPOINT) == [(0, 2100)]
    assert watched.points(TEMPERATURE) == [(0, 2000)]
    assert watched.points(HUMIDITY) == [(0, 45)]


def test_names_are_stable() -> None:
    """They are in scripts and dashboards of others; a number names the rows of the database."""
    wanted = {
        "zone.1.1.temperature": 102,
        "zone.5.12.setpoint": 6001,
        "zone.2.3.relative_humidity": 1510,
        "outside.temperature": 7,
        "outside.filtered_temperature": 8,
        "mixed_group.1.flow_temperature": 12,
        "mixed_group.3.return_temperature": 21,
        "mixed_group.2.pump_state": 15,
        "pump.2.state": 32,
        "dehumidifier.9.state": 30,
    }
    assert {name: BY_SERIES_NAME[name].number for name in wanted} == wanted
    assert len(BY_NUMBER) == len(BY_SERIES_NAME) == 3 * 60 + 2 + 3 * 3 + 5 + 9


def test_a_change_is_a_point_when_it_happens(watched: Watched) -> None:
    """In hundredths of a kelvin, in per cent, and 0 or 1 for what runs."""
    watched.writes(TEMPERATURE, degrees(20.3))
    watched.writes(HUMIDITY, 45)
    watched.writes(OUTSIDE, degrees(-3.5))
    watched.writes(PUMP_2, 1)
    watched.wait(61)
    watched.writes(TEMPERATURE, degrees(20.4))
    assert watched.points(TEMPERATURE) == [(0, 2030), (61, 2040)]
    assert (watched.points(HUMIDITY), watched.points(OUTSIDE), watched.points(PUMP_2)) == (
        [(0, 45)],
        [(0, -350)],
        [(0, 1)],
    )


def test_a_silent_zone_is_a_gap(watched: Watched) -> None:
    """From the moment at which it went stale, though others speak; when it speaks again it goes on."""
    watched.writes(TEMPERATURE, degrees(20))
    watched.writes(SETPOINT, degrees(21))
    for _ in range(10):
        watched.wait(30)
        watched.writes(OUTSIDE, degrees(5))
    watched.writes(TEMPERATURE, degrees(20))
    watched.writes(SETPOINT, degrees(21))
    watched.wait(5)
    assert watched.points(TEMPERATURE)[:2] == [(0, 2000), (STALE, None)]
    assert [value for _, value in watched.points(TEMPERATURE)[2:]] == [2000]
    assert [value for _, value in watched.points(SETPOINT)] == [2100, None, 2100]
    assert watched.points(SETPOINT)[1] == (STALE, None)
    assert watched.points(OUTSIDE) == [(30, 500)]


@pytest.mark.parametrize("fallen_silent", ["zone", "bus"])
def test_no_value_of_before_a_silence_comes_back(watched: Watched, fallen_silent: str) -> None:
    """The temperature is written first, and beside it lies the setpoint of before, until it is written too."""
    watched.writes(TEMPERATURE, degrees(20))
    watched.writes(SETPOINT, degrees(24))
    watched.writes(PUMP_2, 1)
    for _ in range(10):
        watched.wait(30)
        if fallen_silent == "zone":
            watched.writes(OUTSIDE, degrees(5))
    watched.writes(TEMPERATURE, degrees(20.5))
    watched.wait(20)
    watched.writes(SETPOINT, degrees(21))
    assert [value for _, value in watched.points(TEMPERATURE)] == [2000, None, 2050]
    assert [value for _, value in watched.points(SETPOINT)] == [2400, None, 2100]
    assert watched.points(SETPOINT)[-1] == (320, 2100)
    assert [value for _, value in watched.points(PUMP_2)] == ([1] if fallen_silent == "zone" else [1, None])


def test_the_clock_is_set_while_a_register_is_silent(watched: Watched) -> None:
    """What is known of the silence is not forgotten over it."""
    watched.writes(TEMPERATURE, degrees(20))
    watched.writes(SETPOINT, degrees(24))
    watched.wait(200)
    watched.measured.end(watched.gateway.now)
    watched.gateway.memory.header.wall_offset -= 3
    watched.writes(TEMPERATURE, degrees(20.5))
    watched.wait(5)
    assert [value for _, value in watched.points(SETPOINT)] == [2400, None, None]


def test_what_is_held_back_is_known(watched: Watched) -> None:
    """To whoever reads: the value that there is now, and since when; until it is a point."""
    watched.writes(TEMPERATURE, degrees(20))
    watched.wait(3)
    watched.writes(TEMPERATURE, degrees(28))
    assert watched.points(TEMPERATURE) == [(0, 2000)]
    assert watched.measured.held() == [Sample(TEMPERATURE, int(UNIX_START) + 3, 2800)]
    watched.wait(60)
    assert watched.points(TEMPERATURE) == [(0, 2000), (3, 2800)]
    assert watched.measured.held() == []


def test_a_silent_bus_is_a_gap_in_everything(watched: Watched) -> None:
    """Three minutes after the last word."""
    watched.writes(TEMPERATURE, degrees(20))
    watched.wait(20)
    watched.writes(OUTSIDE, degrees(5))
    watched.wait(400)
    assert watched.points(TEMPERATURE) == [(0, 2000), (STALE, None)]
    assert watched.points(OUTSIDE) == [(20, 500), (20 + STALE, None)]


@pytest.mark.parametrize(
    ("address", "good", "bad"),
    [
        (TEMPERATURE, degrees(20), 0x7FFF),
        (TEMPERATURE, degrees(20), degrees(300)),
        (SETPOINT, degrees(20), STANDBY_SETPOINT),
        (HUMIDITY, 45, 0),
        (OUTSIDE, degrees(5), 0x7FFF),
    ],
)
def test_what_has_no_value_is_a_gap(watched: Watched, address: int, good: int, bad: int) -> None:
    """Invalid, implausible, standby, no sensor: at once, within the minute too."""
    watched.writes(TEMPERATURE, degrees(20))
    watched.writes(address, good)
    watched.wait(10)
    watched.writes(address, bad)
    assert [value for _, value in watched.points(address)][-1] is None
    assert watched.points(address)[-1][0] == 10


def test_what_is_restored_is_no_point(watched: Watched) -> None:
    """Until the base has repeated it, though it is the same word."""
    watched.gateway.memory.writer.restore(TEMPERATURE, degrees(20), START - 10)
    watched.writes(OUTSIDE, degrees(5))
    watched.wait(5)
    assert watched.points(TEMPERATURE) == []
    watched.writes(TEMPERATURE, degrees(20))
    watched.wait(5)
    assert [value for _, value in watched.points(TEMPERATURE)] == [2000]


def test_another_daemon_notes_what_is_live(watched: Watched) -> None:
    """The image of a daemon that died is as live as it was; nobody has to change anything."""
    watched.writes(TEMPERATURE, degrees(20))
    next_one = Watched(watched.gateway)
    next_one.wait(5)
    assert [value for _, value in next_one.points(TEMPERATURE)] == [2000]


def test_the_clock_is_set(watched: Watched) -> None:
    """Every series ends by the old clock and begins by the new one."""
    watched.writes(TEMPERATURE, degrees(20))
    watched.wait(10)
    watched.measured.end(watched.gateway.now)
    watched.gateway.memory.header.wall_offset -= 3600
    watched.wait(5)
    assert watched.points(TEMPERATURE)[:2] == [(0, 2000), (10, None)]
    ((at, value),) = watched.points(TEMPERATURE)[2:]
    assert (-3600 + 10 <= at <= -3600 + 15, value) == (True, 2000)


def test_the_clock_is_set_while_there_is_no_value(watched: Watched) -> None:
    """That too is noted by the new one: else what the old one had said of these times would be told again."""
    watched.writes(TEMPERATURE, degrees(20))
    watched.wait(10)
    watched.writes(TEMPERATURE, 0x7FFF)
    watched.measured.end(watched.gateway.now)
    watched.gateway.memory.header.wall_offset -= 5
    watched.wait(5)
    (again,) = watched.points(TEMPERATURE)[2:]
    assert (5 <= again[0] <= 10, again[1]) == (True, None)
    watched.wait(100)
    assert len(watched.points(TEMPERATURE)) == 3


def test_without_a_history_nothing_is_noted(gateway: Gateway) -> None:
    """Nor looked at."""
    watched = Watched(gateway, keep=False)
    watched.writes(TEMPERATURE, degrees(20))
    watched.wait(400)
    watched.measured.end(gateway.now)
    assert watched.samples == []
