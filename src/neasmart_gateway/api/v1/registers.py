"""Raw registers, for whoever wants to look behind the names."""

from __future__ import annotations

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.registers import RegisterRange, Registers


class RawRegisters(Resource):
    """Consecutive holding registers."""

    query = RegisterRange

    def get(self) -> Registers:
        wanted = read_query(RegisterRange)
        return Registers.of(self.manager.registers(wanted.start, wanted.available))


ROUTES: Routes = {"/registers": RawRegisters}
