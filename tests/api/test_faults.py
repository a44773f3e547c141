"""Drills over the API: who may, what is refused, and how everybody sees that it is an exercise."""

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.guard.keys import Key, make_key
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.faults.drills import Drills
from neasmart_gateway.faults.registry import Registry
from tests.api.serving import client_of, faults, problem
from tests.desk.gateway import UNIX_START
from tests.manager.served import Served

FAULTS = "/api/v1/faults"
SILENCE = f"{FAULTS}/bus_silence"
SECRET = b"a-secret-of-at-least-32-characters"
HEADER = "X-Neasmart-Faults"


class Drilled(Served):
    """A gateway whose daemon can make faults on purpose."""

    def __init__(self, lock: Path) -> None:
        super().__init__(lock)
        registry = Registry(lambda: self.now, lambda: 0.5, lambda record: None)
        self.drills = Drills(registry, self.memory.drills, lambda: None, lambda: 2**40)
        self.methods.update({"fault_start": self.drills.start, "fault_end": self.drills.end})


@pytest.fixture
def served(tmp_path: Path) -> Drilled:
    return Drilled(tmp_path / "lock")


@pytest.fixture
def client(served: Drilled) -> FlaskClient:
    return client_of(served, faults_enabled=True)


def shown(client: FlaskClient, path: str = FAULTS) -> Any:
    return client.get(path).get_json()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", [FAULTS, SILENCE])
def test_where_drills_are_switched_off_nothing_can_be_done(served: Drilled, method: str, path: str) -> None:
    """409 says which setting it is; nobody is asked, and no answer has the header."""
    body = {"duration": 60} | ({"kind": "bus_silence"} if path == FAULTS else {})
    answer = client_of(served).open(path, method=method, json=None if method == "GET" else body)
    assert "NEASMART_FAULTS_ENABLED is off" in problem(answer, 409, "conflict")["detail"]
    assert served.link.asked == []


def test_without_permission_no_answer_looks_for_drills(served: Drilled, client: FlaskClient) -> None:
    """The hook that puts the header on is not even there."""
    client.post(SILENCE, json={"duration": 60})
    assert HEADER not in client_of(served).get("/health").headers


def test_a_drill_is_switched_on(served: Drilled, client: FlaskClient) -> None:
    """The answer says what, by whom, and until when; it is listed, and found under its name."""
    answer = client.post(SILENCE, json={"duration": 60, "probability": 0.25})
    assert answer.status_code == 201
    drill = answer.get_json()
    assert drill == {
        "kind": "bus_silence",
        "running": True,
        "duration": 60,
        "probability": 0.25,
        "delay_ms": None,
        "mebibytes": None,
        "by": "127.0.0.1",
        "started_at": "2026-01-01T00:00:00.000Z",
        "ends_at": "2026-01-01T00:01:00.000Z",
        "ended_at": None,
        "ended_by": None,
        "hits": 0,
    }
    assert shown(client) == {"faults": [drill], "count": 1}
    assert shown(client, SILENCE) == drill


def test_a_drill_is_switched_on_by_its_name_in_the_body(client: FlaskClient) -> None:
    answer = client.post(FAULTS, json={"kind": "slow_disk", "duration": 5, "delay_ms": 700})
    assert (answer.status_code, answer.get_json()["delay_ms"]) == (201, 700)


def test_a_drill_is_switched_off(served: Drilled, client: FlaskClient) -> None:
    """One, or all; what ended it stays to be seen, and a second time there is nothing to end."""
    for kind in ("bus_silence", "slow_disk", "frame_loss"):
        client.post(f"{FAULTS}/{kind}", json={"duration": 60})
    served.wait(10)
    (ended,) = client.delete(SILENCE).get_json()["faults"]
    assert (ended["kind"], ended["running"], ended["ended_by"]) == ("bus_silence", False, "127.0.0.1")
    assert ended["ended_at"] == "2026-01-01T00:00:10.000Z"
    assert client.delete(SILENCE).get_json() == {"faults": [], "count": 0}
    assert client.delete(FAULTS).get_json()["count"] == 2
    assert [one["running"] for one in shown(client)["faults"]] == [False] * 3


def test_a_drill_is_over_when_its_time_is_up_though_the_daemon_is_away(served: Drilled, client: FlaskClient) -> None:
    """It can be seen all the time, and neither begun nor ended."""
    client.post(SILENCE, json={"duration": 60})
    served.daemon_dies()
    assert shown(client, SILENCE)["running"]
    problem(client.post(SILENCE, json={"duration": 60}), 503, "daemon_away")
    problem(client.delete(SILENCE), 503, "daemon_away")
    served.now += 60
    assert (shown(client, SILENCE)["running"], shown(client, SILENCE)["ended_at"]) == (
        False, "2026-01-01T00:01:00.000Z",
    )  # fmt: skip
    assert HEADER not in client.get("/health").headers


