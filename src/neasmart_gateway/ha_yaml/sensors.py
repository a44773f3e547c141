"""What is read: sensors that are all fed by one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.ha_yaml.house import House, Room
from neasmart_gateway.ha_yaml.readings import Place, literal

Entity = dict[str, Any]

_NUMBER, _TEXT, _FLAG = "number", "string", "boolean"
_CELSIUS = {"device_class": "temperature", "unit_of_measurement": "°C", "state_class": "measurement"}
_HUMIDITY = {"device_class": "humidity", "unit_of_measurement": "%", "state_class": "measurement"}
_OPENING = {"unit_of_measurement": "%", "state_class": "measurement"}


def sensors(house: House) -> Iterator[Entity]:
    """Yield what goes under `sensor:`."""
    for room in house.rooms:
        yield from _of_room(room)
    operation = Place.unit("operation")
    for field in ("mode", "state"):
        yield _entity(_spoken(wanted_of_plant(field)), wanted_of_plant(field)) | operation.wanted(field, _TEXT)
    if house.outside:
        outside = Place.unit("outside_temperature")
        yield (
            _entity("NEA SMART outside temperature", "outside_temperature")
            | _CELSIUS
            | outside.reported("temperature", _NUMBER)
        )
    for number in house.mixed_groups:
        yield from _of_mixed_group(number)
    yield _entity("NEA SMART condition", "condition") | Place.unit("health").told("it.condition", "condition")


def binary_sensors(house: House) -> Iterator[Entity]:
    """Yield what goes under `binary_sensor:`."""
    for room in house.rooms:
        pending = Place.zone(room.ref).told("it.command is not none", "command")
        yield _entity(f"{room.name} command pending", f"{_key(room.ref)}_pending") | pending
    for number in house.mixed_groups:
        yield _running(f"mixed group {number} pump", Place.numbered("mixed_groups", number), "pump")
    for key, name, numbers in (
        ("pumps", "pump", house.pumps),
        ("dehumidifiers", "dehumidifier", house.dehumidifiers),
    ):
        for number in numbers:
            yield _running(f"{name} {number}", Place.numbered(key, number), "running")
    if house.notifications:
        for field in ("error", "warning", "hint"):
            yield (
                _entity(f"NEA SMART {field}", f"notification_{field}")
                | ({} if field == "hint" else {"device_class": "problem"})
                | Place.unit("notifications").reported(field, _FLAG)
            )
    bus = Place.component("bus").told('it.state == "alive"', "state")
    yield _entity("NEA SMART bus", "bus") | {"device_class": "connectivity"} | bus


def wanted_of_zone(ref: ZoneRef, field: str) -> str:
    """Return the object id of the sensor that a control of a zone follows; by numbers, so fixed for ever."""
    return f"nea_smart_{ref.base}_{ref.zone}_{field}"


def wanted_of_plant(field: str) -> str:
    """Return the object id of the sensor that a control of the plant follows."""
    return f"nea_smart_{field}"


def _of_room(room: Room) -> Iterator[Entity]:
    place, key = Place.zone(room.ref), _key(room.ref)
    yield _entity(f"{room.name} temperature", f"{key}_temperature") | _CELSIUS | place.reported("temperature", _NUMBER)
    yield _entity(f"{room.name} humidity", f"{key}_humidity") | _HUMIDITY | place.reported("relative_humidity", _NUMBER)
    # No device class: Home Assistant would convert the value for a user of °F, and the control below reckons in °C.
    setpoint, state = wanted_of_zone(room.ref, "setpoint"), wanted_of_zone(room.ref, "state")
    yield _entity(_spoken(setpoint), setpoint) | {"unit_of_measurement": "°C"} | place.wanted("setpoint", _NUMBER)
    yield _entity(_spoken(state), state) | place.wanted("state", _TEXT)


def _of_mixed_group(number: int) -> Iterator[Entity]:
    place = Place.numbered("mixed_groups", number)
    for field, unit in (("flow_temperature", _CELSIUS), ("return_temperature", _CELSIUS), ("valve_opening", _OPENING)):
        name = f"NEA SMART mixed group {number} {field.replace('_', ' ')}"
        yield _entity(name, f"mixed_group_{number}_{field}") | unit | place.reported(field, _NUMBER)


def _running(name: str, place: Place, field: str) -> Entity:
    entity = _entity(f"NEA SMART {name}", name.replace(" ", "_"))
    return entity | {"device_class": "running"} | place.reported(field, _FLAG)


def _key(ref: ZoneRef) -> str:
    return f"{ref.base}_{ref.zone}"


def _spoken(object_id: str) -> str:
    """Return a name of which Home Assistant makes this object id."""
    return object_id.replace("_", " ").replace("nea smart", "NEA SMART")


def _entity(name: str, key: str) -> Entity:
    return {"name": literal(name), "unique_id": f"neasmart_{key.removeprefix('nea_smart_')}"}
