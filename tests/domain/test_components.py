"""Every state of every component: how bad it is, since when, and what to do about it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain.components import (
    EARLIEST,
    UNKNOWN,
    Component,
    Facts,
    Severity,
    condition,
    is_low,
    judge,
    problems,
)  # fmt: skip
from neasmart_gateway.domain.score import WEIGHTS, score
from neasmart_gateway.domain.staleness import Freshness

OFFSET = 2_000_000_000.0
OK, DEGRADED, FAILED = Severity
LISTENER = {"name": "tcp", "type": "tcp", "state": "listening", "failure": None, "since": 11.0}
GB = 1_000_000_000
STATUS: Mapping[str, Any] = {
    "started_at": 10.0,
    "listeners": [LISTENER],
    "database": {"mode": "sqlite", "failure": None, "since": None, "returned_at": None},
    "disk": {"free": 5 * GB, "total": 32 * GB, "since": 12.0, "hangs": False, "failure": None},
    "fights": [],
    "two_peers": [],
    "bus_alive_since": 13.0,
}
WELL = Facts(
    freshness=Freshness(1000.0, 180.0, 990.0),
    status=STATUS,
    heartbeat=999.0,
    booted_at=5.0,
    wall_offset=OFFSET,
    clock_set_at=None,
    breaker="closed",
    breaker_opened_at=None,
    barred=False,
)
AWAY = replace(WELL, freshness=replace(WELL.freshness, daemon_alive=False))


def reported(**status: object) -> Facts:
    """A gateway that is well but for this in the daemon's report."""
    return replace(WELL, status={**STATUS, **status})


def listener(**words: object) -> Facts:
    return reported(listeners=[{**LISTENER, **words}])


def database(failure: str, disk: Mapping[str, object] | None = None) -> Facts:
    """A database that cannot be used since 20.0."""
    words = {"mode": "memory", "failure": failure, "since": 20.0, "returned_at": None}
    return reported(database=words, **({} if disk is None else {"disk": disk}))


def disk(**words: object) -> Facts:
    return reported(disk={**STATUS["disk"], **words})


def found(facts: Facts, kind: str) -> Component:
    return next(one for one in judge(facts) if one.kind == kind)


DRILL = {"kind": "bus_silence", "who": "me", "started_at": 900.0, "ends_at": 1100.0}
LOW = {**STATUS["disk"], "free": 1000}
BROKER = {"state": "connected", "since": 14.0, "failure": None, "broker": "192.0.2.7:1883"}
REFUSED = BROKER | {"state": "waiting", "failure": "the broker refuses us: Not authorized"}
SILENT = replace(WELL, freshness=replace(WELL.freshness, last_bus_write=800.0))
NEVER = replace(WELL, freshness=replace(WELL.freshness, last_bus_write=None))
SOME_BARRED = replace(WELL, breaker="open", breaker_opened_at=900.0, barred=True)

