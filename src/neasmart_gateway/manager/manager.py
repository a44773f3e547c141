"""ModbusManager: everything the HTTP side may know and ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neasmart_gateway.domain.intentions import Intention, SetpointRange
from neasmart_gateway.domain.plant import Unit, count_of, decode_unit
from neasmart_gateway.domain.receipts import is_open
from neasmart_gateway.domain.registers import rows_of
from neasmart_gateway.domain.structures import Structures
from neasmart_gateway.domain.zones import Zone, ZoneRef, decode_zone
from neasmart_gateway.errors import Conflict, GatewayError, NotFound, StoreError
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.link.records import encode_intentions
from neasmart_gateway.manager.breaker import DaemonBreaker
from neasmart_gateway.manager.bus import BusReader
from neasmart_gateway.manager.condensation import Advice, advise
from neasmart_gateway.manager.diagnostics import DiagnosticsReader
from neasmart_gateway.manager.drills import Drills
from neasmart_gateway.manager.events import EventReader
from neasmart_gateway.manager.health import BusWrite, Health, HealthReader, Summary
from neasmart_gateway.manager.history import History
from neasmart_gateway.manager.measurements import MeasurementReader
from neasmart_gateway.manager.registers import registers_from
from neasmart_gateway.manager.snapshot import Edition, Editions, Snapshot
from neasmart_gateway.manager.topology import Survey, Topology
from neasmart_gateway.manager.views import Page, Receipt, RegisterView, UnitView, ZoneView
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.queries import AuditRow, Wanted

_LOOK_AGAIN = 0.05
MOST_WAITERS = 200
"""Callers of one worker that wait for the end of a command; each holds a connection, of which a worker has 1,000."""


@dataclass(frozen=True, slots=True)
class House:
    """What the operator has set about the house: labels, the setpoints that users may ask for."""

    structures: Structures
    allowed: SetpointRange


class ModbusManager:
    """Reads come from shared memory: no call, no SQL, and with the daemon away they go on and say stale.

    Commands go to the daemon, through a circuit breaker that all workers share.
    """

    def __init__(
        self, memory: SharedMemory, link: LinkClient, breaker: DaemonBreaker, house: House, health: HealthReader,
        history: History, measurements: MeasurementReader,
    ) -> None:  # fmt: skip
        self._memory = memory
        self._link = link
        self._breaker = breaker
        self.bus = BusReader(link)
        self._health = health
        self._history = history
        self._editions = Editions(memory, health)
        self._waiting = 0
        self.measurements = measurements
        self.house = house
        self.diagnostics = DiagnosticsReader(link)
        self.drills = Drills(memory, link, health.clock)
        self.events = EventReader(memory, health)

    # Zones

    def zones(self) -> list[ZoneView]:
        """Return every zone that is configured or was ever written by the base, in address order."""
        views = (self.zone(ref) for ref in ZoneRef.every())
        return [view for view in views if view.zone.heard or view.zone.ref in self.house.structures.zones]

    def zone(self, ref: ZoneRef) -> ZoneView:
        """Return one zone, whether anything is known of it or not."""
        block = self._memory.reader.block(ref.state_address)
        zone = decode_zone(ref, block)
        structures = self.house.structures
        plan = structures.zones.get(ref)
        freshness = self._health.freshness()
        by_age = freshness.by_age
        return ZoneView(
            zone=zone,
            label=structures.label(ref),
            base_label=structures.base_label(ref.base),
            mixed_group=plan.mixed_group if plan else None,
            stale=not block.consistent or freshness.zone_is_stale(zone),
            updated_at=self._unix(zone.heard_at),
            receipts=self._receipts(zone),
            humidity_stale=not block.consistent or freshness.humidity_is_stale(zone),
            old=by_age.zone_is_stale(zone),
            humidity_old=by_age.humidity_is_stale(zone),
            setpoint_old=by_age.setpoint_is_stale(zone),
        )

    # The plant

    def units(self, group: str) -> list[UnitView]:
        """Return all things of a group ("mixed_group", "pump", "dehumidifier"), heard of or not."""
        return [self.unit(group, number) for number in range(1, count_of(group) + 1)]

    def unit(self, group: str, number: int = 1) -> UnitView:
        """Return one thing of the plant; NotFound when the register map has no such number."""
        block = self._memory.reader.block(rows_of(group)[0].start)
        unit, freshness = decode_unit(group, number, block), self._health.freshness()
        return UnitView(
            unit=unit,
            stale=not block.consistent or freshness.unit_is_stale(unit),
            updated_at=self._unix(unit.heard_at),
            receipts=self._receipts(unit),
            old=freshness.bus_silent,
        )

    def snapshot(self) -> Snapshot:
        """Return everything at once."""
        before, zones = self._editions.ingredients(), self.zones()
        return Snapshot(
            zones=zones,
            operation=self.unit("operation"),
            outside=self.unit("outside"),
            notifications=self.unit("notifications"),
            mixed_groups=self.units("mixed_group"),
            pumps=self.units("pump"),
            dehumidifiers=self.units("dehumidifier"),
            health=self._health.summary(),
            edition=self._editions.edition(before, zones),
        )

    def edited(self, read: Callable[[], list[ZoneView]]) -> tuple[list[ZoneView], Edition | None]:
        """Return the zones that `read` returns, and their edition: None when something has moved meanwhile."""
        before, zones = self._editions.ingredients(), read()
        return zones, self._editions.edition(before, zones)

    def still_holds(self, edition: Edition) -> bool:
        """Whether what is read now would be that of this edition; far cheaper than to read it."""
        return self._editions.still_holds(edition)

    def condensation(self) -> Advice:
        """Return how far the water that cools is from each zone's dew point: advice, which commands nothing."""
        return advise(self.zones(), self.units("mixed_group"))

    def registers(self, start: int, count: int) -> list[RegisterView]:
        """Return raw registers from `start` on; InvalidValue when they reach beyond the address space."""
        return registers_from(start, count, self._memory.reader, self._health.freshness(), self._unix)

    # Commands

    def submit(
        self, intentions: Sequence[Intention], via: str, who: str, idempotency: tuple[str, str] | None = None,
        *, patient: bool = False,
    ) -> Receipt:  # fmt: skip
        """Hand a command to the daemon and return its receipt, or the first one that came with the same key.

        Raises DaemonAway when there is no daemon, Conflict when commands are not taken at present, TooMany when a
        register has had its share for the hour and the caller is not `patient`, NotDurable when the
        disk is away and the operator wants it so.
        """
        by = {"via": via, "who": who, "patient": patient}
        return self._call("submit", {"intentions": encode_intentions(intentions), "idempotency": idempotency, **by})

    def release(self, ref: ZoneRef, via: str, who: str) -> Receipt:
        """Withdraw our words from a zone; returns {"base", "zone", "closed": ids of the commands it ended}."""
        return self._call("release", {"base": ref.base, "zone": ref.zone, "via": via, "who": who})

    def cancel(self, command_id: str) -> Receipt:
        """Withdraw a command that the base has not read yet; NotFound, or Conflict when it is too late."""
        receipt = self.command(command_id)
        if not is_open(receipt):
            raise Conflict(f"command {command_id} has ended already: it is {receipt['state']}")
        return self._call("cancel", {"id": command_id})

    def command(self, command_id: str) -> Receipt:
        """Return a command's receipt; NotFound when there is none, StoreError when that cannot be known."""
        receipt = self._history.command(command_id)
        if receipt is None:
            raise NotFound(f"there is no command {command_id[:40]!r}")
        return receipt

    def final(self, command_id: str, seconds: float, sleep: Callable[[float], None]) -> Receipt | None:
        """Return a command's receipt once it is final, or as it is after so many seconds.

        What is final is written down before it is told, if the disk lets it. None: too many wait already.
        """
        if self._waiting >= MOST_WAITERS:
            return None
        self._waiting += 1
        try:
            receipt = self._wait(command_id, self._health.clock() + seconds, sleep)
        finally:
            self._waiting -= 1
        if not is_open(receipt):
            self._catch_up(durable=True)
        return receipt

    def commands(self, wanted: Wanted) -> Page[Receipt]:
        """Return receipts, newest first; with the database away, of the newest 512."""
        return self._history.commands(wanted)

    def audit(self, wanted: Wanted) -> Page[AuditRow]:
        """Return changes, newest first, up to this moment; StoreError when not all of them can be read."""
        self._read_up_to_now()
        return self._history.audit(wanted)

    def timeline(self, wanted: Wanted) -> Page[AuditRow | Receipt]:
        """Return changes, and commands that have ended, newest first; StoreError when not all of them can be read."""
        self._read_up_to_now()
        return self._history.timeline(wanted)

    # Health

    def health(self) -> Health:
        return self._health.read()

    def health_summary(self) -> Summary:
        return self._health.summary()

    def bus_write(self) -> BusWrite:
        """Return when the base last wrote; cheap."""
        return self._health.bus_write()

    def diagnosis(self) -> dict[str, Any]:
        """Return {"findings", "too_early", "examined"} of the bus's doctor; DaemonAway when there is no daemon.

        Asked past the circuit breaker: who looks for a fault must neither be barred by it nor add to it.
        """
        found: dict[str, Any] = self._link.call("doctor", {})
        return found

    def topology(self) -> Topology:
        """Return what the base has ever spoken of, and what of it has gone silent, also with the daemon away."""
        header, intervals = self._memory.header, self.bus.write_intervals()
        survey = Survey(self._memory.reader, self._health.freshness(), header.booted_at)
        return survey.of(self.zones(), self.house.structures.zones, intervals, header.wall_offset)

    @property
    def changes(self) -> int:
        """A number that moves whenever something to be seen has changed."""
        return self._memory.header.changes

    # Inside

    def _wait(self, command_id: str, ends: float, sleep: Callable[[float], None]) -> Receipt:
        seen, receipt = self.changes, self.command(command_id)
        while is_open(receipt) and self._health.clock() < ends:
            sleep(_LOOK_AGAIN)
            if self.changes != seen:
                seen, receipt = self.changes, self.command(command_id)
        return receipt

    def _read_up_to_now(self) -> None:
        if not self._catch_up():
            raise StoreError(
                "what has happened cannot be told while the database cannot be written; see /api/v1/health",
                retry_after=5.0,
            )

    def _catch_up(self, *, durable: bool = False) -> bool:
        """Have what waits written down; true when nothing waits any more, as in a daemon that is not there.

        With `durable` it outlives a power cut. Not through the breaker: a disk in trouble is no reason to keep commands
        from the daemon.
        """
        if not self._health.daemon_alive():
            return True
        try:
            return bool(self._link.call("flush", {"durable": durable}))
        except GatewayError:
            return False

    def _call(self, method: str, params: dict[str, Any]) -> Receipt:
        result: Receipt = self._breaker.call(
            lambda: self._link.call(method, params), daemon_alive=self._health.daemon_alive()
        )
        return result

    def _receipts(self, thing: Zone | Unit) -> tuple[Receipt, ...]:
        found = (self._memory.receipts.at(slot) for slot in thing.receipts)
        return tuple(receipt for receipt in found if receipt is not None)

    def _unix(self, moment: float | None) -> float | None:
        return None if moment is None else moment + self._memory.header.wall_offset
