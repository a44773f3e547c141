"""The pages of the documentation: offline, under a strict policy, open to everybody."""

import re

import pytest
from flask.testing import FlaskClient

from tests.api.serving import GETS, ZONE, client_of
from tests.manager.served import Served

PAGES = ["/api/docs", "/api/docs/", "/api/docs/errors"]
FILES = ["docs.css", "docs.js", "swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    """Every link and script is ours and there; no script or style stands in the page itself."""
    page = client.get(path)
    links = re.findall(r'(?:href|src|data-spec)="([^"]*)"', page.text)
    assert links
    assert all(client.get(link, buffered=True).status_code == 200 for link in links), links
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|https?://|\bon[a-z]+=", page.text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_a_strict_policy(client: FlaskClient, path: str) -> None:
    """Nothing inline, nothing foreign, no frame."""
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", [*GETS, "/apispec.json", "/no/such/path"])
def test_an_answer_that_is_no_page_may_load_nothing(client: FlaskClient, path: str) -> None:
    """Should a browser ever take it for one."""
    policy = client.get(path).headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("path", [*PAGES, "/apispec.json", *(f"/api/docs/static/{name}" for name in FILES)])
def test_documentation_needs_no_key(served: Served, path: str) -> None:
    """It says nothing of the house."""
    client = client_of(served, enable_auth=True, key="k")
    assert client.get(path, buffered=True, environ_overrides={"REMOTE_ADDR": "203.0.113.5"}).status_code == 200


@pytest.mark.parametrize("path", [ZONE, "/api/docs/none", "/api/docs/static", "/api/docs/../v1/zones"])
def test_what_is_no_documentation_needs_one(served: Served, path: str) -> None:
    """What counts is the endpoint that was found, not how a path begins."""
    client = client_of(served, enable_auth=True, key="k")
    assert client.get(path, buffered=True, environ_overrides={"REMOTE_ADDR": "203.0.113.5"}).status_code == 401


@pytest.mark.parametrize("path", ["/apispec.json", "/api/docs/static/swagger-ui-bundle.js"])
def test_what_a_browser_has_is_not_sent_again(client: FlaskClient, path: str) -> None:
    """304 for its ETag, the whole for another one."""
    etag = client.get(path, buffered=True).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"other"'}, buffered=True).status_code == 200


@pytest.mark.parametrize("name", ["swagger-ui.js", "index.html", "..%2fsite.py", "docs.css.map", "lib"])
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    """Neither flasgger's leftovers nor anything beside them."""
    assert client.get(f"/api/docs/static/{name}").status_code == 404
