"""Who changed what: the audit, and the timeline of a zone."""

from __future__ import annotations

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.history import Audit, AuditQuery, TimelineQuery
from neasmart_gateway.api.v1.models.timeline import Timeline
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import NotFound, StoreError


class AuditTrail(Resource):
    """Every change of a command register, newest first."""

    query = AuditQuery

    @described(refuses=(StoreError,))
    def get(self) -> Audit:
        return Audit.of(self.manager.audit(read_query(AuditQuery).wanted()))


class ZoneTimeline(Resource):
    """What happened to one zone: changes, and how commands ended; newest first."""

    query = TimelineQuery

    @described(refuses=(NotFound, StoreError))
    def get(self, base: int, zone: int) -> Timeline:
        ref = ZoneRef(base, zone)
        return Timeline.of(ref, self.manager.timeline(read_query(TimelineQuery).wanted(ref)))


ROUTES: Routes = {"/audit": AuditTrail, "/zones/<number:base>/<number:zone>/timeline": ZoneTimeline}
