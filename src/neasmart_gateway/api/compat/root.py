"""The root routes, as the integration of the MatteoManzoni gateway calls them. A command is 202 without a body."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Response

from neasmart_gateway.api import tracing
from neasmart_gateway.api.compat.contracts import ROOT
from neasmart_gateway.api.compat.root_models import (
    RootDehumidifier,
    RootMixedGroup,
    RootMode,
    RootModeChange,
    RootNotifications,
    RootOutside,
    RootPump,
    RootState,
    RootStateChange,
    RootZone,
    RootZoneChange,
)
from neasmart_gateway.api.described import View, described
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.schema import Body
from neasmart_gateway.api.v1.accepted import VIA
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict, DaemonAway, NotDurable, NotFound

_ACCEPTED = {202: "Accepted. What became of it stands in /api/v1/commands."}
_look = described(speaks=ROOT, tells=ROOT.tells)
_look_up = described(speaks=ROOT, tells=ROOT.tells, refuses=(NotFound,))


def _command(takes: type[Body], *, critical: bool = False) -> Callable[[View], View]:
    return described(
        takes=takes, answers=_ACCEPTED, refuses=(NotFound, Conflict, DaemonAway, NotDurable), tells=ROOT.tells,
        critical=critical, speaks=ROOT,
    )  # fmt: skip


class RootResource(Resource):
    """A resource at the root; query parameters are ignored."""

    query = None

    def asked(self, intentions: list[Intention]) -> Response:
        """Hand a command over; patiently, because a refusal would take the whole house off the screen."""
        receipt = self.manager.submit(intentions, VIA, caller().who, patient=True)
        tracing.note(command_id=receipt["id"])
        response = Response(status=HTTPStatus.ACCEPTED)
        del response.headers["Content-Type"]
        return response


class RootOneZone(RootResource):
    """One zone, whether anything is known of it or not."""

    @_look_up
    def get(self, base: int, zone: int) -> RootZone:
        return RootZone.of(self.manager.zone(ZoneRef(base, zone)))

    @_command(RootZoneChange)
    def post(self, base: int, zone: int, wanted: RootZoneChange) -> Response:
        """Ask for a state, a setpoint, or both."""
        return self.asked(wanted.intentions(ZoneRef(base, zone), self.manager.house.allowed))


class RootPlantMode(RootResource):
    """The operating mode of the plant."""

    @_look
    def get(self) -> RootMode:
        return RootMode.of(self.manager.unit("operation"))

    @_command(RootModeChange, critical=True)
    def post(self, wanted: RootModeChange) -> Response:
        """Ask for a mode of the plant."""
        return self.asked(wanted.intentions())


class RootPlantState(RootResource):
    """The operating state of the plant."""

    @_look
    def get(self) -> RootState:
        return RootState.of(self.manager.unit("operation"))

    @_command(RootStateChange, critical=True)
    def post(self, wanted: RootStateChange) -> Response:
        """Ask for a state of the plant."""
        return self.asked(wanted.intentions())


class RootOutsideTemperature(RootResource):
    """The weather."""

    @_look
    def get(self) -> RootOutside:
        return RootOutside.of(self.manager.unit("outside"))


class RootPlantNotifications(RootResource):
    """Whether the base station has something to say."""

    @_look
    def get(self) -> RootNotifications:
        return RootNotifications.of(self.manager.unit("notifications"))


class RootOneMixedGroup(RootResource):
    """A mixing circuit, 1 to 3."""

    @_look_up
    def get(self, number: int) -> RootMixedGroup:
        return RootMixedGroup.of(self.manager.unit("mixed_group", number))


class RootOneDehumidifier(RootResource):
    """A dehumidifier, 1 to 9."""

    @_look_up
    def get(self, number: int) -> RootDehumidifier:
        return RootDehumidifier.of(self.manager.unit("dehumidifier", number))


class RootOnePump(RootResource):
    """An extra pump, 1 to 5."""

    @_look_up
    def get(self, number: int) -> RootPump:
        return RootPump.of(self.manager.unit("pump", number))


ROUTES: Routes = {
    "/zones/<digits:base>/<digits:zone>": RootOneZone,
    "/mode": RootPlantMode,
    "/state": RootPlantState,
    "/outsidetemperature": RootOutsideTemperature,
    "/notifications": RootPlantNotifications,
    "/mixedgroups/<digits:number>": RootOneMixedGroup,
    "/dehumidifiers/<digits:number>": RootOneDehumidifier,
    "/pumps/<digits:number>": RootOnePump,
}
