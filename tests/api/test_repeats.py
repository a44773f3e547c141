"""Requests that come again in the same words: answered by the short way, exactly as by the long one."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import LogCapture
from werkzeug.test import TestResponse

from neasmart_gateway.api import repeats
from tests.api.serving import ZONE, client_of
from tests.manager.served import Served

LOOPBACK = (ip_network("127.0.0.0/8"),)
KEY = "a-key-of-sixteen-chars"
ME = {"X-API-Key": KEY, "Host": "gateway.home", "User-Agent": "poller"}
KEPT = [ZONE, "/api/v1/zones", "/api/v1/zones?base=1&stale=false", "/api/v1/snapshot"]
CHANGING = ("X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture
def poller(served: Served) -> FlaskClient:
    """A client of an API that wants a key, and knows a name and an origin."""
    served.writes(100, 1, 2000)
    served.writes(102, 2000)
    return client_of(
        served, enable_auth=True, key=KEY, allowed_hosts=("gateway.home",), reads_per_minute=100,
        enable_cors=True, cors_origins=("https://page.example",),
    )  # fmt: skip


@pytest.fixture
def long_ways(poller: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the requests that Flask has seen."""
    seen: list[str] = []
    dispatch = Flask.full_dispatch_request

    def noted(app: Flask, *context: object) -> object:
        seen.append(repeats.request.path)
        return dispatch(app, *context)  # type: ignore[arg-type]

    monkeypatch.setattr(Flask, "full_dispatch_request", noted)
    return seen


def steady(answer: TestResponse) -> list[tuple[str, str]]:
    """The headers that do not differ from request to request."""
    return sorted((name, value) for name, value in answer.headers if name not in CHANGING)


@pytest.mark.parametrize("known", [None, "*", '"other"'])
@pytest.mark.parametrize("path", KEPT)
def test_the_short_way_ends_where_the_long_one_does(
    poller: FlaskClient, long_ways: list[str], path: str, known: str | None
) -> None:
    """Status, body and headers, but for the few that are each request's own."""
    asking = ME | ({"If-None-Match": known} if known else {})
    first, second = (poller.get(path, headers=asking) for _ in range(2))
    assert len(long_ways) == 1
    assert (second.status, second.data) == (first.status, first.data)
    assert {n: v for n, v in second.headers if n not in CHANGING} == {
        n: v for n, v in first.headers if n not in CHANGING
    }
    assert len(second.headers) == len(first.headers)
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


@pytest.mark.parametrize(
    "change",
    [
        lambda served: served.writes(102, 2100),
        lambda served: served.writes(100, 3),
        lambda served: served.wait(180.5),
        lambda served: served.daemon_dies(),
    ],
    ids=["temperature", "state", "silence", "death"],
)
@pytest.mark.parametrize("path", KEPT)
def test_what_is_old_is_not_repeated(
    served: Served, poller: FlaskClient, path: str, change: Callable[[Served], object]
) -> None:
    """Whatever changes what is seen is seen at the next request."""
    before = poller.get(path, headers=ME)
    assert poller.get(path, headers=ME).data == before.data
    change(served)
    after = poller.get(path, headers=ME)
    fresh = poller.get(path, headers=ME | {"User-Agent": "somebody else"})
    assert after.data != before.data
    assert (after.data, after.headers["ETag"]) == (fresh.data, fresh.headers["ETag"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-API-Key": ""}, 401),
        ({"X-API-Key": KEY[:-1]}, 401),
        ({"X-API-Key": KEY + "x"}, 401),
        ({"Host": "evil.example"}, 421),
        ({"Authorization": "Bearer nonsense", "X-API-Key": ""}, 401),
    ],
)
def test_other_words_are_judged(poller: FlaskClient, headers: dict[str, str], status: int) -> None:
    """Right behind a request that was let in, and again behind that."""
    for _ in range(2):
        assert poller.get(ZONE, headers=ME).status_code == 200
        assert poller.get(ZONE, headers=ME | headers).status_code == status


