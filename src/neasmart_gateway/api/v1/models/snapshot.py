"""The whole house in one answer. Nothing in it changes while nothing happens: ages stand in headers."""

from __future__ import annotations

from typing import Annotated

from neasmart_gateway.api.schema import Answer, about
from neasmart_gateway.api.v1.models.health import ConditionName, SeverityName
from neasmart_gateway.api.v1.models.operation import Operation
from neasmart_gateway.api.v1.models.plant import Dehumidifier, MixedGroup, Notifications, OutsideTemperature, Pump
from neasmart_gateway.api.v1.models.zones import Zone
from neasmart_gateway.manager.health import Summary
from neasmart_gateway.manager.snapshot import Snapshot as Whole


class ComponentState(Answer):
    """How one part of the gateway is, in short."""

    name: Annotated[str, about("Its name; that of a listener is from the settings.", "database")]
    kind: Annotated[str, about("daemon, bus, listener, database, disk, breaker or clock.", "database")]
    state: Annotated[str, about("Its own word for how it is.", "sqlite")]
    severity: Annotated[SeverityName, about("How bad that is.", "ok")]


class HealthSummary(Answer):
    """How the gateway is, in short; more at /api/v1/health."""

    condition: Annotated[ConditionName, about("healthy, degraded or unhealthy.", "healthy")]
    score: Annotated[int, about("0 to 100; 100 exactly when everything is ok.", 100)]
    problems: Annotated[list[str], about("What is wrong, a sentence each.", [])]
    components: Annotated[list[ComponentState], about("Every part of the gateway.", [])]

    @classmethod
    def of(cls, summary: Summary) -> HealthSummary:
        names = ("name", "kind", "state", "severity")
        components = [dict(zip(names, one, strict=True)) for one in summary.components]
        return cls.model_validate(
            {
                "condition": summary.condition,
                "score": summary.score,
                "problems": summary.problems,
                "components": components,
            }
        )


class Snapshot(Answer):
    """Everything that the base station has reported, and a summary of how the gateway is."""

    zones: Annotated[list[Zone], about("As at /api/v1/zones.", [])]
    operation: Annotated[Operation, about("As at /api/v1/operation.", {"mode": "heating"})]
    outside_temperature: Annotated[
        OutsideTemperature, about("As at /api/v1/outside-temperature.", {"temperature": 4.2}, "°C")
    ]
    notifications: Annotated[Notifications, about("As at /api/v1/notifications.", {"error": False})]
    mixed_groups: Annotated[list[MixedGroup], about("As at /api/v1/mixed-groups.", [])]
    pumps: Annotated[list[Pump], about("As at /api/v1/pumps.", [])]
    dehumidifiers: Annotated[list[Dehumidifier], about("As at /api/v1/dehumidifiers.", [])]
    health: Annotated[HealthSummary, about("How the gateway is.", {"condition": "healthy"})]

    @classmethod
    def of(cls, whole: Whole) -> Snapshot:
        return cls(
            zones=[Zone.of(view) for view in whole.zones],
            operation=Operation.of(whole.operation),
            outside_temperature=OutsideTemperature.of(whole.outside),
            notifications=Notifications.of(whole.notifications),
            mixed_groups=[MixedGroup.of(view) for view in whole.mixed_groups],
            pumps=[Pump.of(view) for view in whole.pumps],
            dehumidifiers=[Dehumidifier.of(view) for view in whole.dehumidifiers],
            health=HealthSummary.of(whole.health),
        )
