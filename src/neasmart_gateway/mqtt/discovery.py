"""What Home Assistant is told of each device: one message for each, with all of its entities."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.registers import TABLE, Row
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.mqtt.season import Season
from neasmart_gateway.mqtt.topics import PLANT, Names, Place

ORIGIN = "neasmart-gateway"
SINGLES = ("notifications", "outside")
"""What every house is given, heard of or not; the other groups have members that many houses lack."""
STEP = 0.5

Config = dict[str, Any]
Part = tuple[str, int]
"""Something of the plant: its group and number (1-based), as in the register map."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Makes the messages; `version` is the gateway's own."""

    names: Names
    version: str

    def zone(self, ref: ZoneRef, label: str, season: Season, offered: SetpointRange) -> Config:
        """Return the message of a zone's device."""
        components = {
            "climate": self._climate(ref, season, offered),
            "temperature": _sensor(None, "temperature", device_class="temperature", unit="°C", digits=1),
            "humidity": _sensor(None, "humidity", device_class="humidity", unit="%", digits=0),
            "dew_point": _sensor("Dew point", "dew_point", device_class="temperature", unit="°C", digits=1),
            "condensation_margin": _sensor("Condensation margin", "condensation_margin", unit="K", digits=1),
            **self._about_commands(),
        }
        device = {"name": label, "model": "NEA SMART 2.0 zone", "via_device": self.names.device(ref.base)}
        return self._message(ref, device, components)

    def base(self, number: int, label: str, parts: Collection[Part]) -> Config:
        """Return the message of a base's device; `parts` is what the plant has of mixed groups, pumps and the like."""
        alive: Config = {"p": "binary_sensor", "device_class": "connectivity", "entity_category": "diagnostic"}
        components: dict[str, Config]
        if number == PLANT:
            components = {
                "bus_alive": alive | {"name": "Bus alive", **_flag("bus_alive"), **self._gateway_alone()},
                "mode": self._select("Operating mode", "mode", OperatingMode.labels()),
                "state": self._select("Operating state", "state", OperatingState.labels()),
                **{key: _component(row, key, n) for row, key, n in rows() if row.group in SINGLES},
                **{key: _component(row, key, n) for row, key, n in rows() if (row.group, n) in parts},
                **self._about_commands(),
            }
        else:
            components = {"alive": alive | {"name": "Zones alive", **_flag("alive"), **self._gateway_alone()}}
        return self._message(number, {"name": label, "model": "NEA SMART 2.0 base station"}, components)

    def _message(self, place: Place, device: Config, components: dict[str, Config]) -> Config:
        for key, component in components.items():
            component["unique_id"] = self.names.entity(place, key)
        return {
            "dev": {"identifiers": [self.names.device(place)], "manufacturer": "REHAU", **device},
            "o": {"name": ORIGIN, "sw": self.version},
            "cmps": components,
            "state_topic": self.names.state(place),
            "availability": [{"topic": self.names.status}, {"topic": self.names.availability(place)}],
            "availability_mode": "all",
        }

    def _climate(self, ref: ZoneRef, season: Season, offered: SetpointRange) -> Config:
        topic = self.names.state(ref)
        return {
            "p": "climate",
            "name": None,
            "modes": ["off", "auto", season.value],
            "mode_state_topic": topic,
            "mode_state_template": "{{ value_json.mode }}",
            "mode_command_topic": self.names.order(ref, "mode"),
            "preset_modes": OperatingState.labels(),
            "preset_mode_state_topic": topic,
            "preset_mode_value_template": "{{ value_json.preset }}",
            "preset_mode_command_topic": self.names.order(ref, "preset"),
            "temperature_state_topic": topic,
            "temperature_state_template": "{{ value_json.setpoint }}",
            "temperature_command_topic": self.names.order(ref, "setpoint"),
            "current_temperature_topic": topic,
            "current_temperature_template": "{{ value_json.temperature }}",
            "current_humidity_topic": topic,
            "current_humidity_template": "{{ value_json.humidity }}",
            "temperature_unit": "C",
            "min_temp": offered.minimum,
            "max_temp": offered.maximum,
            "temp_step": STEP,
            "precision": 0.1,
        }

    def _select(self, name: str, key: str, options: list[str]) -> Config:
        return {
            "p": "select",
            "name": name,
            "value_template": _template(key),
            "command_topic": self.names.order(PLANT, key),
            "options": options,
        }

    def _about_commands(self) -> dict[str, Config]:
        """Return what the gateway itself knows, whether the base station speaks or not."""
        alone = self._gateway_alone()
        states = [str(state) for state in CommandState if state.is_final]
        outcome = {"device_class": "enum", "options": states, "value_template": _template("command_outcome")}
        return {
            "command_pending": {
                "p": "binary_sensor", "name": "Command pending", "entity_category": "diagnostic",
                **_flag("command_pending"), **alone,
            },
            "command_outcome": {
                "p": "sensor", "name": "Last command", "entity_category": "diagnostic", **outcome, **alone,
            },
        }  # fmt: skip

    def _gateway_alone(self) -> Config:
        return {"availability": [{"topic": self.names.status}]}


def rows() -> Iterator[tuple[Row, str, int]]:
    """Yield each register of the plant but those of operation: its row, its key, and of the how-manieth thing it is."""
    for row in TABLE:
        if row.group not in ("zone", "operation"):
            for number in range(1, row.count + 1):
                which = f"_{number}" if row.count > 1 else ""
                yield row, f"{row.group}{which}_{row.field}", number


def _component(row: Row, key: str, number: int) -> Config:
    """Return one entity of the plant, from its row in the register map."""
    thing = "" if row.group == "notifications" else row.group
    which = str(number) if row.count > 1 else ""
    field = "" if row.field == "running" else row.field
    name = " ".join(filter(None, (thing, which, field))).replace("_", " ").capitalize()
    match row.codec.kind:
        case "temperature":
            return _sensor(name, key, device_class="temperature", unit="°C", digits=1)
        case "percent":
            return _sensor(name, key, unit="%", digits=0)
    kind = "problem" if row.group == "notifications" else "running"
    return {"p": "binary_sensor", "name": name, "device_class": kind, **_flag(key)}


def _sensor(name: str | None, key: str, *, unit: str, digits: int, device_class: str | None = None) -> Config:
    named = {} if name is None else {"name": name}
    classed = {} if device_class is None else {"device_class": device_class}
    return {
        "p": "sensor",
        **named,
        **classed,
        "state_class": "measurement",
        "unit_of_measurement": unit,
        "suggested_display_precision": digits,
        "value_template": _template(key),
    }


def _flag(key: str) -> Config:
    """Return how to read true and false, and null as "unknown"."""
    return {"value_template": _template(key), "payload_on": "True", "payload_off": "False"}


def _template(key: str) -> str:
    return f"{{{{ value_json.{key} }}}}"