def test_the_way_that_a_request_came_is_part_of_it(served: Served) -> None:
    """An address that is trusted, the same behind a proxy that is not, and another one."""
    client = client_of(served, enable_auth=True, key=KEY, trusted_clients=LOOPBACK)
    for _ in range(2):
        assert client.get(ZONE).status_code == 200
        assert client.get(ZONE, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401
        assert client.get(ZONE, environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 401


def test_origins_are_told_apart(poller: FlaskClient) -> None:
    """A page from elsewhere is not told that it may read what another may."""
    for _ in range(2):
        ours = poller.get(ZONE, headers=ME | {"Origin": "https://page.example"})
        assert ours.headers["Access-Control-Allow-Origin"] == "https://page.example"
        assert (
            "Access-Control-Allow-Origin"
            not in poller.get(ZONE, headers=ME | {"Origin": "https://evil.example"}).headers
        )


def test_every_one_counts(served: Served, poller: FlaskClient, long_ways: list[str]) -> None:
    """Until the share is used up; then the long way says so."""
    left = [poller.get(ZONE, headers=ME).headers["X-RateLimit-Remaining"] for _ in range(100)]
    assert left == [str(n) for n in range(99, -1, -1)]
    assert len(long_ways) == 1
    refused = poller.get(ZONE, headers=ME)
    assert (refused.status_code, refused.get_json()["title"]) == (429, "Too many requests")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert served.access.storage.get("LIMITER/key api-key/100/1/minute") == 101  # and that one only once


def test_nobody_is_counted_who_need_not_be(served: Served, long_ways: list[str]) -> None:
    """A program on this machine without a key may read as often as it likes."""
    client = client_of(served, reads_per_minute=1, trusted_clients=LOOPBACK)
    assert [client.get(ZONE).status_code for _ in range(3)] == [200] * 3
    assert "X-RateLimit-Limit" not in client.get(ZONE).headers


def test_each_has_its_line_and_its_count(poller: FlaskClient, logged: LogCapture) -> None:
    """The same line but for its id and time, and one more in the metrics."""
    for name in ("one", "two"):
        poller.get(ZONE, headers=ME | {"X-Request-ID": name})
    first, second = (entry for entry in logged.entries if entry["logger"] == "neasmart.access")
    assert (first.pop("request_id"), second.pop("request_id")) == ("one", "two")
    assert first.pop("duration_ms") >= 0 <= second.pop("duration_ms")
    assert repr(first) == repr(second)  # which an enumeration equal to a number is not
    text = poller.get("/metrics", headers=ME).text
    counted = 'api_requests_total{endpoint="/api/v1/zones/{base}/{zone}",method="GET",status="200"} 2.0'
    assert counted in text
    assert 'api_request_duration_seconds_count{endpoint="/api/v1/zones/{base}/{zone}",method="GET"} 2.0' in text


def test_an_unsound_id_is_replaced(poller: FlaskClient) -> None:
    """On the short way too."""
    for given, kept in (("mine", True), ("not mine", False), ("mine", True)):
        answered = poller.get(ZONE, headers=ME | {"X-Request-ID": given}).headers["X-Request-ID"]
        assert (answered == given) is kept


def test_other_methods_and_errors_go_the_long_way(poller: FlaskClient, long_ways: list[str]) -> None:
    """HEAD, what does not exist, and what is not kept."""
    for _ in range(2):
        assert poller.head(ZONE, headers=ME).status_code == 200
        assert poller.get("/api/v1/zones/6/1", headers=ME).status_code == 404
        assert poller.get("/api/v1/zones?base=9", headers=ME).status_code == 400
        assert poller.get("/api/v1/pumps", headers=ME).status_code == 200
    assert len(long_ways) == 8


def test_only_so_many_are_remembered(
    poller: FlaskClient, long_ways: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was asked longest ago is forgotten first."""
    monkeypatch.setattr(repeats, "MOST", 2)
    for agent in ("a", "b", "a", "c", "a", "b"):
        assert poller.get(ZONE, headers=ME | {"User-Agent": agent}).status_code == 200
    assert len(long_ways) == 4  # a, b, c, and b again


@pytest.mark.parametrize("error", [ZeroDivisionError("a fault"), OSError(37, "No locks available")])
@pytest.mark.parametrize("place", ["image", "limits"])
def test_a_fault_has_its_answer(
    served: Served,
    poller: FlaskClient,
    logged: LogCapture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    place: str,
) -> None:
    """As on the long way: a problem with the id of the request, its lines, and one more in the metrics."""
    assert poller.get(ZONE, headers=ME).status_code == 200

    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(*((served.manager, "still_holds") if place == "image" else (served.memory.limits, "hit")), fail)
    failed = poller.get(ZONE, headers=ME | {"X-Request-ID": "mine"})
    monkeypatch.undo()
    assert (failed.status_code, failed.headers["X-Request-ID"]) == (500, "mine")
    told = [(entry["logger"], entry["request_id"]) for entry in logged.entries[1:]]
    assert told == [("neasmart.api", "mine"), ("neasmart.access", "mine")]
    text = poller.get("/metrics", headers=ME).text
    assert 'api_requests_total{endpoint="/api/v1/zones/{base}/{zone}",method="GET",status="500"} 1.0' in text


def test_whatever_is_logged_meanwhile_names_the_request(
    served: Served, poller: FlaskClient, logged: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the long way."""
    poller.get(ZONE, headers=ME | {"X-Request-ID": "first"})
    holds, log = served.manager.still_holds, structlog.get_logger("neasmart.security")
    monkeypatch.setattr(served.manager, "still_holds", lambda edition: log.info("looked") or holds(edition))
    poller.get(ZONE, headers=ME | {"X-Request-ID": "second"})
    assert [entry["request_id"] for entry in logged.entries if entry["event"] == "looked"] == ["second"]


def test_drills_are_told_at_once(served: Served, long_ways: list[str]) -> None:
    """Where faults can be made, every answer says whether there are any."""
    client = client_of(served, faults_enabled=True)
    for _ in range(2):
        client.get(ZONE)
    assert len(long_ways) == 2