@pytest.mark.parametrize("path", ["/health", "/health/live", "/api/v1/zones", "/no/such", SILENCE, "/api/docs"])
def test_every_answer_tells_of_drills(served: Drilled, client: FlaskClient, path: str) -> None:
    """Errors too, with all their names, and only while they run."""
    assert HEADER not in client.get(path).headers
    for kind in ("bus_silence", "slow_disk"):
        client.post(f"{FAULTS}/{kind}", json={"duration": 60})
    assert client.get(path).headers[HEADER] == "bus_silence,slow_disk"
    client.delete(FAULTS)
    assert HEADER not in client.get(path).headers


def test_health_says_that_it_is_a_drill(served: Drilled, client: FlaskClient) -> None:
    """Degraded, in words that nobody takes for a fault, also in the short form; and well again afterwards."""
    served.writes(102, 0x0C1A)
    assert shown(client, "/api/v1/health")["condition"] == "healthy"
    client.post(SILENCE, json={"duration": 60})
    health, snapshot = shown(client, "/api/v1/health"), shown(client, "/api/v1/snapshot")
    said = "a drill is running: bus_silence, switched on by 127.0.0.1 until 2026-01-01T00:01:00Z"
    assert (health["condition"], health["problems"], health["faults"]) == ("degraded", [said], ["bus_silence"])
    assert health["score"] == 99
    assert snapshot["health"]["problems"] == [said]
    (component,) = [one for one in health["components"] if one["kind"] == "drill"]
    assert (component["name"], component["since"]) == ("bus_silence", "2026-01-01T00:00:00.000Z")
    client.delete(FAULTS)
    assert shown(client, "/api/v1/health")["condition"] == "healthy"
    assert shown(client, "/api/v1/snapshot")["health"]["problems"] == []


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("bus_silence", {}, "duration"),
        ("bus_silence", {"duration": 0.5}, "duration"),
        ("bus_silence", {"duration": 601}, "duration"),
        ("bus_silence", {"duration": "60"}, "duration"),
        ("bus_silence", {"duration": 60, "probability": 1.1}, "probability"),
        ("bus_silence", {"duration": 60, "probability": -0.1}, "probability"),
        ("bus_silence", {"duration": 60, "delay_ms": 50}, "delay_ms"),
        ("slow_disk", {"duration": 60, "delay_ms": 5001}, "delay_ms"),
        ("slow_disk", {"duration": 60, "mebibytes": 5}, "mebibytes"),
        ("memory_pressure", {"duration": 60, "mebibytes": 513}, "mebibytes"),
        ("memory_pressure", {"duration": 60, "mebibytes": 0}, "mebibytes"),
        ("bus_silence", {"duration": 60, "kind": "frame_loss"}, "kind"),
    ],
)
def test_what_makes_no_sense_is_refused(
    served: Drilled, client: FlaskClient, kind: str, body: dict[str, object], field: str
) -> None:
    """422 names the field, and nobody is asked."""
    assert list(faults(client.post(f"{FAULTS}/{kind}", json=body), 422, "invalid_value")) == [field]
    assert served.link.asked == []


def test_a_fault_that_there_is_not(client: FlaskClient) -> None:
    """404 for a path, 422 for a field; one that was never tried is not found either."""
    for method in ("GET", "POST", "DELETE"):
        answer = client.open(f"{FAULTS}/fire", method=method, json={"duration": 60} if method == "POST" else None)
        assert "there is no fault 'fire'" in problem(answer, 404, "not_found")["detail"]
    problem(client.get(SILENCE), 404, "not_found")
    assert list(faults(client.post(FAULTS, json={"kind": "fire", "duration": 60}), 422, "invalid_value")) == ["kind"]


def test_the_api_knows_every_fault(client: FlaskClient) -> None:
    for kind in FaultKind:
        assert client.post(FAULTS, json={"kind": kind, "duration": 60}).status_code == 201
    assert [one["kind"] for one in shown(client)["faults"]] == list(FaultKind)


def test_a_key_that_must_sign_signs_drills(served: Drilled) -> None:
    """Beginning and ending one; looking needs no signature. The drill has the name of the key."""
    made = make_key("chief")
    key = Key("chief", Scope.ADMIN, made.hashed, SECRET)
    client = client_of(served, faults_enabled=True, enable_auth=True, keys=(key,))
    headers, body = {"X-API-Key": made.key, "Content-Type": "application/json"}, b'{"duration": 60}'
    asked: dict[str, Any] = {"headers": headers, "environ_overrides": {"REMOTE_ADDR": "203.0.113.5"}}
    assert client.get(FAULTS, **asked).status_code == 200
    for method, path in (("POST", SILENCE), ("DELETE", SILENCE), ("DELETE", FAULTS), ("POST", FAULTS)):
        problem(client.open(path, method=method, data=body, **asked), 401, "signature_missing")
    at, nonce = str(int(UNIX_START)), "0123456789abcdef"
    text = "\n".join(["POST", SILENCE, "", hashlib.sha256(body).hexdigest(), at, nonce])
    signature = hmac.new(SECRET, text.encode(), "sha256").hexdigest()
    headers |= {"X-Timestamp": at, "X-Nonce": nonce, "X-Signature": signature}
    answer = client.post(SILENCE, data=body, **asked)
    assert (answer.status_code, answer.get_json()["by"]) == (201, "chief")
