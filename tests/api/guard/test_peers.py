"""Whose address counts when requests are forwarded."""

from ipaddress import ip_network

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.guard.peers import Peer
from tests.api.serving import ZONE, client_of, problem
from tests.manager.served import Served

LOOPBACK = tuple(map(ip_network, ("127.0.0.0/8", "::1/128")))
HOME = ip_network("192.168.1.0/24")
PROXIES = (ip_network("10.0.0.0/24"),)


@pytest.fixture
def proxied(served: Served) -> FlaskClient:
    """A client of an API that trusts this machine and the home network, and believes the proxies of 10.0.0.0/24."""
    return client_of(served, enable_auth=True, key="k", trusted_clients=(*LOOPBACK, HOME), trusted_proxies=PROXIES)


def status(client: FlaskClient, remote: str, **headers: str) -> int:
    """What a peer with these headers gets."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(ZONE, headers=named, environ_overrides={"REMOTE_ADDR": remote}).status_code


@pytest.mark.parametrize(
    ("hops", "expected"),
    [
        ("192.168.1.7", 200),
        ("203.0.113.5", 401),
        ("192.168.1.7, 203.0.113.5", 401),
        ("203.0.113.5, 192.168.1.7", 200),
        ("192.168.1.7, 10.0.0.9", 200),
        ("203.0.113.5, 10.0.0.9, 10.0.0.8", 401),
        ("10.0.0.9", 401),
        ("192.168.1.7:4711", 401),
        ("unknown", 401),
        ("192.168.1.7, unknown", 401),
        ("", 401),
        (",", 401),
        ("::ffff:192.168.1.7", 200),
        (", ".join(["192.168.1.7"] + ["10.0.0.9"] * 50), 401),
    ],
)
def test_a_trusted_proxy_is_believed(proxied: FlaskClient, hops: str, expected: int) -> None:
    """About the nearest address that is not a proxy's; what stands before that anybody can have written."""
    assert status(proxied, "10.0.0.2", X_Forwarded_For=hops) == expected


def test_nobody_else_is(proxied: FlaskClient) -> None:
    """Not even on this machine, and not in the home network."""
    for remote in ("127.0.0.1", "192.168.1.7", "203.0.113.5"):
        assert status(proxied, remote, X_Forwarded_For="192.168.1.7") == 401


@pytest.mark.parametrize("header", ["Forwarded", "X_Real_IP", "X_Forwarded_Host", "Via", "X_Client_IP"])
def test_a_trusted_proxy_must_say_it_in_x_forwarded_for(proxied: FlaskClient, header: str) -> None:
    """What else it forwards tells nothing that counts."""
    assert status(proxied, "10.0.0.2", **{header: "192.168.1.7"}) == 401


def test_the_log_and_the_receipt_name_who_the_proxy_speaks_for(served: Served) -> None:
    """And not the proxy."""
    client = client_of(served, trusted_proxies=PROXIES)
    answer = client.patch(
        ZONE,
        json={"setpoint": 21},
        headers={"X-Forwarded-For": "203.0.113.5"},
        environ_overrides={"REMOTE_ADDR": "10.0.0.2"},
    )
    assert answer.get_json()["command"]["by"] == {"via": "http", "who": "203.0.113.5"}


def test_a_stranger_behind_an_unknown_proxy_is_no_client(served: Served) -> None:
    """A proxy on this machine that nobody has named opens no door: the request has no rights without a key."""
    client = client_of(served, enable_auth=True, key="k", trusted_clients=LOOPBACK)
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        problem(client.get(ZONE, headers={header: "127.0.0.1"}), 401, "unauthorized")


@pytest.mark.parametrize(
    ("address", "neighbourhood"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("local", "local"),
    ],
)
def test_a_household_counts_as_one(address: str, neighbourhood: str) -> None:
    """Within a /64 anybody can take as many addresses as they like."""
    assert Peer(address, trusted=False, loopback=False).neighbourhood == neighbourhood
