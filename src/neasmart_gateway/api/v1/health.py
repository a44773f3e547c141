"""The full report of how the gateway is."""

from __future__ import annotations

from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.health import HealthReport


class FullHealth(Resource):
    """Always 200 while somebody can answer; the verdict is in `condition`."""

    @described(unlimited=True)
    def get(self) -> HealthReport:
        return HealthReport.of(self.manager.health(), self.options.version, self.access.clients.read())


ROUTES: Routes = {"/health": FullHealth}
