"""The `/api` routes, as the integration of the giacomoalonzi gateway calls them; doubled slashes do not matter."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from neasmart_gateway.api import tracing
from neasmart_gateway.api.compat import current
from neasmart_gateway.api.compat.api_models import (
    ApiAccepted,
    ApiCannotWork,
    ApiDehumidifier,
    ApiHealth,
    ApiMixedGroup,
    ApiMode,
    ApiModeChange,
    ApiNotifications,
    ApiOutside,
    ApiPump,
    ApiSetpointAccepted,
    ApiState,
    ApiStateChange,
    ApiZone,
    ApiZoneChange,
    ApiZones,
)
from neasmart_gateway.api.compat.contracts import API
from neasmart_gateway.api.described import View, described
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.refusals import NoReading
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.schema import Body
from neasmart_gateway.api.v1.accepted import VIA
from neasmart_gateway.domain.intentions import Intention, SetZoneSetpoint
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict, DaemonAway, NotDurable, NotFound, TooMany

BASES, MOST_ZONES = 4, 48
"""What the integration can do with; anything beyond makes its setup fail."""
_ACCEPTED = {202: "Accepted; /api/v1/commands/{id} tells what becomes of it."}
_SAID = "accepted; the base station will read it"
_look = described(speaks=API)
_look_up = described(speaks=API, refuses=(NotFound,))


def _command(takes: type[Body], *, critical: bool = False) -> Callable[[View], View]:
    return described(
        takes=takes, answers=_ACCEPTED, refuses=(NotFound, Conflict, TooMany, DaemonAway, NotDurable),
        critical=critical, speaks=API,
    )  # fmt: skip


class ApiResource(Resource):
    """A resource below /api; query parameters are ignored."""

    query = None

    def asked(self, intentions: list[Intention]) -> ApiAccepted:
        """Hand a command over, and say so."""
        receipt = self.manager.submit(intentions, VIA, caller().who)
        tracing.note(command_id=receipt["id"])
        return ApiAccepted(message=_SAID, command=receipt["id"])


class ApiAllZones(ApiResource):
    """Zones of bases 1 to 4 that are configured or were heard of."""

    @_look
    def get(self) -> ApiZones:
        views = [view for view in self.manager.zones() if view.zone.ref.base <= BASES]
        return ApiZones.of(views[:MOST_ZONES])


class ApiOneZone(ApiResource):
    """One zone of bases 1 to 4; 503 while its temperature is unknown or old, which makes its entity unavailable."""

    @described(speaks=API, refuses=(NotFound, NoReading))
    def get(self, base: int, zone: int) -> ApiZone:
        view = self.manager.zone(_ref(base, zone))
        if current.temperature(view) is None:
            raise NoReading(f"nothing current is known of the temperature of zone {base}/{zone}", retry_after=10)
        return ApiZone.of(view)

    @_command(ApiZoneChange)
    def post(self, base: int, zone: int, wanted: ApiZoneChange) -> tuple[ApiAccepted | ApiSetpointAccepted, int]:
        """Ask for a state, a setpoint, or both."""
        intentions = wanted.intentions(_ref(base, zone), self.manager.house.allowed)
        words, accepted = [one.word for one in intentions if isinstance(one, SetZoneSetpoint)], self.asked(intentions)
        if words:
            accepted = ApiSetpointAccepted(**dict(accepted), dpt_9001_setpoint=words)
        return accepted, HTTPStatus.ACCEPTED


class ApiPlantMode(ApiResource):
    """The operating mode of the plant."""

    @_look
    def get(self) -> ApiMode:
        return ApiMode.of(self.manager.unit("operation"))

    @_command(ApiModeChange, critical=True)
    def post(self, wanted: ApiModeChange) -> tuple[ApiAccepted, int]:
        """Ask for a mode of the plant."""
        return self.asked(wanted.intentions()), HTTPStatus.ACCEPTED


class ApiPlantModeV2(ApiPlantMode):
    """The operating mode of the plant, under its newer address."""


class ApiPlantState(ApiResource):
    """The operating state of the plant."""

    @_look
    def get(self) -> ApiState:
        return ApiState.of(self.manager.unit("operation"))

    @_command(ApiStateChange, critical=True)
    def post(self, wanted: ApiStateChange) -> tuple[ApiAccepted, int]:
        """Ask for a state of the plant."""
        return self.asked(wanted.intentions()), HTTPStatus.ACCEPTED


class ApiPlantStateV2(ApiPlantState):
    """The operating state of the plant, under its newer address."""


class ApiOutsideTemperature(ApiResource):
    """The weather."""

    @_look
    def get(self) -> ApiOutside:
        return ApiOutside.of(self.manager.unit("outside"))


class ApiPlantNotifications(ApiResource):
    """Whether the base station has something to say."""

    @_look
    def get(self) -> ApiNotifications:
        return ApiNotifications.of(self.manager.unit("notifications"))


class ApiOneMixedGroup(ApiResource):
    """A mixing circuit, 1 to 3."""

    @_look_up
    def get(self, number: int) -> ApiMixedGroup:
        return ApiMixedGroup.of(self.manager.unit("mixed_group", number))


class ApiOneDehumidifier(ApiResource):
    """A dehumidifier, 1 to 9."""

    @_look_up
    def get(self, number: int) -> ApiDehumidifier:
        return ApiDehumidifier.of(self.manager.unit("dehumidifier", number))


class ApiOnePump(ApiResource):
    """An extra pump, 1 to 5."""

    @_look_up
    def get(self, number: int) -> ApiPump:
        return ApiPump.of(self.manager.unit("pump", number))


class ApiGatewayHealth(ApiResource):
    """How the gateway is. A silent bus is degraded; 503 only when the gateway itself cannot work."""

    @described(speaks=API, unlimited=True, answers={200: "It works, perhaps not well.", 503: "It cannot work."})
    def get(self) -> tuple[ApiHealth | ApiCannotWork, int]:
        health = self.manager.health()
        works = health.condition != "unhealthy"
        answer = (ApiHealth if works else ApiCannotWork).of(
            health, self.options.version, with_keys=self.options.enable_auth
        )
        return answer, HTTPStatus.OK if works else HTTPStatus.SERVICE_UNAVAILABLE


def _ref(base: int, zone: int) -> ZoneRef:
    if base > BASES:
        raise NotFound(f"there is no zone {base}/{zone} here: these routes know bases 1 to {BASES}")
    return ZoneRef(base, zone)


ROUTES: Routes = {
    "/api/zones": ApiAllZones,
    "/api/zones/<digits:base>/<digits:zone>": ApiOneZone,
    "/api/mode": ApiPlantMode,
    "/api/v2/operation/mode": ApiPlantModeV2,
    "/api/state": ApiPlantState,
    "/api/v2/operation/state": ApiPlantStateV2,
    "/api/outsidetemperature": ApiOutsideTemperature,
    "/api/notifications": ApiPlantNotifications,
    "/api/mixedgroups/<digits:number>": ApiOneMixedGroup,
    "/api/dehumidifiers/<digits:number>": ApiOneDehumidifier,
    "/api/pumps/<digits:number>": ApiOnePump,
    "/api/health": ApiGatewayHealth,
}
