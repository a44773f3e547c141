"""Whether cooled water can make a room's air condense: advice made of readings, never a command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import TypeVar

from neasmart_gateway.domain.plant import Unit
from neasmart_gateway.domain.readings import Reading, Reason
from neasmart_gateway.domain.zones import Zone, ZoneRef

E = TypeVar("E", bound=StrEnum)

_A, _B = 17.62, 243.12
"""Magnus coefficients over water, B in °C: Sonntag 1990 (Z. Meteorol. 70, 340-344), as in WMO-No. 8, annex 4.B."""
VALID_CELSIUS = (-45.0, 60.0)
"""The temperatures for which the coefficients are given."""
COOLING_BELOW = 1.0
"""K that running water must be below the coldest room it serves before we call that cooling: more than sensors err."""
NEAR = 2.0
"""K of margin below which we warn. A humidity sensor that errs by 3 % moves the dew point by 0.8 K (our choice)."""


class Why(StrEnum):
    """Why there is no dew point or no margin; the first of them that applies to several zones is told."""

    FLOW_UNKNOWN = "flow_unknown"
    """Which pump runs, or how cold its water is, is not known; or no group was ever heard."""
    STALE = "stale"
    """The room's temperature or humidity is not live."""
    NO_TEMPERATURE = "no_temperature"
    """The room has no temperature, or one that the formula does not cover."""
    NO_HUMIDITY = "no_humidity"
    """The base has sent no humidity, or one that cannot be."""
    NO_HUMIDITY_SENSOR = "no_humidity_sensor"
    """The base says that the room has none (0 %)."""
    NOT_COOLING = "not_cooling"
    """No running water is clearly colder than the rooms."""


class Risk(StrEnum):
    """What a margin means; the worst comes first."""

    POSSIBLE = "possible"
    """The water is at the dew point or below: what is as cold as the water gets wet."""
    NEAR = "near"
    """Less than 2 K above it."""
    UNKNOWN = "unknown"
    NONE = "none"
    """2 K or more above it, or no cooling."""


@dataclass(frozen=True, slots=True)
class Known:
    """A number (°C or K), or the reason why there is none: exactly one of the two."""

    value: float | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """A zone as far as it matters here; `mixed_group` is None when nobody said which one feeds it."""

    ref: ZoneRef
    temperature: Reading[float]
    relative_humidity: Reading[int]
    mixed_group: int | None = None
    live: bool = True
    humidity_live: bool = True

    @property
    def celsius(self) -> float | None:
        """The live temperature in °C."""
        return self.temperature.value if self.live else None


@dataclass(frozen=True, slots=True)
class Flow:
    """The water of a mixed group that was heard of: pump on or off, °C; None is unknown, and all is when not live."""

    group: int
    pump: bool | None
    celsius: float | None

    @property
    def known(self) -> bool:
        """Whether it can be told if, and how cold, this water runs."""
        return self.pump is False or (self.pump is True and self.celsius is not None)


@dataclass(frozen=True, slots=True)
class Circuit:
    """The water that some rooms are held against: `group` and `celsius` while it runs, and whether it cools them.

    Not `certain`: there may be colder water besides, of which nothing is known.
    """

    group: int | None = None
    celsius: float | None = None
    cooling: bool | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """One zone: its dew point (°C), how far the water is above it (K), and what that means."""

    ref: ZoneRef
    dew_point: Known
    margin: Known
    risk: Risk
    circuit: Circuit


@dataclass(frozen=True, slots=True)
class Condensation:
    """The house: all zones, the lowest margin (K), the worst risk; `cooling` is None when it cannot be told."""

    zones: Sequence[Verdict]
    cooling: bool | None
    lowest_margin: Known
    risk: Risk


def room_of(zone: Zone, mixed_group: int | None, *, live: bool, humidity_live: bool) -> Room:
    """Return a zone as a room; `live` as its temperature is, `humidity_live` as its humidity."""
    return Room(zone.ref, zone.temperature, zone.relative_humidity, mixed_group, live, humidity_live)


def flow_of(group: Unit, *, live: bool) -> Flow:
    """Return the water of a mixed group; nothing of it is known unless it is live."""
    pump, celsius = group.fields["pump"].value, group.fields["flow_temperature"].value
    return Flow(
        group=group.number,
        pump=pump if live and isinstance(pump, bool) else None,
        celsius=celsius if live and isinstance(celsius, float) else None,
    )


def dew_point(celsius: float, percent: float) -> float:
    """Return the dew point in °C of air of −45 to 60 °C and more than 0 up to 100 % relative humidity over water."""
    if not (VALID_CELSIUS[0] <= celsius <= VALID_CELSIUS[1] and 0.0 < percent <= 100.0):
        raise ValueError(f"no dew point of {celsius} °C and {percent} %")
    gamma = log(percent / 100.0) + _A * celsius / (_B + celsius)
    return min(celsius, _B * gamma / (_A - gamma))


