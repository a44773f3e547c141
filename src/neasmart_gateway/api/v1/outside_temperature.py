"""The outside temperature."""

from __future__ import annotations

from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.plant import OutsideTemperature


class Outside(Resource):
    """The weather, as the base station's sensor has it."""

    def get(self) -> OutsideTemperature:
        return OutsideTemperature.of(self.manager.unit("outside"))


ROUTES: Routes = {"/outside-temperature": Outside}
