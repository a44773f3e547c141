"""Health: the full report, the older integration's, and what watchdogs ask for."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.serving import GETS, OPTIONS, client_of
from tests.desk.gateway import setpoint
from tests.manager.served import DATABASE, INSTANCE, LISTENER, STARTED_AT, Served

CONTRACT_HEADERS = {
    "X-Rehau-Registers-Stale",
    "X-Rehau-Stale-After-Seconds",
    "X-Rehau-Registers-Age-Seconds",
    "X-Rehau-Last-Register-Write",
}


def rehau_headers(client: FlaskClient, path: str) -> dict[str, str]:
    """The headers of the older integration's contract that an answer has."""
    return {name: value for name, value in client.get(path).headers if name.startswith("X-Rehau-")}


def test_root_health_has_every_key_of_the_contract(served: Served, client: FlaskClient) -> None:
    """What the older Home Assistant integration reads, on a house that is well."""
    served.writes(100, 1)
    served.submit(setpoint(22.0))
    served.wait(2.5)
    served.beat()
    assert client.get("/health").get_json() == {
        "status": "ok",
        "condition": "healthy",
        "version": "1.2.3",
        "registers_receiving_updates": True,
        "registers_stale": False,
        "registers_age_seconds": 2.5,
        "last_register_write": "2026-01-01T00:00:00.000Z",
        "stale_after_seconds": 180,
        "persist_command_registers": False,
        "command_sync_timeout_seconds": 30,
        "pending_command_registers": 1,
        "commands_refused": None,
        "startup_global_mode": None,
        "startup_global_state": None,
        "pymodbus_sysbus_noise": {"enabled": True, "missing_slave": 5, "short_frame": 2, "total": 7},
    }


def test_root_health_shows_the_settings(served: Served) -> None:
    """What the older integration shows of the gateway's settings comes from them."""
    client = client_of(
        served,
        persist_command_registers=True,
        startup_global_mode="heating",
        startup_global_state="normal",
        stale_after_seconds=60.0,
        command_timeout_seconds=12.0,
        commands_refused="commands are switched off",
    )
    health = client.get("/health").get_json()
    assert health["commands_refused"] == "commands are switched off"
    assert (health["stale_after_seconds"], health["command_sync_timeout_seconds"]) == (60, 12)
    assert (health["startup_global_mode"], health["startup_global_state"]) == ("heating", "normal")
    assert health["persist_command_registers"] is True


def test_root_health_without_daemon_is_200(served: Served, client: FlaskClient) -> None:
    """Always 200 and ok while the process lives; our verdict is in `condition`, and noise is not known."""
    served.daemon_dies()
    answer = client.get("/health")
    health = answer.get_json()
    assert (answer.status_code, health["status"], health["condition"]) == (200, "ok", "unhealthy")
    assert health["pymodbus_sysbus_noise"]["enabled"] is True


def test_noise_is_summed_over_listeners(served: Served, client: FlaskClient) -> None:
    """And a listener of another kind, without such a counter, adds nothing."""
    served.beat(listeners=[dict(LISTENER), dict(LISTENER), dict(LISTENER, traffic={"requests": 3})])
    noise = client.get("/health").get_json()["pymodbus_sysbus_noise"]
    assert noise == {"enabled": True, "missing_slave": 10, "short_frame": 4, "total": 14}


def test_the_contract_headers_before_the_first_write(client: FlaskClient) -> None:
    """Stale, with the limit, and neither age nor time."""
    assert rehau_headers(client, "/health") == {
        "X-Rehau-Registers-Stale": "true",
        "X-Rehau-Stale-After-Seconds": "180",
    }


@pytest.mark.parametrize(
    ("seconds", "stale", "age"), [(0, "false", "0.000"), (180, "false", "180.000"), (181.5, "true", "181.500")]
)
def test_the_contract_headers_after_a_write(
    served: Served, client: FlaskClient, seconds: float, stale: str, age: str
) -> None:
    """Stale exactly when the bus has written nothing for longer than the limit."""
    served.writes(100, 1)
    served.wait(seconds)
    assert rehau_headers(client, "/health") == {
        "X-Rehau-Registers-Stale": stale,
        "X-Rehau-Stale-After-Seconds": "180",
        "X-Rehau-Registers-Age-Seconds": age,
        "X-Rehau-Last-Register-Write": "2026-01-01T00:00:00.000Z",
    }


def test_a_daemon_away_does_not_make_the_house_stale(served: Served, client: FlaskClient) -> None:
    """`Stale: true` takes a whole house offline, so a daemon that restarts must not cause it."""
    served.writes(100, 1)
    served.daemon_dies()
    assert rehau_headers(client, "/health")["X-Rehau-Registers-Stale"] == "false"


@pytest.mark.parametrize("path", [path for path in GETS if path != "/health"])
def test_our_own_routes_have_no_contract_headers(served: Served, client: FlaskClient, path: str) -> None:
    """They belong to the routes of the older integration alone."""
    served.writes(100, 1)
    assert rehau_headers(client, path) == {}


