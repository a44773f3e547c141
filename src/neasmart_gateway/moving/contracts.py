"""What the routes of older gateways are called and show, a table for each of the two contracts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from neasmart_gateway.domain.registers import DEHUMIDIFIERS, MIXED_GROUPS, PUMPS
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.moving.http import Away, NoAnswer, Peer
from neasmart_gateway.moving.values import Value, Values, Zones, flag, low_byte, mode, named, number, state

Field = tuple[str, str, Callable[[object], Value]]
"""Key in the answer, field of ours, how it is read."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route: its path, the thing that it shows, its fields, and how many such things there are (`{}` in both)."""

    path: str
    thing: str
    fields: tuple[Field, ...]
    count: int = 1

    def each(self) -> list[tuple[str, str]]:
        """Return (path, thing) of each."""
        return [(self.path.format(n), self.thing.format(n)) for n in range(1, self.count + 1)]


_ZONE = (
    ("state", "state", state), ("setpoint", "setpoint", number), ("temperature", "temperature", number),
)  # fmt: skip

ROOT = (
    Route("/mode", "operation", (("mode", "mode", mode),)),
    Route("/state", "operation", (("state", "state", state),)),
    Route("/outsidetemperature", "outside", (
        ("outside_temperature", "temperature", number),
        ("filtered_outside_temperature", "filtered_temperature", number),
    )),
    Route("/notifications", "notifications", (
        ("error_present", "error", flag), ("warnings_present", "warning", flag), ("hints_present", "hint", flag),
    )),
    Route("/mixedgroups/{}", "mixed_group {}", (
        ("mixing_valve_opening_percentage", "valve_opening", number), ("pump_state", "pump", flag),
        ("flow_temperature", "flow_temperature", number), ("return_temperature", "return_temperature", number),
    ), MIXED_GROUPS),
    Route("/dehumidifiers/{}", "dehumidifier {}", (("dehumidifier_state", "running", flag),), DEHUMIDIFIERS),
    Route("/pumps/{}", "pump {}", (("pump_state", "running", flag),), PUMPS),
)  # fmt: skip
API = (
    Route("/api/mode", "operation", (("mode", "mode", mode),)),
    Route("/api/state", "operation", (("state", "state", state),)),
    Route("/api/outsidetemperature", "outside", (
        ("outsideTemperature", "temperature", number), ("filteredOutsideTemperature", "filtered_temperature", number),
    )),
    Route("/api/notifications", "notifications", (
        ("errorPresent", "error", flag), ("warningsPresent", "warning", flag), ("hintsPresent", "hint", flag),
    )),
    Route("/api/mixedgroups/{}", "mixed_group {}", (
        ("mixingValveOpeningPercentage", "valve_opening", number), ("pumpState", "pump", flag),
        ("flowTemperature", "flow_temperature", number), ("returnTemperature", "return_temperature", number),
    ), MIXED_GROUPS),
    Route("/api/dehumidifiers/{}", "dehumidifier {}", (("dehumidifierState", "running", flag),), DEHUMIDIFIERS),
    Route("/api/pumps/{}", "pump {}", (("pumpState", "running", flag),), PUMPS),
)  # fmt: skip
_ROOT_ZONE = (*_ZONE, ("relative_humidity", "relative_humidity", low_byte))
_API_ZONE = (*_ZONE, ("relativeHumidity", "relative_humidity", low_byte))
_API_ZONES = "/api/zones"
_HOPELESS = 3
"""After so many questions in a row that nobody answered, the rest of a round is not asked."""


class OldGateway:
    """An older gateway, asked one question after the other. `failures` says by path why there was no answer.

    Where zones are asked for one by one, each possible one is asked for until it was answered once, and then only those
    that show anything: all others are 0 there.
    """

    def __init__(self, peer: Peer, contract: str, pause: Callable[[], None]) -> None:
        self.contract = contract
        self._peer = peer
        self._pause = pause
        self._unanswered = 0
        self._untold = {(ref.base, ref.zone) for ref in ZoneRef.every()}
        self._showing: set[tuple[int, int]] = set()
        self.failures: dict[str, str] = {}

    def values(self, zones: Zones) -> Values:
        """Return all that it shows of the plant, of these zones and of others; what it did not answer is missing.

        NoAnswer when it shows nothing, or goes away.
        """
        self._unanswered = 0
        found: Values = {}
        for route in ROOT if self.contract == "root" else API:
            for path, thing in route.each():
                found |= _read(thing, route.fields, self._ask(path))
        found |= self._zones_one_by_one(zones) if self.contract == "root" else self._zones_at_once()
        failures = list(self.failures.values())
        if self._unanswered >= _HOPELESS:
            raise NoAnswer(failures[-1])
        if not found:
            raise NoAnswer(failures[0] if failures else f"{self._peer.base} shows nothing")
        return found

    def _zones_one_by_one(self, zones: Zones) -> Values:
        found: Values = {}
        for base, zone in sorted({*zones, *self._showing, *self._untold}):
            answer = self._ask(f"/zones/{base}/{zone}")
            values = _read(f"zone {base}.{zone}", _ROOT_ZONE, answer)
            if answer:
                self._untold.discard((base, zone))
            if any(values.values()):
                self._showing.add((base, zone))
            if (base, zone) in self._showing or (base, zone) in zones:
                found |= values
        return found

    def _zones_at_once(self) -> Values:
        found: Values = {}
        listed = self._ask(_API_ZONES).get("zones")
        for zone in listed if isinstance(listed, list) else []:
            if isinstance(zone, dict) and _is_small(zone.get("baseId")) and _is_small(zone.get("zoneId")):
                found |= _read(f"zone {zone['baseId']}.{zone['zoneId']}", _API_ZONE, _with_true_state(zone))
        return found

    def _ask(self, path: str) -> Mapping[str, Any]:
        """Return the object that a path answers, {} when there is none."""
        if self._unanswered >= _HOPELESS:
            return {}
        self._pause()
        try:
            answer = self._peer.get(path)
        except NoAnswer as error:
            self._unanswered = self._unanswered + 1 if isinstance(error, Away) else 0
            self.failures.pop(path, None)  # the newest stands last
            self.failures[path] = error.message
            return {}
        self._unanswered = 0
        if isinstance(answer, dict):
            self.failures.pop(path, None)
            return answer
        self.failures[path] = f"{path} is not answered with a JSON object"
        return {}


def contract_of(peer: Peer) -> str:
    """Find out which routes a gateway has, "root" or "api"; OperatorError when neither, or it does not answer."""
    reasons = []
    for contract, path, kind in (("root", "/mode", int), ("api", "/api/mode", str)):
        try:
            answer = peer.get(path)
        except Away:
            raise
        except NoAnswer as error:
            reasons.append(error.message)
        else:
            if isinstance(answer, dict) and isinstance(answer.get("mode"), kind):
                return contract
            reasons.append(f"{path} is answered with something else")
    raise OperatorError(f"{peer.base} has the routes of no older gateway: {'; '.join(reasons)}")


def _read(thing: str, fields: tuple[Field, ...], answer: Mapping[str, Any]) -> Values:
    return {named(thing, field): read(answer[key]) for key, field, read in fields if key in answer}


def _is_small(number: object) -> bool:
    return isinstance(number, int) and 0 <= number < 100


def _with_true_state(zone: Mapping[str, Any]) -> Mapping[str, Any]:
    """Some name party and holiday otherwise, and give the true number beside it."""
    return {**zone, "state": zone["stateCode"]} if isinstance(zone.get("stateCode"), int) else zone
