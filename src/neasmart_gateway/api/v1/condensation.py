"""The condensation guard: advice on how far the cooling water is from each room's dew point."""

from __future__ import annotations

from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.condensation import Condensation


class CondensationAdvice(Resource):
    """Dew points, margins and what they mean. Nothing is ever commanded because of them."""

    @described(answers={200: "What can be told; what cannot is null and says why."})
    def get(self) -> Condensation:
        return Condensation.of(self.manager.condensation())


ROUTES: Routes = {"/condensation": CondensationAdvice}