STATES = {
    "daemon at work": (WELL, "daemon", "running", OK, 10.0),
    "daemon away": (AWAY, "daemon", "away", FAILED, OFFSET + 999.0),
    "no daemon ever": (replace(AWAY, status={}, heartbeat=None), "daemon", "away", FAILED, None),
    "another daemon's report": (replace(WELL, status={}), "daemon", "away", FAILED, OFFSET + 999.0),
    "bus alive": (WELL, "bus", "alive", OK, 13.0),
    "bus silent": (SILENT, "bus", "silent", FAILED, OFFSET + 980.0),
    "bus silent from the start": (NEVER, "bus", "silent", FAILED, OFFSET + 5.0),
    "bus that had no time to speak": (
        replace(NEVER, booted_at=NEVER.freshness.now - 1.0),
        "bus",
        "waiting",
        DEGRADED,
        None,
    ),
    "bus with nobody listening": (AWAY, "bus", UNKNOWN, DEGRADED, None),
    "two base stations": (reported(two_peers=["a", "b"]), "bus", "two_base_stations", DEGRADED, None),
    "a fight": (reported(fights=[101]), "bus", "contested", DEGRADED, None),
    "listener open": (WELL, "listener", "listening", OK, 11.0),
    "listener not tried": (listener(state="opening", since=None), "listener", "opening", DEGRADED, None),
    "listener failed": (listener(state="failed", failure="in use"), "listener", "failed", FAILED, 11.0),
    "listener closed": (listener(state="closed"), "listener", "closed", DEGRADED, 11.0),
    "listeners of no daemon": (AWAY, "listener", UNKNOWN, DEGRADED, None),
    "database": (WELL, "database", "sqlite", OK, 10.0),
    "database away": (database("locked"), "database", "memory", FAILED, 20.0),
    "database back": (reported(database={"mode": "sqlite", "returned_at": 30.0}), "database", "sqlite", OK, 30.0),
    "database of no daemon": (AWAY, "database", UNKNOWN, DEGRADED, None),
    "disk": (WELL, "disk", "ok", OK, 12.0),
    "disk not measured yet": (reported(disk=None), "disk", "not_measured", OK, None),
    "disk low": (disk(free=1000), "disk", "low", DEGRADED, 12.0),
    "disk full by its bytes": (database("locked", LOW), "disk", "full", FAILED, 20.0),
    "disk full by SQLite's word": (database("x: database or disk is full"), "disk", "full", FAILED, 20.0),
    "disk with a locked database": (database("locked"), "disk", "ok", OK, 12.0),
    "disk hangs": (disk(hangs=True), "disk", "hanging", DEGRADED, None),
    "disk is gone": (disk(failure="Input/output error"), "disk", "unreadable", DEGRADED, None),
    "disk of no daemon": (AWAY, "disk", UNKNOWN, DEGRADED, None),
    "breaker": (WELL, "breaker", "closed", OK, None),
    "breaker open": (SOME_BARRED, "breaker", "open", FAILED, OFFSET + 900.0),
    "breaker half open": (replace(SOME_BARRED, breaker="half-open"), "breaker", "half-open", DEGRADED, OFFSET + 900.0),
    "breaker of a dead daemon": (replace(SOME_BARRED, barred=False), "breaker", "open", OK, OFFSET + 900.0),
    "clock": (WELL, "clock", "steady", OK, OFFSET + 5.0),
    "clock set": (replace(WELL, clock_set_at=700.0), "clock", "was_set", OK, OFFSET + 700.0),
    "clock of a machine without one": (replace(WELL, wall_offset=3600.0), "clock", "implausible", FAILED, None),
    "clock just behind": (replace(WELL, wall_offset=EARLIEST - 1000.1), "clock", "implausible", FAILED, None),
    "clock just right": (replace(WELL, wall_offset=EARLIEST - 1000.0), "clock", "steady", OK, EARLIEST - 995.0),
    "a drill": (replace(WELL, drills=(DRILL,)), "drill", "running", DEGRADED, OFFSET + 900.0),
    "a drill with the daemon away": (replace(AWAY, drills=(DRILL,)), "drill", "running", DEGRADED, OFFSET + 900.0),
    "a broker": (reported(mqtt=BROKER), "mqtt", "connected", OK, 14.0),
    "a broker not tried yet": (reported(mqtt=BROKER | {"state": "connecting"}), "mqtt", "connecting", DEGRADED, 14.0),
    "a broker with trouble": (
        reported(mqtt=BROKER | {"trouble": "another gateway"}),
        "mqtt",
        "connected",
        DEGRADED,
        14.0,
    ),
    "a broker that refuses us": (reported(mqtt=REFUSED), "mqtt", "waiting", DEGRADED, 14.0),
    "clock before any daemon": (replace(AWAY, wall_offset=0.0), "clock", UNKNOWN, DEGRADED, None),
}


@pytest.mark.parametrize(("facts", "kind", "state", "severity", "since"), STATES.values(), ids=STATES)
def test_a_state(facts: Facts, kind: str, state: str, severity: Severity, since: float | None) -> None:
    """It has a severity and a time; what is wrong and what to do are told exactly when it is not ok."""
    one = found(facts, kind)
    assert (one.state, one.severity, one.since) == (state, severity, since)
    assert (one.what is None, one.to_do is None) == (severity is OK, severity is OK)


