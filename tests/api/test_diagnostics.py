"""GET and DELETE /api/v1/diagnostics."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.guard.keys import Key, make_key
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.bus.records import ListenerFailed
from neasmart_gateway.daemon.diagnostics import Diagnostics
from neasmart_gateway.daemon.hooks import Record
from neasmart_gateway.daemon.records import DaemonStarted, DiagnosticsCleared
from neasmart_gateway.desk.records import BusSpeaks
from neasmart_gateway.diagnostics.events import COMPONENTS, Event
from neasmart_gateway.diagnostics.files import EventFiles
from tests.api.serving import client_of, problem
from tests.desk.gateway import UNIX_START, InlineExecutor
from tests.manager.served import FAILURES, Served

PATH = "/api/v1/diagnostics"
REPORTED: list[Record] = []


@pytest.fixture(autouse=True)
def kept(served: Served, tmp_path: Path) -> Diagnostics:
    """The events of a daemon, as its link offers them: a listener that failed twice, and the bus."""
    REPORTED.clear()
    kept = Diagnostics(EventFiles(tmp_path / "d"), InlineExecutor(), lambda: UNIX_START, REPORTED.append)
    for record in (
        ListenerFailed("tcp", "taken", 0.5),
        ListenerFailed("tcp", "taken", 1.0),
        BusSpeaks("tcp 192.0.2.1"),
    ):
        kept.note(record)
    kept.note(DaemonStarted(1, 2, 3, 4))
    served.methods |= kept.table()
    return kept


def got(client: FlaskClient, path: str = PATH) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_summary(client: FlaskClient) -> None:
    """Each component by name: how often each level, and the last event; whether they can be written down."""
    found = got(client)
    assert [one["component"] for one in found["components"]] == list(COMPONENTS)
    bus = found["components"][0]
    assert {name: bus[name] for name in ("events", "info", "warning", "error")} == {
        "events": 2, "info": 1, "warning": 0, "error": 2,
    }  # fmt: skip
    assert bus["last"]["event"] == "the bus speaks"
    assert found["failure"] is None


def test_one_component(client: FlaskClient) -> None:
    """Newest first, a repeated one once with its count and times."""
    found = got(client, f"{PATH}/bus")
    assert (found["component"], found["count"], found["total"]) == ("bus", 2, 2)
    speaks, failed = found["events"]
    assert speaks["event"] == "the bus speaks"
    assert failed == {
        "number": 1, "component": "bus", "level": "error", "subject": "tcp taken", "count": 2,
        "event": "cannot listen for the base station, trying again",
        "first_at": "2026-01-01T00:00:00.000Z", "last_at": "2026-01-01T00:00:00.000Z",
        "fields": {"listener": "tcp", "reason": "taken", "retry_in": 1.0},
    }  # fmt: skip


def test_some_of_them(client: FlaskClient) -> None:
    """The newest so many, and how many there are in all."""
    found = got(client, f"{PATH}/bus?limit=1")
    assert ([one["event"] for one in found["events"]], found["count"], found["total"]) == (["the bus speaks"], 1, 2)


def test_all_of_many(client: FlaskClient, kept: Diagnostics) -> None:
    """A hundred long ones come whole, though no message of the link has room for them."""
    for number in range(100):
        kept.add(_loud(number))
    found = got(client, f"{PATH}/commands")
    assert (found["count"], found["total"]) == (100, 100)
    assert len({event["number"] for event in found["events"]}) == 100


def _loud(number: int) -> Event:
    fields = {"one": "é" * 150}  # as JSON six characters each
    return Event("commands", "error", f"sentence {number}", UNIX_START, UNIX_START, "", fields)


@pytest.mark.parametrize("method", ["get", "delete"])
def test_no_such_component(client: FlaskClient, method: str) -> None:
    """404, with the names that there are."""
    answer = getattr(client, method)(f"{PATH}/kitchen")
    assert "bus, commands, daemon, database, mqtt, security" in problem(answer, 404, "not_found")["detail"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "level=error"])
def test_wrong_queries(client: FlaskClient, query: str) -> None:
    assert client.get(f"{PATH}/bus?{query}").status_code == 400


def test_clearing_one(client: FlaskClient) -> None:
    """Its events are gone, the others are there; who it was is reported."""
    answer = client.delete(f"{PATH}/bus")
    assert (answer.status_code, answer.get_json()) == (200, {"cleared": {"bus": 2}, "failure": None})
    assert (got(client, f"{PATH}/bus")["total"], got(client, f"{PATH}/daemon")["total"]) == (0, 1)
    assert [DiagnosticsCleared(("bus",), 2, "127.0.0.1")] == REPORTED


def test_clearing_all(client: FlaskClient) -> None:
    assert client.delete(PATH).get_json()["cleared"] == dict.fromkeys(COMPONENTS, 0) | {"bus": 2, "daemon": 1}
    assert all(one["events"] == 0 and one["last"] is None for one in got(client)["components"])


@pytest.mark.parametrize("path", [PATH, f"{PATH}/bus"])
def test_clearing_must_be_signed_where_the_key_demands_it(served: Served, path: str) -> None:
    """An admin's key with a secret alone does not do; one without a secret does."""
    made = make_key("boss")
    for secret, status in ((b"s" * 32, 401), (None, 200)):
        keys = (Key("boss", Scope.ADMIN, made.hashed, secret),)
        client = client_of(served, enable_auth=True, keys=keys, trusted_clients=())
        assert client.get(path, headers={"X-API-Key": made.key}).status_code == 200
        assert client.delete(path, headers={"X-API-Key": made.key}).status_code == status
    assert REPORTED[0].who == "boss"  # type: ignore[union-attr]


def test_without_a_daemon(client: FlaskClient, served: Served) -> None:
    """503, however often; the breaker is neither asked nor opened by it."""
    served.daemon_dies()
    for _ in range(3 * FAILURES):
        problem(client.get(f"{PATH}/bus"), 503, "daemon_away")
        problem(client.delete(PATH), 503, "daemon_away")
    assert (served.memory.breaker.state, served.memory.breaker.failures) == ("closed", 0)


def test_an_open_breaker_bars_nobody(client: FlaskClient, served: Served) -> None:
    served.memory.breaker.state = "open"
    assert got(client, f"{PATH}/bus")["total"] == 2
