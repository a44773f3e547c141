"""The operating mode and state of the plant as a whole."""

from __future__ import annotations

from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.accepted import Accepted, command, submitted
from neasmart_gateway.api.v1.models.operation import Operation, OperationChange


class PlantOperation(Resource):
    """How the whole plant is run."""

    def get(self) -> Operation:
        return Operation.of(self.manager.unit("operation"))

    @command(takes=OperationChange, critical=True)
    def patch(self, wanted: OperationChange) -> Accepted:
        """Ask for a mode, a state, or both, for the whole plant."""
        return submitted(self.manager, wanted.intentions())


ROUTES: Routes = {"/operation": PlantOperation}
