"""Keeps at the broker what is true now: devices, states and availability, each sent when it is another one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.topics import Kind
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.mqtt.discovery import ORIGIN, Discovery, Part, rows
from neasmart_gateway.mqtt.house import House, Onlooker, Outcomes, place_of
from neasmart_gateway.mqtt.season import Season, range_in, season_of
from neasmart_gateway.mqtt.states import State, plant_state, zone_state
from neasmart_gateway.mqtt.topics import PLANT, Names, Place
from neasmart_gateway.shm.events import EventRing

ONLINE, OFFLINE = "online", "offline"
_PARTS: dict[str, Part] = {key: (row.group, number) for row, key, number in rows()}

_AT_ONCE = 6
"""Messages that are made, a quarter of a millisecond, before the bus is looked at."""

Send = Callable[[str, str], Awaitable[None]]
"""Sends a retained message: topic and payload."""


class Publisher:
    """Follows the ring of events; `allowed` are the setpoints that the settings allow.

    What the broker holds of our devices is asked for once after each connection (`begin`), so that nothing is taken
    from Home Assistant only because this gateway has not heard of it yet.
    """

    def __init__(
        self, discovery: Discovery, onlooker: Onlooker, events: EventRing, outcomes: Outcomes, allowed: SetpointRange
    ) -> None:
        self._discovery, self._onlooker, self._events = discovery, onlooker, events
        self._outcomes, self.allowed = outcomes, allowed
        self._names: Names = discovery.names
        self._told: dict[str, str] = {}
        self._zones: set[ZoneRef] = set(onlooker.plan.zones)
        self._spoken_of: set[ZoneRef] = set()
        self._bases: set[int] = set()
        self._parts: set[Part] = set()
        self._seen = events.latest
        self._again = True
        self._gone: tuple[Place, ...] = ()
        self._configs: dict[Place, tuple[object, str]] = {}
        self.season: Season | None = None

    @property
    def refs(self) -> frozenset[ZoneRef]:
        """The zones that are shown."""
        return frozenset(self._zones)

    @property
    def topics(self) -> Iterable[str]:
        """Everything that was sent."""
        return self._told.keys()

    def told(self, topic: str) -> str | None:
        """Return what was sent last at a topic."""
        return self._told.get(topic)

    def begin(self, held: dict[Place, str]) -> tuple[str, ...]:
        """Begin with a new connection, at which the broker held these messages of devices.

        Returns the ids of the devices that are to be removed, with `removals`.
        """
        ours = {place: config for place, text in held.items() if (config := _ours(text)) is not None}
        listed = self._onlooker.plan.zones
        wanted = {PLANT, *listed, *(ref.base for ref in listed)}
        self._gone = tuple(place for place in ours if listed and place not in wanted)
        for place in ours.keys() - set(self._gone):
            self._remember(place)
        self._parts |= {_PARTS[key] for key in ours.get(PLANT, {}).get("cmps", {}) if key in _PARTS}
        self._spoken_of = set(ZoneRef.every())
        self._seen = self._events.latest  # what has happened before is in the image, and no news to anybody
        self._outcomes.read()
        self.repeat()
        return tuple(map(self._names.device, self._gone))

    def removals(self) -> Iterator[str]:
        """Yield the topics to be emptied of zones that the settings do not list any more."""
        for place in self._gone:
            yield self._names.config(place)
            yield self._names.state(place)
            yield self._names.availability(place)

    def _remember(self, place: Place) -> None:
        if isinstance(place, ZoneRef):
            self._zones.add(place)
        else:
            self._bases.add(place)

    def repeat(self) -> None:
        """Let everything be sent once more."""
        self._told.clear()
        self._again = True

    def steps(self) -> Iterator[tuple[str, str]]:
        """Yield topic and payload for each step of a command that has come since the last time, as no retained one."""
        batch = self._events.since(self._seen)
        self._spoken_of |= {event.topic.zone for event in batch.events if event.topic.kind is Kind.ZONE}
        if batch.after > self._seen:
            self._spoken_of |= set(ZoneRef.every())
        self._again = self._again or batch.latest != self._seen
        self._seen = batch.latest
        for receipt in filter(None, map(self._events.receipt, batch.events)):
            self._outcomes.note(receipt)
            for place in dict.fromkeys(map(place_of, receipt["writes"])):
                yield self._names.result(place), _json(receipt)

    async def turn(self, send: Send) -> None:
        """Send what is another one than was sent last; cheap while nothing has happened."""
        if not self._again:
            return
        self._again = False
        for number, (topic, payload) in enumerate(self._everything()):
            if self._told.get(topic) != payload:
                self._told[topic] = payload  # first: it may come back before we are told that it was sent
                await send(topic, payload)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # the bus comes first

    def _everything(self) -> Iterator[tuple[str, str]]:
        self._learn()
        house = self._onlooker.look(sorted(self._zones))
        self.season = season_of(house.mode, house.water, self.season)
        self._bases |= {PLANT, *(ref.base for ref in self._zones)}
        self._parts |= set(house.parts)
        for base in sorted(self._bases):
            yield from self._base(base, house)
        for ref in house.rooms:
            yield from self._zone(ref, house, self.season)

    def _learn(self) -> None:
        """Take in zones that were not heard of before, unless the settings say which zones there are."""
        if not self._onlooker.plan.zones:
            self._zones |= set(self._onlooker.heard(self._spoken_of - self._zones))
        self._spoken_of.clear()

    def _base(self, base: int, house: House) -> Iterator[tuple[str, str]]:
        names, label, parts = self._names, self._onlooker.plan.base_label(base), frozenset(self._parts)
        yield names.config(base), self._config(base, (label, parts), lambda: self._discovery.base(base, label, parts))
        yield names.state(base), _json(self._state_of(base, house))
        yield names.availability(base), ONLINE if house.bus_alive else OFFLINE

    def _state_of(self, base: int, house: House) -> State:
        if base == PLANT:
            return plant_state(house.operation, house.parts, self._outcomes.of(PLANT), bus_alive=house.bus_alive)
        return {"alive": any(room.live for ref, room in house.rooms.items() if ref.base == base)}

    def _zone(self, ref: ZoneRef, house: House, season: Season) -> Iterator[tuple[str, str]]:
        names, room = self._names, house.rooms[ref]
        label, offered = self._onlooker.plan.label(ref), range_in(season, self.allowed)
        made_of = (label, season, offered)
        yield names.config(ref), self._config(ref, made_of, lambda: self._discovery.zone(ref, *made_of))
        yield names.state(ref), _json(zone_state(room, season, self._outcomes.of(ref)))
        yield names.availability(ref), ONLINE if room.live else OFFLINE

    def _config(self, place: Place, made_of: object, make: Callable[[], Mapping[str, Any]]) -> str:
        """Return the message that makes a device known, the longest of all: made anew only of something else."""
        kept = self._configs.get(place)
        if kept is None or kept[0] != made_of:
            kept = self._configs[place] = (made_of, _json(make()))
        return kept[1]


def _ours(text: str) -> dict[str, Any] | None:
    """Return the message of a device that a gateway has made known; None for what somebody else has put there."""
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(config, dict) or not isinstance(config.get("cmps"), dict):
        return None
    origin = config.get("o")
    return config if isinstance(origin, dict) and origin.get("name") == ORIGIN else None


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
