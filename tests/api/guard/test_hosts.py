"""Requests are for us by one of our names, or they are refused."""

import socket

import pytest
from flask.testing import FlaskClient

from tests.api.serving import ZONE, client_of, problem
from tests.manager.served import Served

OWN = socket.gethostname()


@pytest.fixture
def named(served: Served) -> FlaskClient:
    """A client of an API that has names of its own."""
    return client_of(served, allowed_hosts=("heating.example", "*.home.arpa", "UPPER.example."))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:5001",
        "localhost.",
        "127.0.0.1:5001",
        "192.168.1.20",
        "[::1]:5001",
        "[fe80::1]",
        OWN,
        f"{OWN.partition('.')[0]}.local:5001",
        "heating.example:80",
        "HEATING.example.",
        "upper.example",
        "gateway.home.arpa",
        "a.b.home.arpa",
    ],
)
def test_our_names(named: FlaskClient, host: str) -> None:
    """Addresses, this machine's names and those that the operator allows, in any case, with any port."""
    assert named.get(ZONE, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evilheating.example",
        "home.arpa",
        "evilhome.arpa",
        "heating.example.evil",
        "[::1",
        "[evil.example]",
        "127.1",
        "0x7f000001",
        "-",
        "*.home.arpa.x",
        "x" * 300,
    ],
)
def test_foreign_names(served: Served, named: FlaskClient, host: str) -> None:
    """421, for reads and commands, and each is counted: a name can be rebound to our address by whoever owns it."""
    problem(named.get("/health/live", headers={"Host": host}), 421, "foreign_host")
    problem(named.patch(ZONE, json={"setpoint": 21}, headers={"Host": host}), 421, "foreign_host")
    assert served.link.asked == []
    assert served.access.tally.read()["foreign_host"] == 2


def test_no_name_at_all(named: FlaskClient) -> None:
    """Is for clients of HTTP/1.0, which know no other way."""
    nameless = {"HTTP_HOST": "", "SERVER_PROTOCOL": "HTTP/1.0"}
    assert named.get(ZONE, environ_overrides=nameless).status_code == 200
    problem(named.get(ZONE, environ_overrides=nameless | {"SERVER_PROTOCOL": "HTTP/1.1"}), 421, "foreign_host")
