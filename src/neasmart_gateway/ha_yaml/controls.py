"""What is commanded: a number and a select for each zone, and the calls that they make.

Home Assistant has no `climate` for templates, and its `generic_thermostat` would regulate by itself, beside the base
station. So a zone is a number (setpoint) and a select (state).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.ha_yaml.house import House, Room
from neasmart_gateway.ha_yaml.readings import literal
from neasmart_gateway.ha_yaml.sensors import Entity, wanted_of_plant, wanted_of_zone

_STEP = 0.5
_ZONE = "/zones/{{ base }}/{{ zone }}"
_PLANT = "/operation"
_STATES = f"{{{{ {json.dumps(OperatingState.labels())} }}}}"
_MODES = f"{{{{ {json.dumps(OperatingMode.labels())} }}}}"
_REFUSAL = '{{ (answer.content | from_json({})).detail | default("status " ~ answer.status) }}'


@dataclass(frozen=True, slots=True)
class Call:
    """One `rest_command`: which field it changes, below which path, and what its caller names the value."""

    name: str
    path: str
    field: str
    value: str

    def command(self, base_url: str, headers: Mapping[str, str]) -> Entity:
        """Return it as Home Assistant has it; the caller's values are variables of the templates."""
        return {
            "url": f"{base_url}{self.path}",
            "method": "patch",
            **({"headers": dict(headers)} if headers else {}),
            "content_type": "application/json",
            "payload": f'{{{{ {{"{self.field}": {self.value}}} | to_json }}}}',
        }


_SETPOINT = Call("neasmart_zone_setpoint", _ZONE, "setpoint", "setpoint | float")
_STATE = Call("neasmart_zone_state", _ZONE, "state", "state")
_PLANT_MODE = Call("neasmart_mode", _PLANT, "mode", "mode")
_PLANT_STATE = Call("neasmart_state", _PLANT, "state", "state")


def rest_commands(base_url: str, headers: Mapping[str, str]) -> dict[str, Entity]:
    """Return what goes under `rest_command:`; `base_url` ends before the path of a route."""
    return {call.name: call.command(base_url, headers) for call in (_SETPOINT, _STATE, _PLANT_MODE, _PLANT_STATE)}


def numbers(house: House, allowed: SetpointRange) -> Iterator[Entity]:
    """Yield a setpoint for each room."""
    for room in house.rooms:
        source = f"sensor.{wanted_of_zone(room.ref, 'setpoint')}"
        limits = {"min": allowed.minimum, "max": allowed.maximum, "step": _STEP}
        yield {
            **_entity(f"{room.name} setpoint", f"{room.ref.base}_{room.ref.zone}_setpoint"),
            **_following(source),
            "unit_of_measurement": "°C",
            **limits,
            "set_value": _asked(_SETPOINT, source, room.name, _address(room) | {"setpoint": "{{ value }}"}),
        }


def selects(house: House) -> Iterator[Entity]:
    """Yield a state for each room, then mode and state of the plant."""
    for room in house.rooms:
        source, key = wanted_of_zone(room.ref, "state"), f"{room.ref.base}_{room.ref.zone}_state"
        yield _select(f"{room.name} state", key, source, _STATES, _STATE, _address(room))
    yield _select("NEA SMART mode", "mode", wanted_of_plant("mode"), _MODES, _PLANT_MODE, {})
    yield _select("NEA SMART state", "state", wanted_of_plant("state"), _STATES, _PLANT_STATE, {})


def _select(name: str, key: str, object_id: str, options: str, call: Call, address: Mapping[str, int]) -> Entity:
    source = f"sensor.{object_id}"
    return {
        **_entity(name, key),
        **_following(source),
        "options": options,
        "select_option": _asked(call, source, name, {**address, call.field: "{{ option }}"}),
    }


def _following(source: str) -> Entity:
    return {"state": f'{{{{ states("{source}") }}}}', "availability": f'{{{{ has_value("{source}") }}}}'}


def _asked(call: Call, source: str, title: str, values: Mapping[str, Any]) -> list[Entity]:
    """Return the steps of a command: ask, say why when it is refused, look at once what is pending now."""
    return [
        {"action": f"rest_command.{call.name}", "data": dict(values), "response_variable": "answer"},
        {"action": "homeassistant.update_entity", "data": {"entity_id": source}},
        {
            "if": "{{ answer.status >= 400 }}",
            "then": {
                "action": "persistent_notification.create",
                "data": {"title": literal(title), "message": _REFUSAL},
            },
        },
    ]


def _address(room: Room) -> dict[str, int]:
    return {"base": room.ref.base, "zone": room.ref.zone}


def _entity(name: str, key: str) -> Entity:
    return {"name": literal(name), "unique_id": f"neasmart_{key}"}
