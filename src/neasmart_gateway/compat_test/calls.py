"""What both integrations ask for, and what each would show of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from neasmart_gateway.compat_test.asking import Body
from neasmart_gateway.compat_test.fields import UNKNOWN, Unfit, celsius, humid, number, said, truth, valued, word
from neasmart_gateway.domain.modes import OperatingMode, OperatingState

BASES, MOST_ZONES = 4, 48
"""What the integration of the /api routes can do with."""
_MODES = {0: UNKNOWN, **{int(mode): mode.label.replace("_", " ") for mode in OperatingMode}}
_STATES = {0: "none", **{int(state): state.label.replace("_", " ") for state in OperatingState}}
_RUNS = {0: "off", 1: "runs"}
_API_MODES = ("auto", "heating", "cooling", "manual heating", "manual cooling", "off")
_ZONE_STATES = ("off", "presence", "away", "standby", "scheduled")
_API_STATES = (*_ZONE_STATES, "party", "holiday")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `show` says what would be shown of a good answer, or raises Unfit. A `command` is tried too, empty."""

    path: str
    what: str
    show: Callable[[Body], str]
    command: bool = False


def root_calls(zones: list[str]) -> Iterator[Call]:
    """Yield what the integration of the root routes asks for; zones as BASE/ZONE."""
    yield Call("/health", "setup", _root_health)
    for zone in zones:
        yield Call(f"/zones/{zone}", f"zone {zone}", _root_zone, command=True)
    yield Call("/mode", "mode", lambda body: number(body, "mode", _MODES), command=True)
    yield Call("/state", "state", lambda body: number(body, "state", _STATES), command=True)
    weather = ("outside_temperature", "filtered_outside_temperature")
    yield Call("/outsidetemperature", "outside", partial(_outside, weather))
    told = ("hints_present", "warnings_present", "error_present")
    yield Call("/notifications", "notifications", partial(_told, told))
    group = ("pump_state", "mixing_valve_opening_percentage", "flow_temperature", "return_temperature")
    yield from _things("", group, "dehumidifier_state", "pump_state")


def api_calls(zones: list[str]) -> Iterator[Call]:
    """Yield what the integration of the /api routes asks for; it doubles the slash behind /api."""
    yield Call("/api//health", "setup", _api_health)
    yield Call("/api//zones", "setup", _api_zones)
    for zone in zones:
        if int(zone.split("/")[0]) <= BASES:
            yield Call(f"/api//zones/{zone}", f"zone {zone}", _api_zone, command=True)
    for prefix, which in (("/api/", ""), ("/api//v2/operation", " (v2)")):
        yield Call(f"{prefix}/mode", f"mode{which}", lambda body: word(body, "mode", _API_MODES), command=True)
        yield Call(f"{prefix}/state", f"state{which}", lambda body: word(body, "state", _API_STATES), command=True)
    weather = ("outsideTemperature", "filteredOutsideTemperature")
    yield Call("/api//outsidetemperature", "outside", partial(_outside, weather))
    told = ("hintsPresent", "warningsPresent", "errorPresent")
    yield Call("/api//notifications", "notifications", partial(_told, told))
    group = ("pumpState", "mixingValveOpeningPercentage", "flowTemperature", "returnTemperature")
    yield from _things("/api/", group, "dehumidifierState", "pumpState")


def shows_something(body: Body) -> bool:
    """Return whether anything is known of a zone at the root."""
    return bool(body.get("state")) or body.get("setpoint") is not None or body.get("temperature") is not None


def _things(prefix: str, group: tuple[str, ...], dehumidifier: str, pump: str) -> Iterator[Call]:
    for n in range(1, 4):
        yield Call(f"{prefix}/mixedgroups/{n}", f"mixed group {n}", partial(_group, group))
    for n in range(1, 10):
        yield Call(f"{prefix}/dehumidifiers/{n}", f"dehumidifier {n}", partial(_running, dehumidifier))
    for n in range(1, 6):
        yield Call(f"{prefix}/pumps/{n}", f"pump {n}", partial(_running, pump))


def _root_health(body: Body) -> str:
    if body.get("status") != "ok":
        raise Unfit(f"status is {said(body.get('status'))}")
    return "ok"


def _root_zone(body: Body) -> str:
    shown = _zone(celsius(body, "temperature"), celsius(body, "setpoint"), number(body, "state", _STATES))
    return f"{shown}, {humid(body, 'relative_humidity')}"


def _api_zone(body: Body) -> str:
    shown = _zone(valued(body, "temperature"), valued(body, "setpoint"), word(body, "state", _ZONE_STATES))
    return f"{shown}, {humid(body, 'relativeHumidity')}"


def _zone(temperature: str, setpoint: str, state: str) -> str:
    if temperature == UNKNOWN:
        raise Unfit(f"its temperature is unknown (setpoint {setpoint}, {state})")
    return f"{temperature}, setpoint {setpoint}, {state}"


def _outside(names: tuple[str, str], body: Body) -> str:
    return f"{celsius(body, names[0])}, averaged {celsius(body, names[1])}"


def _told(names: tuple[str, str, str], body: Body) -> str:
    return f"hint {truth(body, names[0])}, warning {truth(body, names[1])}, error {truth(body, names[2])}"


def _group(names: tuple[str, ...], body: Body) -> str:
    pump, valve, flow, back = names
    pumping, opened = number(body, pump, _RUNS), number(body, valve)
    return f"pump {pumping}, valve {opened} %, flow {celsius(body, flow)}, return {celsius(body, back)}"


def _running(name: str, body: Body) -> str:
    return number(body, name, _RUNS)


def _api_health(body: Body) -> str:
    status = word(body, "status", ("healthy", "degraded"))
    if missing := [name for name in ("version", "database", "modbus", "configuration") if name not in body]:
        raise Unfit(f"{', '.join(missing)} missing")
    return status


def _api_zones(body: Body) -> str:
    zones = body.get("zones")
    if not isinstance(zones, list) or len(zones) > MOST_ZONES:
        raise Unfit(f"zones must be a list of at most {MOST_ZONES}")
    for zone in zones:
        base = zone.get("baseId") if isinstance(zone, Mapping) else None
        if type(base) is not int or not 1 <= base <= BASES:
            raise Unfit(f"a zone without a base of 1 to {BASES}")
        if not all(isinstance(zone.get(name), str) and zone[name] for name in ("zoneLabel", "baseLabel")):
            raise Unfit("a zone or base without a label")
    return f"{len(zones)} zones"
