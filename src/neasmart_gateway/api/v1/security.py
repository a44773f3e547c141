"""What the guards have counted."""

from __future__ import annotations

from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.security import SecurityStats


class SecurityStatistics(Resource):
    """Signatures, keys, tickets and limits, counted over all workers since the gateway started."""

    def get(self) -> SecurityStats:
        return SecurityStats.of(self.access.tally.read())


ROUTES: Routes = {"/security/stats": SecurityStatistics}