def test_live_is_always_200(served: Served, client: FlaskClient) -> None:
    """A worker that answers is alive, whatever else is wrong."""
    served.daemon_dies()
    answer = client.get("/health/live")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "alive"})


FAILED = dict(LISTENER, state="failed", address=None, failure="cannot listen on 0.0.0.0:502: in use")
UNTRIED = dict(LISTENER, state="opening", tried=False, address=None)


@pytest.mark.parametrize(
    ("report", "status", "waiting_for"),
    [
        ({}, 200, []),
        ({"listeners": [FAILED]}, 503, ["tcp: cannot listen on 0.0.0.0:502: in use"]),
        ({"listeners": [UNTRIED]}, 503, ["tcp: not tried yet"]),
        ({"listeners": [dict(LISTENER), dict(UNTRIED, name="second")]}, 503, ["second: not tried yet"]),
        (
            {"listeners": [FAILED, dict(UNTRIED, name="second")]},
            503,
            ["tcp: cannot listen on 0.0.0.0:502: in use", "second: not tried yet"],
        ),
        ({"listeners": [dict(FAILED, type="serial", name="ttyUSB0")]}, 200, []),
        ({"listeners": [dict(UNTRIED, type="serial", name="ttyUSB0")]}, 503, ["ttyUSB0: not tried yet"]),
        ({"listeners": []}, 503, ["the gateway daemon has not named its listeners yet"]),
        ({"instance": INSTANCE + 1}, 503, ["the gateway daemon is away"]),
    ],
)
def test_ready_waits_for_every_listener(
    served: Served, client: FlaskClient, report: dict[str, Any], status: int, waiting_for: list[str]
) -> None:
    """200 once every listener was tried and those of TCP are bound; else 503 with a reason for each."""
    served.beat(**report)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.content_type) == (status, "application/json")
    assert answer.get_json() == {"ready": status == 200, "waiting_for": waiting_for}


def test_the_full_report(served: Served, client: FlaskClient) -> None:
    """Everything that the manager knows, with times as people read them."""
    served.writes(100, 1)
    report = client.get("/api/v1/health").get_json()
    components, parts = report.pop("components"), report.pop("score_parts")
    assert [one["name"] for one in components] == ["daemon", "bus", "tcp", "database", "disk", "breaker", "clock"]
    assert sum(part["points"] for part in parts) == sum(part["weight"] for part in parts) == 100
    assert report == {
        "score": 100,
        "condition": "healthy",
        "ready": True,
        "waiting_for": [],
        "problems": [],
        "version": OPTIONS.version,
        "daemon": {
            "state": "running",
            "started_at": "2025-12-31T23:00:00.000Z",
            "heartbeat_at": "2026-01-01T00:00:00.000Z",
            "pid": 4711,
        },
        "bus": {
            "state": "alive",
            "last_frame_at": "2026-01-01T00:00:00.000Z",
            "last_write_at": "2026-01-01T00:00:00.000Z",
            "fights": [],
            "fights_total": 0,
            "two_base_stations": [],
        },
        "listeners": [LISTENER],
        "database": dict(DATABASE),
        "disk": None,
        "clock": {"state": "steady", "set_at": None, "set_by_seconds": None},
        "breaker": "closed",
        "pending_registers": 0,
        "faults": [],
        "integrations": [],
    }


def test_a_component_tells_what_to_do(served: Served, client: FlaskClient) -> None:
    """What is wrong, since when, and what to do about it; the score says how much that weighs."""
    served.writes(100, 1)
    served.beat(database=dict(DATABASE, mode="memory", failure="locked", since=STARTED_AT))
    report = client.get("/api/v1/health").get_json()
    database = next(one for one in report["components"] if one["name"] == "database")
    assert "goes on in memory" in database.pop("to_do")
    assert database == {
        "name": "database",
        "kind": "database",
        "state": "memory",
        "severity": "failed",
        "since": "2025-12-31T23:00:00.000Z",
        "what": "locked",
    }
    assert (report["score"], report["problems"]) == (88, ["locked"])


def test_fights_and_two_base_stations_are_told(served: Served, client: FlaskClient) -> None:
    """How often there were fights, over which registers there is one, and who the two are."""
    served.beat(fights=[101], fights_total=3, two_peers=["tcp 192.0.2.1", "tcp 192.0.2.2"])
    bus = client.get("/api/v1/health").get_json()["bus"]
    assert (bus["fights"], bus["fights_total"]) == ([101], 3)
    assert bus["two_base_stations"] == ["tcp 192.0.2.1", "tcp 192.0.2.2"]


def test_the_full_report_without_a_daemon(served: Served, client: FlaskClient) -> None:
    """200 all the same, with what is wrong in words."""
    served.beat(instance=INSTANCE + 1)
    answer = client.get("/api/v1/health")
    health = answer.get_json()
    assert (answer.status_code, health["condition"], health["daemon"]["state"]) == (200, "unhealthy", "away")
    assert (health["listeners"], health["database"], health["ready"]) == ([], None, False)
    assert any("daemon is away" in problem for problem in health["problems"])
