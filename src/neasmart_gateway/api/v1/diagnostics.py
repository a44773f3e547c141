"""Diagnostics: the last noteworthy events of each component."""

from __future__ import annotations

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.api.v1.models.diagnostics import Cleared, ComponentEvents, Diagnostics, EventQuery
from neasmart_gateway.errors import DaemonAway, NotFound

_CLEARED = {200: "Forgotten; how many of each component."}


class AllDiagnostics(Resource):
    """How many events of each level every component has kept, and the last one of each."""

    @described(refuses=(DaemonAway,))
    def get(self) -> Diagnostics:
        return Diagnostics.of(self.manager.diagnostics.summary())

    @described(answers=_CLEARED, refuses=(DaemonAway,), scope=Scope.ADMIN, critical=True)
    def delete(self) -> Cleared:
        """Forget all events, in memory and in files; the log keeps who has done so."""
        return Cleared.of(self.manager.diagnostics.clear(None, caller().who))


class ComponentDiagnostics(Resource):
    """The last 100 noteworthy events of one component, newest first; what repeats itself is counted."""

    query = EventQuery

    @described(refuses=(NotFound, DaemonAway))
    def get(self, component: str) -> ComponentEvents:
        return ComponentEvents.of(self.manager.diagnostics.events(component, read_query(EventQuery).limit))

    @described(answers=_CLEARED, refuses=(NotFound, DaemonAway), scope=Scope.ADMIN, critical=True)
    def delete(self, component: str) -> Cleared:
        """Forget the events of one component, in memory and in files; the log keeps who has done so."""
        return Cleared.of(self.manager.diagnostics.clear(component, caller().who))


ROUTES: Routes = {"/diagnostics": AllDiagnostics, "/diagnostics/<component>": ComponentDiagnostics}
