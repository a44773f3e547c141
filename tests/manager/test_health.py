"""Health, judged from shared memory alone."""

from typing import Any

import pytest

from tests.manager.served import INSTANCE, LISTENER, Served


def condition(served: Served) -> str:
    return served.manager.health().condition


def problems(served: Served) -> str:
    return " / ".join(served.manager.health().problems)


@pytest.fixture
def well(served: Served) -> Served:
    """A gateway with which nothing is wrong."""
    served.writes(100, 1)
    return served


def test_a_house_that_is_well(well: Served) -> None:
    """Healthy, ready, without a problem."""
    health = well.manager.health()
    assert (health.condition, health.ready, health.problems) == ("healthy", True, ())


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"listeners": [dict(LISTENER, address=None, failure="cannot listen on :502")]}, "tcp: cannot listen on :502"),
        (
            {"two_peers": ["tcp 192.0.2.1", "tcp 192.0.2.2"]},
            "tcp 192.0.2.1 and tcp 192.0.2.2 both write measurements: two base stations, commands are refused",
        ),
        ({"database": {"mode": "memory", "failure": "disk full", "waiting_registers": 9}}, "disk full"),
    ],
)
def test_what_the_daemon_complains_of_degrades(well: Served, report: dict[str, Any], said: str) -> None:
    """Its own words are the problem."""
    well.beat(**report)
    assert (condition(well), problems(well)) == ("degraded", said)


def test_silence_degrades(well: Served) -> None:
    """The gateway works, the base station does not speak."""
    well.wait(181)
    assert condition(well) == "degraded"
    assert "nothing for 180 s" in problems(well)


def test_a_base_that_has_never_spoken_degrades(served: Served) -> None:
    """Never is silence too."""
    assert condition(served) == "degraded"
    assert served.manager.health().bus["last_write_age"] is None


def test_an_open_breaker_degrades(well: Served) -> None:
    """Commands are kept from a daemon that has failed."""
    well.memory.breaker.state = "open"
    well.memory.breaker.opened(1.0, INSTANCE)
    assert (condition(well), well.manager.health().breaker) == ("degraded", "open")
    assert "breaker" in problems(well)


def test_an_open_breaker_is_no_problem_of_a_younger_daemon(well: Served) -> None:
    """The next command will be tried, so a night without commands is no night of alarms."""
    well.memory.breaker.state = "open"
    well.memory.breaker.opened(1.0, INSTANCE - 1)
    assert (condition(well), well.manager.health().breaker) == ("healthy", "open")


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, "healthy"), (2.0, "healthy"), (2.1, "unhealthy"), (3600.0, "unhealthy")]
)
def test_a_daemon_whose_heart_stands_still_is_away(well: Served, seconds: float, expected: str) -> None:
    """After two seconds."""
    well.now += seconds
    well.memory.header.last_bus_write = well.now
    assert condition(well) == expected


def test_before_the_first_daemon(served: Served) -> None:
    """A worker that is faster than the daemon says away, and fails at nothing."""
    served.memory.status.publish({})
    health = served.manager.health()
    assert (health.condition, health.ready) == ("unhealthy", False)
    assert health.waiting_for == ("the gateway daemon is away",)
    assert (health.listeners, health.database, health.daemon["pid"]) == ((), {}, None)


def test_ready_speaks_of_the_current_daemon_only(well: Served) -> None:
    """Its successor has the image, but not the dead one's listeners: a fresh heartbeat does not make them its own."""
    assert well.manager.health().ready
    well.memory.header.instance = INSTANCE + 1
    health = well.manager.health()
    assert (health.ready, health.listeners) == (False, ())
    well.beat(instance=INSTANCE + 1)
    well.memory.header.instance = INSTANCE + 1
    assert well.manager.health().ready


def test_a_dead_daemons_listeners_are_not_ready(well: Served) -> None:
    """Whatever its last report said."""
    well.daemon_dies()
    assert well.manager.health().waiting_for == ("the gateway daemon is away",)


def test_a_report_that_was_cut_off_is_no_report(well: Served) -> None:
    """A daemon killed while it was writing its report: away, not a crash."""
    well.memory.status._slot._sequence[0] |= 1
    assert (condition(well), well.manager.health().ready) == ("unhealthy", False)


def test_ages_count_from_the_last_write(well: Served) -> None:
    """In seconds, beside the moment itself."""
    well.wait(12.5)
    bus = well.manager.health().bus
    assert (bus["state"], bus["last_write_age"]) == ("alive", 12.5)
    assert bus["last_write_at"] == pytest.approx(well.memory.header.wall_offset + well.now - 12.5)
