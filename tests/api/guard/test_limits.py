"""How often one may ask."""

from ipaddress import ip_network

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.guard.keys import Key, make_key
from neasmart_gateway.api.scopes import Scope
from tests.api.serving import ZONE, client_of, problem
from tests.manager.served import Served

READS, COMMANDS = 5, 3
ONE, OTHER = make_key("one"), make_key("other")
KEYS = (Key("one", Scope.CONTROL, ONE.hashed), Key("other", Scope.CONTROL, OTHER.hashed))
FAR, FARTHER = {"REMOTE_ADDR": "203.0.113.5"}, {"REMOTE_ADDR": "203.0.113.6"}


@pytest.fixture
def limited(served: Served) -> FlaskClient:
    """A client of an API that is open to everybody, for a few requests a minute."""
    return client_of(
        served,
        reads_per_minute=READS,
        commands_per_minute=COMMANDS,
        trusted_clients=tuple(map(ip_network, ("127.0.0.0/8", "192.168.0.0/16"))),
    )


def reads(client: FlaskClient, count: int, **peer: str) -> list[int]:
    return [client.get(ZONE, environ_overrides=FAR | peer).status_code for _ in range(count)]


def test_reads_over_the_limit_are_turned_away(served: Served, limited: FlaskClient) -> None:
    """Exactly those, and each is counted."""
    assert reads(limited, READS + 2) == [200] * READS + [429] * 2
    assert served.access.tally.read()["limited_reads"] == 2


def test_commands_have_a_limit_of_their_own(served: Served, limited: FlaskClient) -> None:
    """Whatever becomes of them: one that makes no sense counts too. Nothing beyond it reaches the daemon."""
    reads(limited, READS + 1)
    bodies = [{"setpoint": 21}, {"setpoint": 99}, {"setpoint": 22}, {"setpoint": 23}]
    answers = [limited.patch(ZONE, json=body, environ_overrides=FAR).status_code for body in bodies]
    assert answers == [202, 422, 202, 429]
    assert len(served.link.asked) == 2
    assert served.access.tally.read()["limited_commands"] == 1


def test_what_is_refused_counts_too(served: Served) -> None:
    """For want of rights, or because there is no such path or method."""
    key = make_key("reader")
    client = client_of(
        served, enable_auth=True, keys=(Key("reader", Scope.READ, key.hashed),), commands_per_minute=COMMANDS
    )
    asked = [("PATCH", ZONE), ("POST", "/api/v1/nothing"), ("PUT", "/api/v1/zones"), ("PATCH", ZONE)]
    headers = {"X-API-Key": key.key}
    answers = [client.open(p, method=m, json={}, headers=headers, environ_overrides=FAR).status_code for m, p in asked]
    assert answers == [403, 404, 405, 429]


def test_all_commands_together_are_limited(limited: FlaskClient) -> None:
    """Not each route by itself."""
    paths = [("PATCH", ZONE), ("PATCH", "/api/v1/operation"), ("POST", f"{ZONE}/release"), ("POST", "/api/v1/tickets")]
    answers = [limited.open(p, method=m, json={}, environ_overrides=FAR).status_code for m, p in paths]
    assert answers[:COMMANDS].count(429) == 0
    assert answers[COMMANDS:] == [429]


def test_an_answer_says_how_the_caller_stands(limited: FlaskClient) -> None:
    """Limit, what is left of it and when it ends; over the limit when to come back."""
    for left in (4, 3):
        answer = limited.get(ZONE, environ_overrides=FAR)
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("5", str(left))
    command = limited.patch(ZONE, json={"setpoint": 21}, environ_overrides=FAR)
    assert (command.headers["X-RateLimit-Limit"], command.headers["X-RateLimit-Remaining"]) == ("3", "2")
    reads(limited, READS)
    refused = limited.get(ZONE, environ_overrides=FAR)
    detail = problem(refused, 429, "too_many_requests")["detail"]
    assert detail == "203.0.113.5 has used up its 5 reads a minute."
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Remaining"] == "0"


def test_each_caller_has_its_own(served: Served, limited: FlaskClient) -> None:
    """By address without a key, by key with one, wherever that comes from."""
    assert reads(limited, READS + 1)[-1] == 429
    assert limited.get(ZONE, environ_overrides=FARTHER).status_code == 200
    keyed = client_of(served, enable_auth=True, keys=KEYS, reads_per_minute=2)
    statuses = [
        keyed.get(ZONE, headers={"X-API-Key": key}, environ_overrides=peer).status_code
        for key, peer in [(ONE.key, FAR), (ONE.key, FARTHER), (ONE.key, FAR), (OTHER.key, FAR)]
    ]
    assert statuses == [200, 200, 429, 200]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/api/v1/health"])
def test_health_is_never_limited(limited: FlaskClient, path: str) -> None:
    """A watchdog must not take the gateway for dead because somebody else asks too often."""
    reads(limited, READS + 1)
    answers = [limited.get(path, environ_overrides=FAR) for _ in range(READS + 1)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


def test_trusted_clients_of_this_machine_read_without_a_limit(limited: FlaskClient) -> None:
    """Their commands are limited like everybody's; other trusted clients are limited in both."""
    assert set(reads(limited, READS + 1, REMOTE_ADDR="127.0.0.1")) == {200}
    commands = [limited.patch(ZONE, json={"setpoint": 21}).status_code for _ in range(COMMANDS + 1)]
    assert commands[-1] == 429
    assert reads(limited, READS + 1, REMOTE_ADDR="192.168.1.7")[-1] == 429


def test_a_proxy_on_this_machine_is_not_exempt(limited: FlaskClient) -> None:
    """It speaks for others."""
    asked = [limited.get(ZONE, headers={"X-Forwarded-For": "127.0.0.1"}).status_code for _ in range(READS + 1)]
    assert asked[-1] == 429


def test_the_minute_begins_with_the_first_request(served: Served, limited: FlaskClient) -> None:
    """And when it is over everything is as at the beginning."""
    assert reads(limited, READS + 1)[-1] == 429
    served.wait(59.0)
    assert reads(limited, 1) == [429]
    served.wait(1.5)
    assert reads(limited, READS + 1) == [200] * READS + [429]
