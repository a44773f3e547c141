"""Zones: read them, change them, let go of them."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.revalidation import Revalidated, Shelf
from neasmart_gateway.api.v1.accepted import VIA, Accepted, command, submitted
from neasmart_gateway.api.v1.models.commands import Released
from neasmart_gateway.api.v1.models.zones import Zone, ZoneChange, ZoneFilter, Zones
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict, DaemonAway, NotFound
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager
from neasmart_gateway.manager.snapshot import Edition


class AllZones(Resource):
    """Every zone that is configured or was heard of."""

    query = ZoneFilter

    def __init__(self, manager: ModbusManager, access: Access, options: ApiOptions) -> None:
        super().__init__(manager, access, options)
        self._shelf = Shelf[Zones](manager)

    @described(
        answers={200: "The zones as they are.", 304: "They are as the caller knows them (If-None-Match)."},
        reads=("If-None-Match",),
        tells=("ETag",),
    )
    def get(self) -> Revalidated[Zones]:
        wanted = read_query(ZoneFilter)
        return self._shelf.of((wanted.base, wanted.stale), partial(self._made, wanted))

    def _made(self, wanted: ZoneFilter) -> tuple[Zones, Edition | None]:
        views, edition = self.manager.edited(self.manager.zones)
        return Zones.of([view for view in views if wanted.admits(view)]), edition


class OneZone(Resource):
    """One zone, whether anything is known of it or not."""

    def __init__(self, manager: ModbusManager, access: Access, options: ApiOptions) -> None:
        super().__init__(manager, access, options)
        self._shelf = Shelf[Zone](manager)

    @described(
        answers={200: "The zone as it is.", 304: "It is as the caller knows it (If-None-Match)."},
        reads=("If-None-Match",),
        tells=("ETag",),
        refuses=(NotFound,),
    )
    def get(self, base: int, zone: int) -> Revalidated[Zone]:
        ref = ZoneRef(base, zone)
        return self._shelf.of(ref, partial(self._made, ref))

    def _made(self, ref: ZoneRef) -> tuple[Zone, Edition | None]:
        (view,), edition = self.manager.edited(lambda: [self.manager.zone(ref)])
        return Zone.of(view), edition

    @command(takes=ZoneChange)
    def patch(self, base: int, zone: int, wanted: ZoneChange) -> Accepted:
        """Ask for a state, a setpoint, or both."""
        return submitted(self.manager, wanted.intentions(ZoneRef(base, zone), self.manager.house.allowed))


class Release(Resource):
    """Withdraws our words from a zone."""

    @described(answers={202: "Done; which commands that has ended."}, refuses=(NotFound, Conflict, DaemonAway))
    def post(self, base: int, zone: int) -> tuple[Released, int]:
        released = self.manager.release(ZoneRef(base, zone), VIA, caller().who)
        return Released.model_validate(released), HTTPStatus.ACCEPTED


ROUTES: Routes = {
    "/zones": AllZones,
    "/zones/<number:base>/<number:zone>": OneZone,
    "/zones/<number:base>/<number:zone>/release": Release,
}
