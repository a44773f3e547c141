"""Writes down as events what changes: by writes, by commands, and by the mere passing of time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from neasmart_gateway.desk.records import CommandChanged, DeskRecord, RegisterChanged, RegisterReleased, RegisterWanted
from neasmart_gateway.domain.components import Facts, judge, problems
from neasmart_gateway.domain.plant import decode_unit
from neasmart_gateway.domain.receipts import Receipt, number_of
from neasmart_gateway.domain.staleness import HEARTBEAT_LIMIT, Freshness
from neasmart_gateway.domain.topics import BUS, HEALTH, UNIT_TOPICS, ZONE_TOPICS, Topic, topic_at
from neasmart_gateway.domain.zones import decode_zone
from neasmart_gateway.shm.memory import SharedMemory

LOOK_SECONDS = 1.0
"""How often it is looked for what has turned stale, or is live again without having changed."""


class News:
    """A subscriber of the desk that fills the ring of events; to be told of every turn of the daemon's loop."""

    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory
        self._events = memory.events
        self._stale: dict[Topic, bool] = {}
        self._judged: dict[Topic, object] = {}
        self._looked_at = float("-inf")
        self._heartbeat: float | None = None
        self._told: tuple[Topic | None, int] | None = None
        """The topic of the last change that was told, and how many changes the image had seen by then."""

    def note(self, record: DeskRecord) -> None:
        """Hear what the desk reports; the image shows it already."""
        match record:
            case RegisterChanged(address):
                self._changed(topic_at(address))
            case RegisterWanted() | RegisterReleased():
                self._touched([record.address])
            case CommandChanged(receipt):
                self._events.append_receipt(receipt)
                self._touched([write["address"] for write in receipt["writes"]])

    def turned(self, facts: Facts) -> None:
        """The loop has turned, and these are the facts by now.

        The first time, and after a standstill in which everybody took the daemon for dead, everything is told anew:
        nobody knows what was missed.
        """
        before, self._heartbeat = self._heartbeat, facts.heartbeat
        if before is None:
            self._tell_forgotten_steps()
        if before is None or facts.heartbeat is None or facts.heartbeat - before > HEARTBEAT_LIMIT:
            self._stale.clear()
            self._judged.clear()
            self._looked_at = float("-inf")
        self._judge(facts)
        if facts.freshness.now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = facts.freshness.now
            self._look(facts.freshness)

    def _changed(self, topic: Topic | None) -> None:
        """Tell of a change by the base, once for all that one write has changed of a zone: the image shows it all."""
        told = topic, self._memory.header.changes
        if topic is not None and told != self._told:
            self._told = told
            self._events.append(topic)

    def _touched(self, addresses: list[int]) -> None:
        for topic in dict.fromkeys(map(topic_at, addresses)):
            if topic is not None:
                self._events.append(topic)

    def _judge(self, facts: Facts) -> None:
        components, status = judge(facts), facts.status
        bus = (facts.freshness.bus_silent, tuple(status.get("two_peers", ())), tuple(status.get("fights", ())))
        health = (problems(components), [(one.name, one.kind, one.state, one.severity) for one in components])
        for topic, state in ((BUS, bus), (HEALTH, health)):
            if self._judged.get(topic) != state:
                self._judged[topic] = state
                self._events.append(topic)

    def _look(self, freshness: Freshness) -> None:
        """Tell of everything whose staleness is another one, or that is heard of for the first time."""
        for topic, stale in self._heard(freshness):
            if self._stale.get(topic) is not stale:
                self._stale[topic] = stale
                self._events.append(topic)

    def _heard(self, freshness: Freshness) -> Iterator[tuple[Topic, bool]]:
        block = self._memory.reader.block
        for topic in ZONE_TOPICS:
            zone = decode_zone(topic.zone, block(topic.zone.state_address))
            if zone.heard:
                yield topic, freshness.zone_is_stale(zone)
        decode = partial(decode_unit, cells=block(0))
        for topic in UNIT_TOPICS:
            unit = decode(*topic.part)
            if unit.heard:
                yield topic, freshness.unit_is_stale(unit)

    def _tell_forgotten_steps(self) -> None:
        """Tell of steps of commands that a killed daemon had noted, and had no time to tell of."""
        told = {receipt["id"]: receipt for receipt in self._events.receipts()}
        newest = max(map(number_of, told.values()), default=-1)
        held = sorted((receipt for _, receipt in self._memory.receipts), key=number_of)
        for receipt in held:
            if self._is_news(receipt, told, newest):
                self.note(CommandChanged(receipt))

    def _is_news(self, receipt: Receipt, told: dict[str, Receipt], newest: int) -> bool:
        known = told.get(receipt["id"])
        return number_of(receipt) > newest if known is None else known != receipt
