"""Who may come in."""

from ipaddress import ip_network
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.recorded import Recorded
from tests.api.serving import GETS, ZONE, client_of, problem
from tests.manager.served import Served

KEY = "s3cret-ключ"
TRUSTED = tuple(map(ip_network, ("127.0.0.0/8", "::1/128", "192.0.2.0/24", "fe80::/64")))
STRANGER = {"REMOTE_ADDR": "203.0.113.5"}

OPEN = ["/health/live", "/health/ready"]
GUARDED = [path for path in GETS if path not in OPEN]


def on_the_wire(value: str) -> str:
    """A header's value as WSGI hands it over: its bytes, each taken for a character of Latin-1."""
    return value.encode().decode("latin-1")


@pytest.fixture(scope="module")
def guarded(idle: Recorded) -> FlaskClient:
    """A client of an API that wants a key."""
    return client_of(idle, enable_auth=True, key=KEY, trusted_clients=TRUSTED)


@pytest.mark.parametrize("path", [*GUARDED, "/", "/no/such/path", "/api/v1/zones/9/9", "/health/live/more"])
def test_nothing_without_a_key(guarded: FlaskClient, path: str) -> None:
    """401 with a challenge, for paths that do not exist too: a stranger learns nothing."""
    answer = guarded.get(path, environ_overrides=STRANGER)
    if path == "/health":  # which is one of an older contract too
        assert (answer.status_code, set(answer.get_json())) == (401, {"err"})
    else:
        problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="NEA SMART gateway"'


@pytest.mark.parametrize("method", ["PATCH", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "BREW"])
def test_no_method_without_a_key(idle: Recorded, guarded: FlaskClient, method: str) -> None:
    """Nothing is done, and a body is not even received: 401 comes before 405, 413 and 415."""
    before = list(idle.link.asked)
    answer = guarded.open(ZONE, method=method, data=b"x" * 70_000, environ_overrides=STRANGER)
    assert answer.status_code == 401
    assert idle.link.asked == before


@pytest.mark.parametrize("path", OPEN)
def test_watchdogs_need_no_key(guarded: FlaskClient, path: str) -> None:
    """These two paths are open to everybody."""
    assert guarded.get(path, environ_overrides=STRANGER).status_code == 200


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize(
    "headers",
    [{"X-API-Key": on_the_wire(KEY)}, {"Authorization": on_the_wire(f"Bearer {KEY}")},
     {"authorization": on_the_wire(f"bearer {KEY}")}, {"X-API-Key": on_the_wire(KEY), "X-Forwarded-For": "1.2.3.4"}],
)  # fmt: skip
def test_the_key_opens(guarded: FlaskClient, path: str, headers: dict[str, str]) -> None:
    """In either header, from anywhere, through a proxy too."""
    assert guarded.get(path, headers=headers, environ_overrides=STRANGER).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": ""},
        {"X-API-Key": KEY[:-1].encode().decode("latin-1")},
        {"X-API-Key": on_the_wire(KEY + "x")},
        {"X-API-Key": on_the_wire(KEY.replace("s", "S"))},
        {"X-API-Key": "é"},
        {"Authorization": on_the_wire(KEY)},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic czNjcmV0OnMzY3JldA=="},
        {"Authorization": "Basic %%%"},
        {"Authorization": on_the_wire(f"Token {KEY}")},
        {"Cookie": on_the_wire(f"X-API-Key={KEY}")},
    ],
)
def test_a_wrong_key_does_not(guarded: FlaskClient, headers: dict[str, str]) -> None:
    """Nor does the right one in the wrong place, nor any nonsense."""
    problem(guarded.get(ZONE, headers=headers, environ_overrides=STRANGER), 401, "unauthorized")


def test_the_key_does_not_work_in_the_query(guarded: FlaskClient) -> None:
    """Queries end up in logs."""
    problem(guarded.get(f"{ZONE}?api_key={KEY}", environ_overrides=STRANGER), 401, "unauthorized")


@pytest.mark.parametrize("key", [None, ""])
@pytest.mark.parametrize("headers", [{}, {"X-API-Key": ""}, {"Authorization": "Bearer "}, {"X-API-Key": "None"}])
def test_no_key_is_no_open_door(served: Served, key: str | None, headers: dict[str, str]) -> None:
    """With authentication on and no key set, only trusted clients come in."""
    client = client_of(served, enable_auth=True, key=key, trusted_clients=TRUSTED)
    problem(client.get(ZONE, headers=headers, environ_overrides=STRANGER), 401, "unauthorized")
    assert client.get(ZONE).status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200),
        ("127.8.9.10", 200),
        ("::1", 200),
        ("192.0.2.255", 200),
        ("::ffff:192.0.2.1", 200),
        ("fe80::1%eth0", 200),
        ("192.0.3.0", 401),
        ("::2", 401),
        ("::ffff:203.0.113.5", 401),
        ("128.0.0.1", 401),
        ("", 401),
        ("nonsense", 401),
    ],
)
def test_trusted_clients_need_no_key(guarded: FlaskClient, address: str, status: int) -> None:
    """By the peer's own address, also when an IPv6 socket tells an IPv4 one."""
    assert guarded.get(ZONE, environ_overrides={"REMOTE_ADDR": address}).status_code == status


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "x-forwarded-for"])
@pytest.mark.parametrize("value", ["127.0.0.1", "for=127.0.0.1", "203.0.113.5", ""])
def test_what_was_forwarded_is_not_trusted(idle: Recorded, guarded: FlaskClient, header: str, value: str) -> None:
    """A proxy on this host must not open the door to everyone, whatever it says of whom it speaks for."""
    before = list(idle.link.asked)
    problem(guarded.get(ZONE, headers={header: value}), 401, "unauthorized")
    problem(guarded.patch(ZONE, json={"setpoint": 21}, headers={header: value}), 401, "unauthorized")
    assert idle.link.asked == before


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "203.0.113.5"}, {"X-API-Key": "wrong"}])
def test_without_authentication_everything_is_open(served: Served, headers: dict[str, Any]) -> None:
    """To everybody."""
    client = client_of(served, enable_auth=False, key=KEY)
    assert client.get(ZONE, headers=headers, environ_overrides=STRANGER).status_code == 200


def test_a_caller_without_an_address_has_a_name(client: FlaskClient) -> None:
    """Over a Unix socket there is no address; the receipt says so."""
    answer = client.patch(ZONE, json={"setpoint": 21}, environ_overrides={"REMOTE_ADDR": ""})
    assert answer.get_json()["command"]["by"] == {"via": "http", "who": "local"}
