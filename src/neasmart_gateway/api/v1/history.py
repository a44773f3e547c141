"""Who changed what: the audit, and the timeline of a zone."""

from __future__ import annotations

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.history import Audit, AuditQuery, TimelineQuery
from neasmart_gateway.api.v1.models.timeline import Timeline
from neasmart_gateway.domain.zones import ZoneRef


class AuditTrail(Resource):
    """Every change of a command register, newest first."""

    query = AuditQuery

    def get(self) -> Audit:
        wanted = read_query(AuditQuery)
        return Audit.of(self.manager.audit(wanted.wanted()), wanted.limit)


class ZoneTimeline(Resource):
    """What happened to one zone: changes, and how commands ended; newest first."""

    query = TimelineQuery

    def get(self, base: int, zone: int) -> Timeline:
        ref = ZoneRef(base, zone)
        wanted = read_query(TimelineQuery).wanted(ref)
        changes = self.manager.audit(wanted)
        return Timeline.of(ref, changes, self.manager.commands(wanted), wanted.limit)


ROUTES: Routes = {"/audit": AuditTrail, "/zones/<number:base>/<number:zone>/timeline": ZoneTimeline}
