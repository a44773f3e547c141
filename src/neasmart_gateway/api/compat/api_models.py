"""The `/api` routes' answers and bodies: each field with its name there and ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic.json_schema import SkipJsonSchema

from neasmart_gateway.api.compat import current, names
from neasmart_gateway.api.compat.current import Ours, Told
from neasmart_gateway.api.schema import Answer, Body, about
from neasmart_gateway.api.v1.models.zones import ZoneChange
from neasmart_gateway.domain.intentions import (
    Intention,
    SetGlobalMode,
    SetGlobalState,
)
from neasmart_gateway.domain.modes import OperatingState
from neasmart_gateway.manager.health import Health
from neasmart_gateway.manager.views import ZoneView

_TEMPERATURE = "null: unknown or old."


class Celsius(Answer):
    """A temperature with its unit: the older generation of the integration takes nothing else."""

    value: Annotated[float, about("The temperature.", 20.84, "°C")]
    unit: Annotated[Literal["°C"], about("Always °C.", "°C")] = "°C"

    @classmethod
    def of(cls, celsius: float | None) -> Celsius | None:
        return None if celsius is None else cls(value=celsius)


class Label(Answer):
    """A number with a name."""

    id: Annotated[int, about("The number.", 1)]
    label: Annotated[str, about("The name; never empty.", "Living room")]


class ApiZone(Answer):
    """One zone, in both shapes that the integration knows."""

    baseId: Annotated[int, about("The base station, 1 to 4.", 1)]
    baseLabel: Annotated[str, about("Its name; never empty.", "Ground floor")]
    zoneId: Annotated[int, about("The zone on that base, 1 to 12.", 1)]
    zoneLabel: Annotated[str, about("Its name; never empty.", "Living room")]
    base: Annotated[Label, about("The base station once more.", {"label": "Ground floor"})]
    zone: Annotated[Label, about("The zone once more.", {})]
    state: Annotated[
        Literal["off", "presence", "away", "standby", "scheduled"],
        about("The nearest name that the integration knows: party is presence, holiday is away, none is off.", "away"),
    ]
    stateCode: Annotated[int, about("The true state, 1 to 6; 0: none or unknown.", 6)]
    temperature: Annotated[Celsius | None, about(f"Room temperature; only in the list {_TEMPERATURE}", {}, "°C")]
    setpoint: Annotated[
        Celsius | None, about("Temperature to be reached; null: standby, unknown or old.", {"value": 21.5}, "°C")
    ]
    relativeHumidity: Annotated[int, about("Relative humidity; 0: no sensor, unknown or old.", 45, "%")]
    relative_humidity: Annotated[int, about("The same.", 45, "%")]
    address: Annotated[int, about("The wire address of its first register.", 100)]

    @classmethod
    def of(cls, view: ZoneView) -> ApiZone:
        ref, code, humidity = view.zone.ref, current.state(view), current.humidity(view)
        base, zone = view.base_label.strip() or f"Base {ref.base}", view.label.strip() or f"Zone {ref.zone}"
        return cls.model_validate(
            {
                "baseId": ref.base,
                "baseLabel": base,
                "zoneId": ref.zone,
                "zoneLabel": zone,
                "base": Label(id=ref.base, label=base),
                "zone": Label(id=ref.zone, label=zone),
                "state": names.ZONE_STATES[OperatingState(code)] if code else names.OFF,
                "stateCode": code,
                "temperature": Celsius.of(current.temperature(view)),
                "setpoint": Celsius.of(current.setpoint(view)),
                "relativeHumidity": humidity,
                "relative_humidity": humidity,
                "address": view.zone.address,
            }
        )


class ApiZones(Answer):
    """Zones of bases 1 to 4 that are configured or were heard of: the integration can do with no others."""

    zones: Annotated[list[ApiZone], about("In the order of base and zone number; 48 at most.", [])]
    total: Annotated[int, about("How many there are in this answer.", 1)]
    count: Annotated[int, about("The same.", 1)]

    @classmethod
    def of(cls, views: Sequence[ZoneView]) -> ApiZones:
        return cls(zones=[ApiZone.of(view) for view in views], total=len(views), count=len(views))


class ApiMode(Told):
    """The operating mode of the plant."""

    mode: Annotated[
        Literal["auto", "heating", "cooling", "manual heating", "manual cooling", "off"],
        Ours("mode", names.OFF, lambda mode: names.MODES[mode]),
        about("The mode; off: unknown or old.", "heating"),
    ]


class ApiState(Told):
    """The operating state of the plant."""

    state: Annotated[
        Literal["presence", "away", "standby", "scheduled", "party", "holiday", "off"],
        Ours("state", names.OFF, lambda state: names.STATES[state]),
        about("The state; off: none, unknown or old.", "presence"),
    ]
    stateCode: Annotated[int, Ours("state", 0), about("The same as a number, 1 to 6; 0: none, unknown or old.", 1)]


class ApiOutside(Told):
    """The weather."""

    outsideTemperature: Annotated[
        float | None, Ours("temperature", None), about(f"Outside temperature; {_TEMPERATURE}", 4.2, "°C")
    ]
    filteredOutsideTemperature: Annotated[
        float | None, Ours("filtered_temperature", None), about(f"The same, averaged; {_TEMPERATURE}", 5.1, "°C")
    ]


class ApiNotifications(Told):
    """Whether the base station has something to say."""

    hintsPresent: Annotated[bool, Ours("hint", False), about("A hint is present; false: none, unknown or old.", True)]
    warningsPresent: Annotated[
        bool, Ours("warning", False), about("A warning is present; false: none, unknown or old.", False)
    ]
    errorPresent: Annotated[
        bool, Ours("error", False), about("An error is present; false: none, unknown or old.", False)
    ]


class ApiMixedGroup(Told):
    """A mixing circuit."""

    pumpState: Annotated[int, Ours("pump", 0, int), about("1: it runs; 0: not, unknown or old.", 1)]
    mixingValveOpeningPercentage: Annotated[
        int, Ours("valve_opening", 0), about("How far the valve is open; 0: closed, unknown or old.", 35, "%")
    ]
    flowTemperature: Annotated[
        float | None, Ours("flow_temperature", None), about(f"Water to the rooms; {_TEMPERATURE}", 32.5, "°C")
    ]
    returnTemperature: Annotated[
        float | None, Ours("return_temperature", None), about(f"Water from the rooms; {_TEMPERATURE}", 28.0, "°C")
    ]


class ApiDehumidifier(Told):
    """A dehumidifier."""

    dehumidifierState: Annotated[int, Ours("running", 0, int), about("1: it runs; 0: not, unknown or old.", 0)]


class ApiPump(Told):
    """An extra pump."""

    pumpState: Annotated[int, Ours("running", 0, int), about("1: it runs; 0: not, unknown or old.", 1)]


class ApiHealth(Answer):
    """How the gateway is."""

    status: Annotated[
        Literal["healthy", "degraded", "unhealthy"],
        about("degraded: something is wrong, a silent bus perhaps; unhealthy: the gateway cannot work.", "healthy"),
    ]
    version: Annotated[str, about("The version of the gateway.", "0.1.0")]
    database: Annotated[dict[str, Any], about("How the database is.", {"healthy": True, "type": "sqlite"})]
    modbus: Annotated[dict[str, Any], about("How the bus and the way to it are.", {"healthy": True, "bus": "alive"})]
    configuration: Annotated[dict[str, Any], about("What of the settings matters.", {"api_auth_enabled": False})]

    @classmethod
    def of(cls, health: Health, version: str, *, with_keys: bool) -> ApiHealth:
        kind = health.database.get("mode")
        details = health.database.get("failure") or ("connected" if kind else "the daemon is away")
        breaker = {"state": health.breaker}
        return cls(
            status=health.condition,
            version=version,
            database={"healthy": kind == "sqlite", "type": kind or "unknown", "details": details},
            modbus={
                "healthy": health.ready and health.bus["state"] == "alive",
                "bus": health.bus["state"],
                "daemon": health.daemon["state"],
                "circuit_breaker": breaker,
            },
            configuration={
                "server_type": ",".join(dict.fromkeys(one["type"] for one in health.listeners)) or "unknown",
                "api_auth_enabled": with_keys,
            },
        )


class ApiCannotWork(ApiHealth):
    """How a gateway is that cannot work; the integration looks for `error` in whatever is no success."""

    error: Annotated[str, about("What is wrong, for a person.", "the gateway daemon is away")]
    err: Annotated[str, about("The same, for those who look for it here.", "the gateway daemon is away")]

    @classmethod
    def of(cls, health: Health, version: str, *, with_keys: bool) -> ApiCannotWork:
        known, text = ApiHealth.of(health, version, with_keys=with_keys), "; ".join(health.problems)
        return cls(**dict(known), error=text, err=text)


class ApiAccepted(Answer):
    """A command was accepted."""

    message: Annotated[str, about("A sentence for a person.", "accepted; the base station has not read it yet")]
    command: Annotated[str, about("Its id, to follow it at /api/v1/commands/{id}.", "17-9f3a1c02")]


class ApiSetpointAccepted(ApiAccepted):
    """A command with a setpoint was accepted."""

    dpt_9001_setpoint: Annotated[list[int], about("The setpoint as a word of KNX DPT 9.001.", [3123])]


class ApiZoneChange(ZoneChange):
    """What to change about a zone: as in our own API, with a state by the names of either family."""

    state: Annotated[
        names.TakenState | SkipJsonSchema[None],
        about("A state by a name of either family, or by its number; off is standby.", "presence"),
    ] = None


class ApiModeChange(Body):
    """The operating mode to ask for."""

    mode: Annotated[names.TakenMode, about("A mode by its name or number.", "heating")]

    def intentions(self) -> list[Intention]:
        return [SetGlobalMode(self.mode)]


class ApiStateChange(Body):
    """The operating state to ask for."""

    state: Annotated[names.TakenState, about("A state by a name of either family, or by its number.", "presence")]

    def intentions(self) -> list[Intention]:
        return [SetGlobalState(self.state)]