def dew_point_of(room: Room) -> Known:
    """Return a room's dew point, or why there is none; nothing is ever made of an old value."""
    celsius, percent = room.celsius, room.relative_humidity.value
    if not room.live:
        return Known(why=Why.STALE)
    if celsius is None or not VALID_CELSIUS[0] <= celsius <= VALID_CELSIUS[1]:
        return Known(why=Why.NO_TEMPERATURE)
    if percent is None:
        none = room.relative_humidity.reason is Reason.NONE
        return Known(why=Why.NO_HUMIDITY_SENSOR if none else Why.NO_HUMIDITY)
    if not room.humidity_live:
        return Known(why=Why.STALE)
    return Known(dew_point(celsius, percent))


def judge(rooms: Sequence[Room], flows: Sequence[Flow]) -> Condensation:
    """Hold every room against the water of its mixed group; those without one against the coldest that runs."""
    groups = dict.fromkeys(room.mixed_group for room in rooms)
    circuits = {group: _circuit([r for r in rooms if r.mixed_group == group], group, flows) for group in groups}
    zones = [_verdict(room, circuits[room.mixed_group]) for room in rooms]
    others = [] if None in groups else [_circuit(rooms, f.group, flows) for f in flows if f.group not in groups]
    return Condensation(
        zones=zones,
        cooling=_any(circuit.cooling for circuit in (*circuits.values(), *others)),
        lowest_margin=_lowest(zone.margin for zone in zones),
        risk=_first(Risk, (zone.risk for zone in zones), Risk.UNKNOWN),
    )


def risk_of(margin: Known) -> Risk:
    """Return what a margin in K means."""
    if margin.value is None:
        return Risk.NONE if margin.why is Why.NOT_COOLING else Risk.UNKNOWN
    if margin.value <= 0.0:
        return Risk.POSSIBLE
    return Risk.NEAR if margin.value < NEAR else Risk.NONE


def _circuit(served: Iterable[Room], group: int | None, flows: Iterable[Flow]) -> Circuit:
    """Judge the water of one group, or without a group the coldest that runs, as far as it is known."""
    feeding = [flow for flow in flows if group in (None, flow.group)]
    certain = bool(feeding) and all(flow.known for flow in feeding)
    running = [(flow.celsius, flow.group) for flow in feeding if flow.pump and flow.celsius is not None]
    if not running:
        return Circuit(group, cooling=False if certain else None, certain=certain)
    celsius, source = min(running)
    coldest = min((room.celsius for room in served if room.celsius is not None), default=None)
    cooling = None if coldest is None else celsius <= coldest - COOLING_BELOW
    return Circuit(source, celsius, cooling or (cooling if certain else None), certain)


def _verdict(room: Room, circuit: Circuit) -> Verdict:
    point = dew_point_of(room)
    margin = _margin(room, point, circuit)
    return Verdict(room.ref, point, margin, risk_of(margin), circuit)


def _margin(room: Room, point: Known, circuit: Circuit) -> Known:
    """Return flow temperature − dew point. What is not live is not even said to be free of cooling.

    Where colder water may run that nothing is known of, only a margin that is small anyway is told.
    """
    if not room.live:
        return Known(why=Why.STALE)
    if circuit.cooling is False:
        return Known(why=Why.NOT_COOLING)
    if circuit.celsius is None or (circuit.cooling is None and not circuit.certain):
        return Known(why=Why.FLOW_UNKNOWN)
    if circuit.cooling is None or point.value is None:
        return Known(why=point.why or Why.NO_TEMPERATURE)
    margin = circuit.celsius - point.value
    return Known(margin) if circuit.certain or margin < NEAR else Known(why=Why.FLOW_UNKNOWN)


def _lowest(margins: Iterable[Known]) -> Known:
    """Return the lowest margin; without any, the first reason; without zones nothing is live."""
    told = list(margins)
    values = [margin.value for margin in told if margin.value is not None]
    if values:
        return Known(min(values))
    return Known(why=_first(Why, (margin.why for margin in told), Why.STALE))


def _any(answers: Iterable[bool | None]) -> bool | None:
    """Return True if one is, None if that cannot be told, else False."""
    told = set(answers)
    if True in told:
        return True
    return None if None in told or not told else False


def _first(kind: type[E], found: Iterable[E | None], empty: E) -> E:
    """Return the member found that its class names first."""
    there = set(found)
    return next((member for member in kind if member in there), empty)
