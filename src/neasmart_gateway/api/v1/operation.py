"""The operating mode and state of the plant as a whole."""

from __future__ import annotations

from neasmart_gateway.api.body import read_body
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.accepted import Accepted, submitted
from neasmart_gateway.api.v1.models.operation import Operation, OperationChange


class PlantOperation(Resource):
    """How the whole plant is run."""

    def get(self) -> Operation:
        return Operation.of(self.manager.unit("operation"))

    def patch(self) -> Accepted:
        return submitted(self.manager, read_body(OperationChange).intentions())


ROUTES: Routes = {"/operation": PlantOperation}
