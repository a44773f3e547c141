"""Extra pumps that the base station switches."""

from __future__ import annotations

from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.plant import Pump, Pumps
from neasmart_gateway.errors import NotFound


class AllPumps(Resource):
    """All five."""

    def get(self) -> Pumps:
        return Pumps.of(self.manager.units("pump"))


class OnePump(Resource):
    """One by its number."""

    @described(refuses=(NotFound,))
    def get(self, number: int) -> Pump:
        return Pump.of(self.manager.unit("pump", number))


ROUTES: Routes = {"/pumps": AllPumps, "/pumps/<number:number>": OnePump}
