"""Zones: read them, change them, let go of them."""

from __future__ import annotations

from http import HTTPStatus

from neasmart_gateway.api.body import read_body, read_query
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.security import caller
from neasmart_gateway.api.v1.accepted import VIA, Accepted, submitted
from neasmart_gateway.api.v1.models.commands import Released
from neasmart_gateway.api.v1.models.zones import Zone, ZoneChange, ZoneFilter, Zones
from neasmart_gateway.domain.zones import ZoneRef


class AllZones(Resource):
    """Every zone that is configured or was heard of."""

    query = ZoneFilter

    def get(self) -> Zones:
        wanted = read_query(ZoneFilter)
        return Zones.of([view for view in self.manager.zones() if wanted.admits(view)])


class OneZone(Resource):
    """One zone, whether anything is known of it or not."""

    def get(self, base: int, zone: int) -> Zone:
        return Zone.of(self.manager.zone(ZoneRef(base, zone)))

    def patch(self, base: int, zone: int) -> Accepted:
        ref, allowed = ZoneRef(base, zone), self.manager.house.allowed
        change = read_body(ZoneChange, {"allowed": allowed})
        return submitted(self.manager, change.intentions(ref, allowed))


class Release(Resource):
    """Withdraws our words from a zone."""

    def post(self, base: int, zone: int) -> tuple[Released, int]:
        released = self.manager.release(ZoneRef(base, zone), VIA, caller())
        return Released.model_validate(released), HTTPStatus.ACCEPTED


ROUTES: Routes = {
    "/zones": AllZones,
    "/zones/<number:base>/<number:zone>": OneZone,
    "/zones/<number:base>/<number:zone>/release": Release,
}
