"""The whole house in one answer, which callers may keep and ask about."""

from __future__ import annotations

from neasmart_gateway.api.described import described
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.revalidation import Revalidated, Shelf
from neasmart_gateway.api.v1.models.snapshot import Snapshot
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager
from neasmart_gateway.manager.snapshot import Edition

BUS_AGE = "X-Neasmart-Bus-Age-Seconds"


class WholeHouse(Resource):
    """Zones, plant and a summary of health."""

    def __init__(self, manager: ModbusManager, access: Access, options: ApiOptions) -> None:
        super().__init__(manager, access, options)
        self._shelf = Shelf[Snapshot](manager)

    @described(
        answers={200: "The house as it is.", 304: "It is as the caller knows it (If-None-Match)."},
        reads=("If-None-Match",),
        tells=("ETag", BUS_AGE),
    )
    def get(self) -> Revalidated[Snapshot]:
        return self._shelf.of("house", self._made, self._age)

    def _made(self) -> tuple[Snapshot, Edition | None]:
        found = self.manager.snapshot()
        return Snapshot.of(found), found.edition

    def _age(self) -> dict[str, str]:
        age = self.manager.bus_write().age
        return {} if age is None else {BUS_AGE: f"{age:.3f}"}


ROUTES: Routes = {"/snapshot": WholeHouse}
