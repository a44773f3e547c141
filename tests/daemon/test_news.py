"""What becomes an event: what is written, what is commanded, and what the mere passing of time changes."""

from pathlib import Path

import pytest

from neasmart_gateway.daemon.news import News
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.records import DeskRecord
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.topics import BUS, HEALTH, OPERATION, ZONE_TOPICS, Topic, topic_at
from neasmart_gateway.shm.facts import gather
from tests.desk.gateway import (
    MODE,
    PERSON,
    SETPOINT,
    TEMPERATURE,
    ZONE_STATE,
    Gateway,
    degrees,
    setpoint,
    taken,
)

ZONE = ZONE_TOPICS[0]


class Told(Gateway):
    """A gateway whose daemon writes events."""

    def __init__(self, lock: Path) -> None:
        super().__init__(lock)
        self.start_daemon()

    def start_daemon(self) -> None:
        """Another daemon finds the memory."""
        self.news = News(self.memory)
        self.desk = Desk(self.memory, self.rules, self._heard)
        self.desk.start(self.now)

    def _heard(self, record: DeskRecord) -> None:
        self.news.note(record)

    def turn(self, seconds: float = 0.25) -> None:
        """The daemon's loop turns."""
        self.wait(seconds)
        self.memory.header.heartbeat = self.now
        freshness = Freshness(self.now, self.rules.stale_after, self.memory.header.last_bus_write)
        self.news.turned(gather(self.memory, {"instance": 1, "started_at": 1.0}, freshness))

    def new(self) -> list[Topic]:
        """What there was since the last time."""
        before, self._seen = getattr(self, "_seen", 0), self.memory.events.latest
        return [event.topic for event in self.memory.events.since(before).events]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    told = Told(tmp_path / "lock")
    told.turn()
    return told


def test_the_first_turn_tells_of_bus_and_health(told: Told) -> None:
    """And no other one does, as long as they are as they were."""
    assert told.new() == [BUS, HEALTH]
    told.turn()
    assert told.new() == []


def test_a_change_is_an_event_and_a_repetition_is_none(told: Told) -> None:
    """Of the zone, of the operation, of a part of the plant; of an unknown register none."""
    told.new()
    told.writes(TEMPERATURE, degrees(20))
    told.writes(TEMPERATURE, degrees(20))
    told.writes(MODE, 2)
    told.writes(7, degrees(5))
    told.writes(60000, 7)
    assert told.new() == [ZONE, OPERATION, topic_at(7)]


def test_what_one_write_changes_of_a_zone_is_one_event(told: Told) -> None:
    """And what the next one changes is another, also at the same moment; so are changes of two zones."""
    told.new()
    told.writes(ZONE_STATE, 1, degrees(21), degrees(20))
    assert told.new() == [ZONE]
    told.writes(SETPOINT, degrees(22))
    told.writes(SETPOINT, degrees(23), degrees(20.5))
    assert told.new() == [ZONE, ZONE]
    told.writes(TEMPERATURE, *[0] * 98, degrees(19), degrees(18))
    assert told.new() == [ZONE, ZONE_TOPICS[1]]


def test_every_step_of_a_command_is_told(told: Told) -> None:
    """With the receipt as it was at that step, and the zone that it concerns."""
    told.writes(SETPOINT, degrees(20))
    told.new()
    first = told.memory.events.latest
    command = taken(told.desk, [setpoint(22)], PERSON, told.now)
    told.reads(SETPOINT)
    told.writes(SETPOINT, degrees(22))
    events = told.memory.events.since(first).events
    receipts = [receipt for e in events if (receipt := told.memory.events.receipt(e)) is not None]
    states = [receipt["state"] for receipt in receipts if receipt["id"] == command.id]
    assert states == ["accepted", "delivered", "confirmed"]
    assert events[-1].topic == ZONE


def test_turning_stale_is_an_event_and_so_is_coming_back(told: Told) -> None:
    """Once each: by time alone, and by a write that repeats the same word."""
    told.writes(TEMPERATURE, degrees(20))
    told.turn(1.0)
    told.new()
    for _ in range(4):
        told.writes(TEMPERATURE + 100, degrees(20))  # the bus lives, only zone 1/1 is not heard any more
        told.turn(1.9)
    assert ZONE not in told.new()
    for _ in range(100):
        told.writes(TEMPERATURE + 100, degrees(20))
        told.turn(1.9)
    assert told.new().count(ZONE) == 1
    told.writes(TEMPERATURE, degrees(20))
    told.turn(1.9)
    assert told.new() == [ZONE]


def test_silence_makes_everything_stale(told: Told) -> None:
    """Bus, health, and each thing that was ever heard of."""
    told.writes(TEMPERATURE, degrees(20))
    told.writes(MODE, 2)
    told.turn(1.0)
    told.new()
    for _ in range(100):
        told.turn(1.9)
    assert sorted(told.new()) == sorted([BUS, HEALTH, ZONE, OPERATION])


def test_another_daemon_tells_everything_anew(told: Told) -> None:
    """Nobody knows what the one before had no time to tell; the numbers go on."""
    told.writes(TEMPERATURE, degrees(20))
    told.turn(1.0)
    told.new()
    before = told.memory.events.latest
    told.start_daemon()
    told.turn()
    assert sorted(told.new()) == sorted([BUS, HEALTH, ZONE])
    assert told.memory.events.latest == before + 3


def test_a_daemon_that_stood_still_tells_everything_anew(told: Told) -> None:
    """As long as everybody took it for dead nothing was live."""
    told.writes(TEMPERATURE, degrees(20))
    told.turn(1.0)
    told.new()
    told.turn(2.0)
    assert told.new() == []
    told.turn(2.1)
    assert sorted(told.new()) == sorted([BUS, HEALTH, ZONE])


def test_a_step_that_a_killed_daemon_had_only_noted_is_told(told: Told) -> None:
    """Its receipt stands in the ring of receipts, and no event tells of it."""
    told.writes(SETPOINT, degrees(20))
    command = taken(told.desk, [setpoint(22)], PERSON, told.now)
    receipt = told.receipt(command)
    told.memory.receipts.put(0, receipt | {"state": "confirmed"})
    told.memory.receipts.put(1, receipt | {"id": "1-new", "state": "expired"})
    first = told.memory.events.latest
    told.news = News(told.memory)
    told.turn()
    steps = [r for e in told.memory.events.since(first).events if (r := told.memory.events.receipt(e))]
    assert [(step["id"], step["state"]) for step in steps] == [(command.id, "confirmed"), ("1-new", "expired")]
