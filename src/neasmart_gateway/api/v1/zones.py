"""Zones: read them, change them, let go of them."""

from __future__ import annotations

from http import HTTPStatus

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.accepted import VIA, Accepted, command, submitted
from neasmart_gateway.api.v1.models.commands import Released
from neasmart_gateway.api.v1.models.zones import Zone, ZoneChange, ZoneFilter, Zones
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict, DaemonAway, NotFound


class AllZones(Resource):
    """Every zone that is configured or was heard of."""

    query = ZoneFilter

    def get(self) -> Zones:
        wanted = read_query(ZoneFilter)
        return Zones.of([view for view in self.manager.zones() if wanted.admits(view)])


class OneZone(Resource):
    """One zone, whether anything is known of it or not."""

    @described(refuses=(NotFound,))
    def get(self, base: int, zone: int) -> Zone:
        return Zone.of(self.manager.zone(ZoneRef(base, zone)))

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
