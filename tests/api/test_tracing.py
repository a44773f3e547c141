"""Request ids and the access log."""

import re

import pytest
import structlog
from flask.testing import FlaskClient
from structlog.testing import LogCapture

from tests.api.serving import ZONE


@pytest.mark.parametrize("given", ["a", "ABC-123_x.y", "0" * 64])
def test_a_harmless_id_is_kept(client: FlaskClient, given: str) -> None:
    """So that a caller finds its own requests in our log."""
    assert client.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "0" * 65, "a b", "a\tb", "ü", "<script>", "a;b", '"', "a/b", "²"])
def test_any_other_id_is_replaced(client: FlaskClient, given: str) -> None:
    """It ends up in logs and answers, so nothing that could be more than a name gets in."""
    answered = client.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", answered)


def test_ids_of_ours_differ(client: FlaskClient) -> None:
    """Each request has its own."""
    assert len({client.get("/health").headers["X-Request-ID"] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/api/v1/zones?base=1", "/api/v1/zones", 200),
        ("PATCH", ZONE, "/api/v1/zones/<number:base>/<number:zone>", 415),
        ("GET", "/api/v1/commands/7-secret", "/api/v1/commands/<command_id>", 404),
        ("GET", "/no/such/path", None, 404),
        ("HEAD", "/health/live", "/health/live", 200),
    ],
)
def test_one_access_line_for_each_request(
    client: FlaskClient, logged: LogCapture, method: str, path: str, route: str | None, status: int
) -> None:
    """With the route's template, never the path itself, so that lines can be counted by route."""
    client.open(path, method=method, headers={"X-Request-ID": "r1"})
    (line,) = [entry for entry in logged.entries if entry["logger"] == "neasmart.access"]
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "debug" if path.startswith("/health/") else "info",  # a watchdog must not fill the disk
        "logger": "neasmart.access",
        "key": None,
        "client": "127.0.0.1",
        "method": method,
        "route": route,
        "status": status,
        "request_id": "r1",
    }


def test_what_one_request_binds_is_gone_in_the_next(client: FlaskClient, logged: LogCapture) -> None:
    """Requests of one connection share a thread of execution; their ids, and whatever else they bind, do not mix."""
    for given in ("first", "second"):
        client.get("/health", headers={"X-Request-ID": given})
        structlog.contextvars.bind_contextvars(command_id=given)
    assert [entry["request_id"] for entry in logged.entries] == ["first", "second"]
    assert all("command_id" not in entry for entry in logged.entries)
    structlog.contextvars.clear_contextvars()
