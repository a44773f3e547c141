"""The whole house in one answer, which callers may keep and ask about."""

from __future__ import annotations

from neasmart_gateway.api.described import described
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.revalidation import Rendered, Revalidated
from neasmart_gateway.api.v1.models.snapshot import Snapshot
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager
from neasmart_gateway.manager.snapshot import Edition

BUS_AGE = "X-Neasmart-Bus-Age-Seconds"


class WholeHouse(Resource):
    """Zones, plant and a summary of health. Rendered once for all who ask while nothing changes."""

    def __init__(self, manager: ModbusManager, access: Access, options: ApiOptions) -> None:
        super().__init__(manager, access, options)
        self._kept: tuple[Edition, Rendered[Snapshot]] | None = None

    @described(
        answers={200: "The house as it is.", 304: "It is as the caller knows it (If-None-Match)."},
        reads=("If-None-Match",),
        tells=("ETag", BUS_AGE),
    )
    def get(self) -> Revalidated[Snapshot]:
        age = self.manager.bus_write().age
        return Revalidated(self._rendered(), {} if age is None else {BUS_AGE: f"{age:.3f}"})

    def _rendered(self) -> Rendered[Snapshot]:
        if self._kept is not None and self.manager.still_holds(self._kept[0]):
            return self._kept[1]
        found = self.manager.snapshot()
        rendered = Rendered.of(Snapshot.of(found))
        self._kept = None if found.edition is None else (found.edition, rendered)
        return rendered


ROUTES: Routes = {"/snapshot": WholeHouse}
