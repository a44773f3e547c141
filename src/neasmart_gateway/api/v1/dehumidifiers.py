"""Dehumidifiers that the base station switches."""

from __future__ import annotations

from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.plant import Dehumidifier, Dehumidifiers
from neasmart_gateway.errors import NotFound


class AllDehumidifiers(Resource):
    """All nine."""

    def get(self) -> Dehumidifiers:
        return Dehumidifiers.of(self.manager.units("dehumidifier"))


class OneDehumidifier(Resource):
    """One by its number."""

    @described(refuses=(NotFound,))
    def get(self, number: int) -> Dehumidifier:
        return Dehumidifier.of(self.manager.unit("dehumidifier", number))


ROUTES: Routes = {"/dehumidifiers": AllDehumidifiers, "/dehumidifiers/<number:number>": OneDehumidifier}
