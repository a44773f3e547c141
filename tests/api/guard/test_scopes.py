"""Every route and every scope: what each may do, tested in full."""

import re
from ipaddress import ip_network
from itertools import product

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.described import METHODS
from neasmart_gateway.api.guard.keys import Key, make_key
from neasmart_gateway.api.scopes import Scope
from tests.api.serving import client_of
from tests.manager.served import Served

OPEN, READ, CONTROL, ADMIN = None, Scope.READ, Scope.CONTROL, Scope.ADMIN

TABLE: dict[tuple[str, str], Scope | None] = {
    ("GET", "/health"): READ,
    ("GET", "/metrics"): READ,
    ("GET", "/health/live"): OPEN,
    ("GET", "/health/ready"): OPEN,
    ("GET", "/api/docs"): OPEN,
    ("GET", "/api/docs/errors"): OPEN,
    ("GET", "/api/docs/static/<filename>"): OPEN,
    ("GET", "/apispec.json"): OPEN,
    ("GET", "/api/v1/audit"): READ,
    ("GET", "/api/v1/bus"): READ,
    ("GET", "/api/v1/bus/doctor"): READ,
    ("GET", "/api/v1/bus/frames"): READ,
    ("GET", "/api/v1/commands"): READ,
    ("GET", "/api/v1/commands/<command_id>"): READ,
    ("DELETE", "/api/v1/commands/<command_id>"): CONTROL,
    ("GET", "/api/v1/condensation"): READ,
    ("GET", "/api/v1/dehumidifiers"): READ,
    ("GET", "/api/v1/dehumidifiers/<number:number>"): READ,
    ("GET", "/api/v1/diagnostics"): READ,
    ("DELETE", "/api/v1/diagnostics"): ADMIN,
    ("GET", "/api/v1/diagnostics/<component>"): READ,
    ("DELETE", "/api/v1/diagnostics/<component>"): ADMIN,
    ("GET", "/api/v1/faults"): ADMIN,
    ("POST", "/api/v1/faults"): ADMIN,
    ("DELETE", "/api/v1/faults"): ADMIN,
    ("GET", "/api/v1/faults/<kind>"): ADMIN,
    ("POST", "/api/v1/faults/<kind>"): ADMIN,
    ("DELETE", "/api/v1/faults/<kind>"): ADMIN,
    ("GET", "/api/v1/events"): READ,
    ("GET", "/api/v1/health"): READ,
    ("GET", "/api/v1/history"): READ,
    ("GET", "/api/v1/mixed-groups"): READ,
    ("GET", "/api/v1/mixed-groups/<number:number>"): READ,
    ("GET", "/api/v1/notifications"): READ,
    ("GET", "/api/v1/operation"): READ,
    ("PATCH", "/api/v1/operation"): CONTROL,
    ("GET", "/api/v1/outside-temperature"): READ,
    ("GET", "/api/v1/pumps"): READ,
    ("GET", "/api/v1/pumps/<number:number>"): READ,
    ("GET", "/api/v1/registers"): READ,
    ("GET", "/api/v1/security/stats"): READ,
    ("GET", "/api/v1/snapshot"): READ,
    ("POST", "/api/v1/tickets"): READ,
    ("GET", "/api/v1/topology"): READ,
    ("GET", "/api/v1/zones"): READ,
    ("GET", "/api/v1/zones/<number:base>/<number:zone>"): READ,
    ("PATCH", "/api/v1/zones/<number:base>/<number:zone>"): CONTROL,
    ("POST", "/api/v1/zones/<number:base>/<number:zone>/release"): CONTROL,
    ("GET", "/api/v1/zones/<number:base>/<number:zone>/history"): READ,
    ("GET", "/api/v1/zones/<number:base>/<number:zone>/timeline"): READ,
    ("GET", "/mode"): READ,
    ("POST", "/mode"): CONTROL,
    ("GET", "/state"): READ,
    ("POST", "/state"): CONTROL,
    ("GET", "/zones/<digits:base>/<digits:zone>"): READ,
    ("POST", "/zones/<digits:base>/<digits:zone>"): CONTROL,
    ("GET", "/outsidetemperature"): READ,
    ("GET", "/notifications"): READ,
    ("GET", "/mixedgroups/<digits:number>"): READ,
    ("GET", "/dehumidifiers/<digits:number>"): READ,
    ("GET", "/pumps/<digits:number>"): READ,
    ("GET", "/api/mode"): READ,
    ("POST", "/api/mode"): CONTROL,
    ("GET", "/api/state"): READ,
    ("POST", "/api/state"): CONTROL,
    ("GET", "/api/zones/<digits:base>/<digits:zone>"): READ,
    ("POST", "/api/zones/<digits:base>/<digits:zone>"): CONTROL,
    ("GET", "/api/v2/operation/mode"): READ,
    ("POST", "/api/v2/operation/mode"): CONTROL,
    ("GET", "/api/v2/operation/state"): READ,
    ("POST", "/api/v2/operation/state"): CONTROL,
    ("GET", "/api/outsidetemperature"): READ,
    ("GET", "/api/notifications"): READ,
    ("GET", "/api/mixedgroups/<digits:number>"): READ,
    ("GET", "/api/dehumidifiers/<digits:number>"): READ,
    ("GET", "/api/pumps/<digits:number>"): READ,
    ("GET", "/api/health"): READ,
    ("GET", "/api/zones"): READ,
}
"""What it takes, by method and route."""

