"""The house as it was learned from the bus."""

from __future__ import annotations

from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.topology import Topology


class LearnedTopology(Resource):
    """What the base station has ever spoken of, and what of it has gone silent."""

    def get(self) -> Topology:
        return Topology.of(self.manager.topology())


ROUTES: Routes = {"/topology": LearnedTopology}
