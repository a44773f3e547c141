"""Home Assistant's ingress: our pages under its path and in its frame, for its users, and only from its Supervisor."""

import re
from ipaddress import ip_network

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.recorded import Recorded
from tests.api.serving import ZONE, client_of

PATH = "/api/hassio_ingress/mV0-rA_nd0m"
SUPERVISOR = "172.30.32.2"
OF_A_BROWSER = {"Host": "home.example:8123", "X-Ingress-Path": PATH, "X-Forwarded-For": "203.0.113.9, 172.30.32.1"}
"""As Supervisor passes a request on: the Host is the browser's."""


@pytest.fixture
def client(recorded: Recorded) -> FlaskClient:
    """A client of an API that needs a key from everybody but Supervisor's users."""
    return client_of(recorded, enable_auth=True, key="k", ingress_proxies=(ip_network(f"{SUPERVISOR}/32"),))


def ask(client: FlaskClient, path: str, source: str = SUPERVISOR, method: str = "GET", **more: str) -> TestResponse:
    """One request; `more` are headers, with _ for -."""
    headers = OF_A_BROWSER | {name.replace("_", "-"): value for name, value in more.items()}
    body = {"setpoint": 21.5} if method == "PATCH" else None
    return client.open(path, method=method, headers=headers, json=body, environ_overrides={"REMOTE_ADDR": source})


def test_every_address_of_the_page_is_below_the_path(client: FlaskClient) -> None:
    """Scripts, styles and the document; what stands there without it would be asked of Home Assistant."""
    page = ask(client, "/api/docs").text
    assert f'data-spec="{PATH}/apispec.json"' in page
    assert f'src="{PATH}/api/docs/static/docs.js"' in page
    assert [
        found for found in re.findall('(?:src|href|data-spec)="(/[^"]*)"', page) if not found.startswith(PATH)
    ] == []
    assert f'href="{PATH}/api/docs"' in ask(client, "/api/docs/errors").text


def test_the_document_names_the_path(client: FlaskClient) -> None:
    """As the place of the API, for whom it was fetched below it and for nobody else; each with an ETag of its own."""
    told = [ask(client, "/apispec.json", source, Host="192.0.2.1") for source in (SUPERVISOR, "172.30.33.5")]
    servers = [answer.json["servers"] for answer in told if answer.json is not None]
    assert [server["url"] for one in servers for server in one] == [f"{PATH}/", "/"]
    assert told[0].headers["ETag"] != told[1].headers["ETag"]


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/errors", ZONE])
def test_home_assistant_may_frame_it(client: FlaskClient, path: str) -> None:
    """Its own page, which has the same origin, and nobody else's."""
    headers = ask(client, path).headers
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_its_user_may_command(client: FlaskClient) -> None:
    """Without a key, over https too, and the receipt is found below the path; what needs admin is still refused."""
    same = {"Origin": "https://home.example:8123", "X_Forwarded_Proto": "https"}
    answer = ask(client, ZONE, method="PATCH", **same)
    assert answer.status_code == 202
    assert answer.headers["Location"].startswith(f"{PATH}/api/v1/commands/")
    assert ask(client, "/api/v1/diagnostics", method="DELETE", **same).status_code == 403


def test_a_foreign_page_may_not(client: FlaskClient) -> None:
    """The browser of somebody who is logged in to Home Assistant sends the foreign page's origin along."""
    assert ask(client, ZONE, method="PATCH", Origin="https://evil.example").status_code == 403


def test_from_anybody_else_the_header_counts_for_nothing(client: FlaskClient) -> None:
    """Not for the name, not for the path, not for trust, not for the frame."""
    other = "172.30.33.5"
    assert ask(client, ZONE, other).status_code == 421
    assert ask(client, ZONE, other, Host="192.0.2.1").status_code == 401
    answer = ask(client, "/api/docs", other, Host="192.0.2.1")
    assert PATH not in answer.text
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["", "/a b", "//evil.example", '/x"><script>', "https://evil.example", "/" + "a/" * 9])
def test_what_is_no_path_counts_for_nothing(client: FlaskClient, path: str) -> None:
    """Whoever speaks through Supervisor writes into no page of ours."""
    assert ask(client, "/api/docs", X_Ingress_Path=path, Host="192.0.2.1").headers["X-Frame-Options"] == "DENY"