@pytest.mark.parametrize(
    ("facts", "kind", "words"),
    [
        (reported(fights=[101]), "bus", "fight over zone.setpoint of zone 1/1 (register 101)"),
        (reported(fights=[101], two_peers=["a", "b"]), "bus", "a and b both write measurements"),
        (listener(failure="in use"), "listener", "tcp: in use"),
        (database("the file is locked"), "database", "the file is locked"),
        (SILENT, "bus", "nothing for 180 s or longer"),
        (disk(failure="Input/output error"), "disk", "Input/output error"),
        (reported(mqtt=REFUSED), "mqtt", "MQTT broker 192.0.2.7:1883: the broker refuses us: Not authorized"),
        (reported(mqtt=BROKER | {"state": "connecting"}), "mqtt", "it is being tried"),
        (reported(mqtt=BROKER | {"trouble": "another gateway"}), "mqtt", "MQTT: another gateway"),
    ],
)
def test_what_is_wrong_is_told_in_words(facts: Facts, kind: str, words: str) -> None:
    """With names that an operator knows."""
    assert words in (found(facts, kind).what or "")


def test_advice_fits_the_kind_of_listener() -> None:
    """A serial device is plugged in, a port is freed."""
    assert "Plug" in (found(listener(failure="gone", type="serial"), "listener").to_do or "")
    assert "port" in (found(listener(failure="in use"), "listener").to_do or "")


@pytest.mark.parametrize(
    ("free", "total", "low"),
    [
        (99_999_999, 32 * GB, True),
        (100_000_000, 32 * GB, False),
        (19_999_999, GB, True),
        (20_000_000, GB, False),
        (0, 1, True),
    ],
)
def test_when_a_disk_is_low(free: int, total: int, low: bool) -> None:
    """Below 100 MB, or below 2 % where that is less."""
    assert is_low(free, total) is low


def test_a_gateway_that_is_well() -> None:
    """Healthy, nothing to tell, 100."""
    components = judge(WELL)
    assert (condition(components), problems(components), score(components).value) == ("healthy", (), 100)


def test_a_daemon_away_is_one_problem() -> None:
    """What only it could tell is unknown, and no problem of its own."""
    components = judge(AWAY)
    assert condition(components) == "unhealthy"
    assert problems(components) == ("the gateway daemon is away: values are not live, commands are refused",)
    assert score(components).value == 10  # breaker and clock


def test_listeners_share_their_weight() -> None:
    """One of four that has failed costs a quarter of it, so that no number of listeners drowns the rest."""
    failed = {**LISTENER, "failure": "in use"}
    assert score(judge(reported(listeners=[LISTENER, LISTENER, LISTENER, failed]))).value == 95


CHOICES = {kind: [facts for facts, k, *_ in STATES.values() if k == kind] for kind in WEIGHTS}


def mixed(parts: Mapping[str, Facts]) -> tuple[Component, ...]:
    return tuple(one for kind, facts in parts.items() for one in judge(facts) if one.kind == kind)


@given(st.fixed_dictionaries({kind: st.sampled_from(choice) for kind, choice in CHOICES.items()}))
def test_condition_score_and_parts_never_disagree(parts: dict[str, Facts]) -> None:
    """Healthy, 100 and "all ok" are the same; unhealthy is a daemon away; the parts add up to the score."""
    components = mixed(parts)
    all_ok = all(one.severity is OK for one in components)
    total = score(components)
    assert (condition(components) == "healthy") == all_ok == (total.value == 100)
    assert (condition(components) == "unhealthy") == (
        next(one for one in components if one.kind == "daemon").severity is FAILED
    )
    assert all(0 <= part.points <= part.weight for part in total.parts)
    assert [part.name for part in total.parts] == list(WEIGHTS)
    assert 0 <= sum(part.points for part in total.parts) - total.value < 1
    assert sum(WEIGHTS.values()) == 100


@pytest.mark.parametrize("facts", [WELL, reported(mqtt=None), replace(reported(mqtt=BROKER), status={})])
def test_no_broker(facts: Facts) -> None:
    """Where none is named, or only the daemon could tell, there is no such component."""
    assert "mqtt" not in {one.kind for one in judge(facts)}
