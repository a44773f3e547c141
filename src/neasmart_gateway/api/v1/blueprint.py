"""All resources of version 1, one blueprint for each kind."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint

from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.resource import Routes, collected
from neasmart_gateway.api.v1 import (
    bus,
    commands,
    condensation,
    dehumidifiers,
    diagnostics,
    doctor,
    events,
    faults,
    health,
    history,
    measurements,
    mixed_groups,
    notifications,
    operation,
    outside_temperature,
    pumps,
    registers,
    security,
    snapshot,
    tickets,
    topology,
    zones,
)
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager

PREFIX = "/api/v1"

RESOURCES: Mapping[str, Routes] = {
    "zones": zones.ROUTES,
    "operation": operation.ROUTES,
    "commands": commands.ROUTES,
    "outside_temperature": outside_temperature.ROUTES,
    "notifications": notifications.ROUTES,
    "mixed_groups": mixed_groups.ROUTES,
    "pumps": pumps.ROUTES,
    "dehumidifiers": dehumidifiers.ROUTES,
    "condensation": condensation.ROUTES,
    "registers": registers.ROUTES,
    "history": history.ROUTES,
    "measurements": measurements.ROUTES,
    "health": health.ROUTES,
    "snapshot": snapshot.ROUTES,
    "events": events.ROUTES,
    "bus": bus.ROUTES,
    "topology": topology.ROUTES,
    "doctor": doctor.ROUTES,
    "diagnostics": diagnostics.ROUTES,
    "tickets": tickets.ROUTES,
    "security": security.ROUTES,
    "faults": faults.ROUTES,
}


def v1_blueprint(manager: ModbusManager, access: Access, options: ApiOptions) -> Blueprint:
    """Return version 1 of our own API."""
    version = Blueprint("v1", __name__, url_prefix=PREFIX)
    for name, routes in RESOURCES.items():
        version.register_blueprint(collected(name, routes, manager, access, options))
    return version
