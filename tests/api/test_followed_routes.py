"""What holds of every answer holds of commands, audit and timeline: hardening, methods, keys, slashes."""

import pytest
from flask.testing import FlaskClient

from tests.api.recorded import AUDIT, COMMANDS, TIMELINE, Recorded, commanded
from tests.api.serving import client_of, problem
from tests.desk.gateway import SETPOINT, degrees

STRANGER = {"REMOTE_ADDR": "203.0.113.5"}


@pytest.fixture(scope="module")
def command_id(door: FlaskClient) -> str:
    """A command that waits for the base all the time."""
    return commanded(door, 21)


@pytest.fixture(params=["commands", "command", "audit", "timeline"])
def path(request: pytest.FixtureRequest, command_id: str) -> str:
    """Each of the routes, with something to be seen there."""
    paths = {"commands": COMMANDS, "command": f"{COMMANDS}/{command_id}", "audit": AUDIT, "timeline": TIMELINE}
    return paths[request.param]


def test_answers_are_hardened_json_that_nobody_stores(door: FlaskClient, path: str) -> None:
    """No guessing of types, no frames, no copy in a cache, and so no ETag."""
    answer = door.get(path)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "ETag" not in headers


def test_problems_are_hardened_too(door: FlaskClient, path: str) -> None:
    """And carry the caller's own request id."""
    answer = door.get(f"{path}?nonsense=1", headers={"X-Request-ID": "abc"})
    assert problem(answer, 400, "invalid_query")["request_id"] == "abc"
    assert answer.headers["Cache-Control"] == "no-store"


def test_head_is_get_without_a_body(door: FlaskClient, path: str) -> None:
    """The same status and type, and nothing behind the headers."""
    head, get = door.head(path), door.get(path)
    assert (head.status_code, head.content_type, head.data) == (200, get.content_type, b"")


def test_a_trailing_slash_is_forgiven(door: FlaskClient, path: str) -> None:
    """Without a redirect."""
    assert door.get(f"{path}/").get_json() == door.get(path).get_json()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_wrong_method_is_405_with_the_right_ones(idle: Recorded, door: FlaskClient, path: str, method: str) -> None:
    """Only a command of its own takes DELETE; nothing is done."""
    allowed = {"GET", "HEAD", "OPTIONS"} | ({"DELETE"} if path.startswith(f"{COMMANDS}/") else set())
    if method in allowed:
        return
    answer = door.open(path, method=method, json={})
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed
    assert idle.pending(SETPOINT) == degrees(21)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_nothing_without_a_key(idle: Recorded, path: str, method: str) -> None:
    """401 before 405, and nothing is cancelled."""
    guarded = client_of(idle, enable_auth=True, key="k")
    asked = len(idle.link.asked)
    assert guarded.open(path, method=method, environ_overrides=STRANGER).status_code == 401
    assert len(idle.link.asked) == asked
    assert idle.pending(SETPOINT) == degrees(21)


def test_with_a_key(idle: Recorded, path: str) -> None:
    """Everybody who has it."""
    guarded = client_of(idle, enable_auth=True, key="k")
    assert guarded.get(path, headers={"X-API-Key": "k"}, environ_overrides=STRANGER).status_code == 200


def test_a_page_may_send_our_headers(idle: Recorded) -> None:
    """A browser that asks beforehand is told that it may send Prefer and Idempotency-Key, and use DELETE."""
    shared = client_of(idle, enable_cors=True, cors_origins=("https://home.example",))
    asked = {
        "Origin": "https://home.example",
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "prefer, idempotency-key",
    }
    told = shared.options(COMMANDS, headers=asked).headers
    assert told["Access-Control-Allow-Headers"] == "idempotency-key, prefer"
    assert "DELETE" in told["Access-Control-Allow-Methods"]
