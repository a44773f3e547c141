"""Looks at the shared memory: which zones and parts there are, how they are, and what became of their commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.domain.condensation import Verdict, flow_of, judge, room_of
from neasmart_gateway.domain.modes import OperatingMode
from neasmart_gateway.domain.plant import decode_unit
from neasmart_gateway.domain.receipts import Receipt, number_of
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.structures import Structures
from neasmart_gateway.domain.topics import UNIT_TOPICS
from neasmart_gateway.domain.zones import Zone, ZoneRef, decode_zone
from neasmart_gateway.mqtt.discovery import SINGLES, Part
from neasmart_gateway.mqtt.states import Room, Told
from neasmart_gateway.mqtt.topics import PLANT, Place
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.shm.receipts import ReceiptRing

_OPERATION = ("operation", 1)
_ALWAYS: frozenset[Part] = frozenset((group, 1) for group in SINGLES)


@dataclass(frozen=True, slots=True)
class House:
    """The house at one moment; `parts` is what of the plant was ever heard, and what every house is given."""

    rooms: Mapping[ZoneRef, Room]
    operation: Told
    parts: Mapping[Part, Told]
    bus_alive: bool

    @property
    def mode(self) -> OperatingMode | None:
        """The live global mode."""
        value = self.operation.unit.fields["mode"].value if self.operation.live else None
        return value if isinstance(value, OperatingMode) else None

    @property
    def water(self) -> Iterable[tuple[Verdict, float | None]]:
        """Each zone's circuit with the room's live temperature (°C)."""
        return ((one.verdict, one.zone.temperature.value if one.live else None) for one in self.rooms.values())


class Onlooker:
    """Reads; `plan` is what the operator has told of the house, `clock` gives system-wide monotonic seconds."""

    def __init__(self, memory: SharedMemory, plan: Structures, stale_after: float, clock: Callable[[], float]) -> None:
        self._memory, self.plan = memory, plan
        self._stale_after, self._clock = stale_after, clock

    def heard(self, refs: Iterable[ZoneRef]) -> Iterator[ZoneRef]:
        """Yield those of some zones that the base station has ever spoken of."""
        return (ref for ref in refs if self._zone(ref)[0].heard)

    def look(self, refs: Iterable[ZoneRef]) -> House:
        """Return how everything is now."""
        fresh = Freshness(self._clock(), self._stale_after, self._memory.header.last_bus_write)
        units = self._units(fresh)
        read = {ref: self._zone(ref) for ref in refs}
        live = {ref: sound and not fresh.zone_is_stale(zone) for ref, (zone, sound) in read.items()}
        humid = {ref: sound and not fresh.humidity_is_stale(zone) for ref, (zone, sound) in read.items()}
        rooms = [
            room_of(zone, self._group(ref), live=live[ref], humidity_live=humid[ref]) for ref, (zone, _) in read.items()
        ]
        flows = [
            flow_of(told.unit, live=told.live) for (group, _), told in units.items()
            if group == "mixed_group" and told.unit.heard
        ]  # fmt: skip
        verdicts = {verdict.ref: verdict for verdict in judge(rooms, flows).zones}
        return House(
            rooms={ref: Room(zone, verdicts[ref], live[ref], humid[ref]) for ref, (zone, _) in read.items()},
            operation=units.pop(_OPERATION),
            parts={part: told for part, told in units.items() if told.unit.heard or part in _ALWAYS},
            bus_alive=not fresh.bus_silent,
        )

    def _units(self, fresh: Freshness) -> dict[Part, Told]:
        block = self._memory.reader.block(0)
        decode = partial(decode_unit, cells=block)
        units = (decode(*topic.part) for topic in UNIT_TOPICS)
        return {
            (unit.group, unit.number): Told(unit, block.consistent and not fresh.unit_is_stale(unit)) for unit in units
        }

    def _zone(self, ref: ZoneRef) -> tuple[Zone, bool]:
        """Return a zone, and whether it is a consistent copy."""
        block = self._memory.reader.block(ref.state_address)
        return decode_zone(ref, block), block.consistent

    def _group(self, ref: ZoneRef) -> int | None:
        plan = self.plan.zones.get(ref)
        return plan.mixed_group if plan else None


class Outcomes:
    """How the newest command of each place that has come to its end ended."""

    def __init__(self, ring: ReceiptRing) -> None:
        self._ring = ring
        self._newest: dict[Place, tuple[int, str]] = {}

    def read(self) -> None:
        """Take in all receipts that are held."""
        for _, receipt in self._ring:
            self.note(receipt)

    def note(self, receipt: Receipt) -> None:
        """Take a step of a command in."""
        for write in receipt["writes"]:
            place, number = place_of(write), number_of(receipt)
            if CommandState(write["state"]).is_final and number >= self._newest.get(place, (0, ""))[0]:
                self._newest[place] = number, write["state"]

    def of(self, place: Place) -> str | None:
        return self._newest.get(place, (0, None))[1]


def place_of(write: Mapping[str, int | None]) -> Place:
    """Return what a write of a receipt is about."""
    base, zone = write["base"], write["zone"]
    return PLANT if base is None or zone is None else ZoneRef(base, zone)
