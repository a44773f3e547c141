"""The health paths at the root: for the older integration, and for watchdogs."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint

from neasmart_gateway.api.compat.contracts import ROOT
from neasmart_gateway.api.contract import CONTRACT, contract_headers
from neasmart_gateway.api.described import described
from neasmart_gateway.api.health_models import Live, Ready, RootHealth
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.resource import Resource, Routes, collected
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager


class Health(Resource):
    """For the older integration: always 200 while the process lives."""

    query = None

    @described(unlimited=True, tells=CONTRACT, speaks=ROOT)
    def get(self) -> tuple[RootHealth, int, dict[str, str]]:
        headers = contract_headers(self.manager.bus_write(), self.options)
        return RootHealth.of(self.manager.health(), self.options), HTTPStatus.OK, headers


class Liveness(Resource):
    """Whether this worker answers at all."""

    query = None

    @described(open_to_all=True, unlimited=True)
    def get(self) -> Live:
        return Live()


class Readiness(Resource):
    """Whether the whole gateway is up."""

    query = None

    @described(answers={200: "The gateway is ready.", 503: "It is not yet, and why."}, open_to_all=True, unlimited=True)
    def get(self) -> tuple[Ready, int]:
        answer = Ready.of(self.manager.health())
        return answer, HTTPStatus.OK if answer.ready else HTTPStatus.SERVICE_UNAVAILABLE


ROUTES: Routes = {"/health": Health, "/health/live": Liveness, "/health/ready": Readiness}


def health_blueprint(manager: ModbusManager, access: Access, options: ApiOptions) -> Blueprint:
    """Return the health paths."""
    return collected("health", ROUTES, manager, access, options)
