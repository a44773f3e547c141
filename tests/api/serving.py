"""Builds applications for the tests, and reads problems."""

from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neasmart_gateway.api.app import Means, create_app
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.bus.meter import VERDICTS
from neasmart_gateway.metrics.damp import Dampness
from neasmart_gateway.metrics.exposition import Metrics
from neasmart_gateway.metrics.gateway import GatewayItself
from neasmart_gateway.metrics.house import House
from neasmart_gateway.metrics.requests import Requests
from tests.desk.gateway import UNIX_START
from tests.manager.served import STRUCTURES, Served

OPTIONS = ApiOptions(version="1.2.3", reads_per_minute=1_000_000, commands_per_minute=1_000_000)
ZONE = "/api/v1/zones/1/1"

GETS = [
    "/api/v1/zones",
    ZONE,
    "/api/v1/zones/5/12",
    "/api/v1/operation",
    "/api/v1/outside-temperature",
    "/api/v1/notifications",
    "/api/v1/mixed-groups",
    "/api/v1/mixed-groups/3",
    "/api/v1/pumps",
    "/api/v1/pumps/5",
    "/api/v1/dehumidifiers",
    "/api/v1/dehumidifiers/9",
    "/api/v1/condensation",
    "/api/v1/registers",
    "/api/v1/topology",
    "/api/v1/health",
    "/api/v1/snapshot",
    "/health",
    "/health/live",
    "/health/ready",
]
"""Everything of our own that can be read without knowing a command's id."""

OLDER_GETS = [
    "/zones/1/1",
    "/mode",
    "/state",
    "/outsidetemperature",
    "/notifications",
    "/mixedgroups/3",
    "/dehumidifiers/9",
    "/pumps/5",
    "/api/zones",
    "/api/zones/1/1",
    "/api/mode",
    "/api/v2/operation/mode",
    "/api/state",
    "/api/v2/operation/state",
    "/api/outsidetemperature",
    "/api/notifications",
    "/api/mixedgroups/3",
    "/api/dehumidifiers/9",
    "/api/pumps/5",
    "/api/health",
]
"""The same of the older gateways' routes."""


MEANS = Means(offload=lambda work, arguments: work(*arguments), sleep=lambda seconds: None, clock=lambda: UNIX_START)


def client_of(served: Served, means: Means = MEANS, **options: object) -> FlaskClient:
    """A client of a gateway's API; options as of ApiOptions."""
    applied = replace(OPTIONS, **options)
    return create_app(served.manager, served.access, applied, means, metrics_of(served)).test_client()


def metrics_of(served: Served) -> Metrics:
    """The metrics of one worker that is alone."""
    freshness = served.freshness
    house = House(served.memory, STRUCTURES, freshness)
    gateway = GatewayItself(served.memory, freshness, "1.2.3", ["tcp"], VERDICTS)
    damp = Dampness(lambda: served.manager.condensation().told)
    return Metrics(Requests(), (house.sheet, gateway.sheet, damp.sheet))


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Hold that an answer is a problem of this kind, complete and of the right type; return it."""
    found: dict[str, Any] = answer.get_json(force=True)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert set(found) == {"type", "title", "status", "detail", "instance", "request_id", "errors"}
    assert (found["type"], found["status"]) == (f"/api/docs/errors#{code}", status)
    assert found["request_id"] == answer.headers["X-Request-ID"]
    assert found["title"]
    assert found["detail"]
    return found


def faults(answer: TestResponse, status: int, code: str) -> dict[str, str]:
    """The fields that a problem names, each with what is wrong with it."""
    return {error["field"]: error["message"] for error in problem(answer, status, code)["errors"]}
