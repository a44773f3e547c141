"""Which integration calls is told by path, User-Agent and manners; health names its weaknesses."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.compat.player import sent
from tests.api.serving import MEANS, client_of
from tests.desk.gateway import UNIX_START
from tests.manager.served import Served

REQUESTS, AIOHTTP = "python-requests/2.32.3", "Python/3.13 aiohttp/3.13.3"


class Clock:
    now = UNIX_START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def polled(served: Served, clock: Clock) -> FlaskClient:
    return client_of(served, replace(MEANS, clock=clock))


def integrations(client: FlaskClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/v1/health").get_json()["integrations"]
    return found


def test_nobody_calls(polled: FlaskClient) -> None:
    """Our own routes and /health do not count, nor what leads nowhere."""
    for path in ("/health", "/api/v1/zones", "/zones/1/none", "/evil"):
        polled.get(path, headers={"User-Agent": REQUESTS})
    assert integrations(polled) == []


@pytest.mark.parametrize(("times", "generation"), [(3, "older"), (1, "newer")])
def test_the_root_integration(polled: FlaskClient, clock: Clock, times: int, generation: str) -> None:
    """Whoever reads each zone once for each of its entities is of the older generation."""
    for _ in range(5):
        for zone in range(1, 13):
            for _ in range(times):
                assert polled.get(f"/zones/1/{zone}", headers={"User-Agent": REQUESTS}).status_code == 200
        clock.now += 30
    (found,) = integrations(polled)
    assert (found["routes"], found["generation"], found["requests"]) == ("root", generation, 60 * times)
    assert "MatteoManzoni" in found["name"]
    assert found["last_seen_at"] == "2026-01-01T00:02:00.000Z"
    assert any("ignores staleness" in weakness for weakness in found["weaknesses"]) == (generation == "older")


def test_a_few_requests_tell_no_generation(polled: FlaskClient) -> None:
    """A guess would be worse than nothing."""
    polled.get("/mode", headers={"User-Agent": REQUESTS})
    assert [one["generation"] for one in integrations(polled)] == [None]


def test_the_api_integration(polled: FlaskClient) -> None:
    """Doubled slashes are those of the newer generation."""
    polled.get("/api/zones", headers={"User-Agent": AIOHTTP})
    assert [(one["routes"], one["generation"]) for one in integrations(polled)] == [("api", None)]
    polled.open("/", environ_overrides={"PATH_INFO": "/api//zones"}, headers={"User-Agent": AIOHTTP})
    assert [(one["requests"], one["generation"]) for one in integrations(polled)] == [(2, "newer")]


def test_something_else(polled: FlaskClient) -> None:
    """Neither a generation nor weaknesses are made up for it."""
    assert sent(polled, "GET", "/mode", {}).status_code == 200
    (found,) = integrations(polled)
    assert (found["name"], found["generation"], found["weaknesses"]) == ("another client of the root routes", None, [])


def test_all_workers_count_together(served: Served, clock: Clock) -> None:
    """And whoever is turned away does not count."""
    for _ in range(2):
        client_of(served, replace(MEANS, clock=clock)).get("/mode", headers={"User-Agent": REQUESTS})
    strict = client_of(served, replace(MEANS, clock=clock), enable_auth=True)
    assert strict.get("/mode", environ_overrides={"REMOTE_ADDR": "203.0.113.5"}).status_code == 401
    assert [one["requests"] for one in integrations(client_of(served))] == [2]