MADE = {scope: make_key(scope.label) for scope in (READ, CONTROL, ADMIN)}
KEYS = tuple(Key(scope.label, scope, made.hashed) for scope, made in MADE.items())
CALLERS: dict[str, tuple[Scope, dict[str, str], str]] = {
    "stranger": (Scope.NOTHING, {}, "203.0.113.5"),
    "trusted": (CONTROL, {}, "127.0.0.1"),
    **{scope.label: (scope, {"X-API-Key": made.key}, "203.0.113.5") for scope, made in MADE.items()},
}


@pytest.fixture(scope="module")
def guarded(idle: Served) -> FlaskClient:
    """A client of an API with a key for each scope."""
    return client_of(idle, enable_auth=True, keys=KEYS, trusted_clients=(ip_network("127.0.0.0/8"),))


def test_the_table_is_complete(guarded: FlaskClient) -> None:
    """Each route and method of the application stands in it, and nothing else."""
    rules = guarded.application.url_map.iter_rules()
    there = {(method, rule.rule) for rule in rules for method in (rule.methods or ()) if method in METHODS}
    assert there == set(TABLE)


@pytest.mark.parametrize(("method", "rule", "name"), [(*wanted, name) for wanted, name in product(TABLE, CALLERS)])
def test_each_scope_on_each_route(guarded: FlaskClient, method: str, rule: str, name: str) -> None:
    """401 for strangers, 403 for a scope that does not reach; else the request is heard, however it ends."""
    has, headers, address = CALLERS[name]
    path = re.sub(r"<[^>]*>", "1", rule)
    answer = guarded.open(path, method=method, json={}, headers=headers, environ_overrides={"REMOTE_ADDR": address})
    needed = TABLE[method, rule]
    if needed is None or has >= needed:
        assert answer.status_code not in (401, 403)
    else:
        assert answer.status_code == (401 if has is Scope.NOTHING else 403)


@pytest.mark.parametrize("name", CALLERS)
@pytest.mark.parametrize("method", ["GET", "PATCH", "BREW"])
def test_a_path_that_does_not_exist_needs_to_read(guarded: FlaskClient, name: str, method: str) -> None:
    """401 without a key; with any key 404, and nothing to learn."""
    has, headers, address = CALLERS[name]
    answer = guarded.open("/no/such", method=method, headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == (404 if has else 401)
