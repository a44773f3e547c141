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


PLANT = ("/mode", "/state", "/notifications")


def polls(client: FlaskClient, clock: Clock, rounds: int, times: int, agent: str = REQUESTS) -> None:
    """Ask for twelve zones and the plant every half minute, so many times each."""
    for _ in range(rounds):
        for path in (*(f"/zones/1/{zone}" for zone in range(1, 13)), *PLANT):
            for _ in range(times):
                assert client.get(path, headers={"User-Agent": agent}).status_code == 200
        clock.now += 30


@pytest.mark.parametrize(("times", "generation"), [(3, "older"), (1, "newer")])
def test_the_root_integration(polled: FlaskClient, clock: Clock, times: int, generation: str) -> None:
    """Whoever reads each zone once for each of its entities is of the older generation."""
    polls(polled, clock, 5, times)
    (found,) = integrations(polled)
    assert (found["routes"], found["generation"], found["requests"]) == ("root", generation, 75 * times)
    assert found["name"] == "seems to be the integration of the MatteoManzoni gateway"
    assert found["last_seen_at"] == "2026-01-01T00:02:00.000Z"
    assert any("ignores staleness" in weakness for weakness in found["weaknesses"]) == (generation == "older")


def test_an_update_is_seen(polled: FlaskClient, clock: Clock) -> None:
    """Weeks of the older generation are forgotten within the hour, and the other way round."""
    for times, generation in ((3, "older"), (1, "newer"), (3, "older")):
        polls(polled, clock, 60, times)
        assert [one["generation"] for one in integrations(polled)] == [generation]


def test_a_few_requests_tell_no_generation(polled: FlaskClient) -> None:
    """A guess would be worse than nothing; and few of its paths are no integration."""
    for _ in range(100):
        polled.get("/mode", headers={"User-Agent": REQUESTS})
    polled.get("/state", headers={"User-Agent": REQUESTS})
    (found,) = integrations(polled)
    assert (found["name"], found["generation"], found["weaknesses"]) == ("another client of the root routes", None, [])


def test_two_clients_of_one_program_are_no_older_one(polled: FlaskClient, clock: Clock) -> None:
    """Each address is looked at by itself."""
    for _ in range(5):
        for path in (*(f"/zones/1/{zone}" for zone in range(1, 13)), *PLANT):
            for address in ("192.0.2.7", "192.0.2.8"):
                polled.get(path, headers={"User-Agent": REQUESTS}, environ_overrides={"REMOTE_ADDR": address})
        clock.now += 30
    assert [one["generation"] for one in integrations(polled)] == ["newer"]


def test_the_api_integration(polled: FlaskClient) -> None:
    """Doubled slashes are those of the newer generation; one of them is not enough."""
    for times, doubled, generation in ((15, False, None), (1, True, None), (15, True, "newer")):
        for _ in range(times):
            for path in ("zones", "mode", "state"):
                whole = f"/api//{path}" if doubled else f"/api/{path}"
                polled.open("/", environ_overrides={"PATH_INFO": whole}, headers={"User-Agent": AIOHTTP})
        assert [(one["routes"], one["generation"]) for one in integrations(polled)] == [("api", generation)]
    (found,) = integrations(polled)
    assert (found["name"], found["requests"]) == ("seems to be the integration of the giacomoalonzi gateway", 93)


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
