"""Headers for browsers: hardening on every answer, CORS for named origins only."""

import pytest
from flask.testing import FlaskClient

from tests.api.serving import GETS, ZONE, client_of
from tests.manager.served import Served

REVALIDATED = ("/api/v1/snapshot", "/api/v1/zones", ZONE, "/api/v1/zones/5/12")
HOME, LOCAL = "https://home.example", "http://[::1]:3000"


@pytest.fixture
def shared(served: Served) -> FlaskClient:
    """A client of an API that two pages may call, with a key."""
    return client_of(served, enable_cors=True, cors_origins=(HOME, LOCAL), enable_auth=True, key="k")


@pytest.mark.parametrize("path", [*GETS, "/no/such/path", "/api/v1/zones/9/9"])
def test_every_answer_is_hardened(client: FlaskClient, path: str) -> None:
    """Errors too: no guessing of types, no frames, no referrer; no copy in a cache, or one that is asked about."""
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == ("no-cache" if "ETag" in headers else "no-store")
    assert ("ETag" in headers) is (path in REVALIDATED)
    assert "Server" not in headers


def preflight(client: FlaskClient, origin: str, path: str = ZONE) -> dict[str, str]:
    """Ask what a page of this origin may do; the status and the headers of CORS."""
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "content-type,x-api-key"}
    answer = client.options(path, headers={"Origin": origin, **asked}, environ_overrides={"REMOTE_ADDR": "203.0.113.5"})
    told = {name: value for name, value in answer.headers if name.startswith("Access-Control-")}
    return {"status": str(answer.status_code), **told}


@pytest.mark.parametrize("origin", [HOME, LOCAL])
def test_a_browser_may_ask_without_a_key(shared: FlaskClient, origin: str) -> None:
    """A preflight never carries one; it is told what a request may carry, and what its page may read."""
    told = preflight(shared, origin)
    assert (told["status"], told["Access-Control-Allow-Origin"]) == ("204", origin)
    assert "PATCH" in told["Access-Control-Allow-Methods"]
    assert told["Access-Control-Allow-Headers"] == "content-type, x-api-key"
    assert "Access-Control-Allow-Credentials" not in told


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://home.example.evil", "http://home.example", "https://homeXexample", "null",
     "http://1:3000", "http://::3000", "*", ""],
)  # fmt: skip
def test_any_other_origin_is_nobody(shared: FlaskClient, origin: str) -> None:
    """Origins are compared as they are, not as patterns: without a key they get nowhere."""
    assert preflight(shared, origin) == {"status": "401"}


def test_a_preflight_tells_nothing_of_paths(shared: FlaskClient) -> None:
    """Whether a path exists cannot be found out by asking."""
    assert preflight(shared, HOME) == preflight(shared, HOME, "/no/such/path")


def test_a_page_reads_answers_and_errors(shared: FlaskClient) -> None:
    """With the key as without it, so that a page can show what is wrong."""
    for headers in ({"X-API-Key": "k"}, {}):
        answer = shared.get(ZONE, headers={"Origin": HOME, **headers}, environ_overrides={"REMOTE_ADDR": "203.0.113.5"})
        assert answer.headers["Access-Control-Allow-Origin"] == HOME
        assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]


def test_a_plain_options_needs_a_key(shared: FlaskClient) -> None:
    """Only a browser's preflight goes without."""
    answer = shared.options(ZONE, headers={"Origin": HOME}, environ_overrides={"REMOTE_ADDR": "203.0.113.5"})
    assert answer.status_code == 401


def test_no_cors_unless_it_is_on(served: Served) -> None:
    """Origins alone change nothing."""
    client = client_of(served, enable_cors=False, cors_origins=(HOME,))
    told = preflight(client, HOME)
    assert told == {"status": "200"}


def test_a_star_is_no_origin(served: Served) -> None:
    """Everybody is nobody in particular: the operator names origins."""
    client = client_of(served, enable_cors=True, cors_origins=("*",))
    assert "Access-Control-Allow-Origin" not in client.get(ZONE, headers={"Origin": HOME}).headers
