"""The doctor: what is wrong on the bus, in plain words."""

from __future__ import annotations

from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.doctor import Diagnosis
from neasmart_gateway.errors import DaemonAway


class BusDoctor(Resource):
    """Findings, the worst first; none when nothing is wrong."""

    @described(refuses=(DaemonAway,))
    def get(self) -> Diagnosis:
        return Diagnosis.of(self.manager.diagnosis())


ROUTES: Routes = {"/bus/doctor": BusDoctor}
