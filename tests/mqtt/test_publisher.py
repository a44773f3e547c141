"""What the broker holds is what is true now, and nothing is taken from Home Assistant that may come back."""

import json
from pathlib import Path

import pytest

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.structures import Structures, ZonePlan
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.mqtt.topics import Place
from tests.mqtt.memory import NAMES, STALE, Bench

RECORDED = Path(__file__).parent / "recorded"
BATH, KITCHEN, ATTIC = ZoneRef(1, 1), ZoneRef(1, 2), ZoneRef(2, 5)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def listing(*refs: ZoneRef) -> Structures:
    return Structures({1: "Ground floor"}, {ref: ZonePlan(f"Room {ref.zone}", 1) for ref in refs})


async def held_after(bench: Bench) -> dict[Place, str]:
    """What the broker holds of our devices once all was sent."""
    await bench.turn()
    return {place: bench.sent[topic] for topic, place in NAMES.configs() if topic in bench.sent}


def state(bench: Bench, place: Place) -> dict[str, object]:
    return dict(json.loads(bench.sent[NAMES.state(place)]))


def test_the_device_of_a_base(bench: Bench) -> None:
    """Word for word: ids, topics and templates are what Home Assistant lives by."""
    check("base.json", bench.publisher._discovery.base(1, "Ground floor", [("mixed_group", 2), ("pump", 5), OUTSIDE]))


OUTSIDE = ("dehumidifier", 9)


async def test_the_device_of_a_zone(tmp_path: Path) -> None:
    """Word for word, in the heating season."""
    bench = Bench(tmp_path, listing(BATH))
    held = await held_after(bench)
    check("zone.json", json.loads(held[BATH]))


def check(name: str, message: object) -> None:
    assert message == json.loads((RECORDED / name).read_text())


async def test_unique_ids_are_fixed_for_ever(bench: Bench) -> None:
    """This list may grow and never change: whoever renames an id takes names and history from people."""
    bench.tell_room(BATH)
    bench.tell_room(ATTIC)
    bench.tell(10, 50, 1, dpt9.encode(30.0), dpt9.encode(28.0))
    bench.tell(22, *[0] * 9)
    bench.tell(31, *[0] * 5)
    held = await held_after(bench)
    found = [c["unique_id"] for text in held.values() for c in json.loads(text)["cmps"].values()]
    assert sorted(found) == (RECORDED / "unique_ids.txt").read_text().split()


async def test_nothing_is_sent_twice(bench: Bench) -> None:
    """Only what is another one than before; and everything when Home Assistant has started."""
    bench.tell_room(BATH)
    first = await bench.turn()
    assert await bench.turn() == {}
    bench.tell_room(BATH)
    assert await bench.turn() == {}
    bench.tell_room(BATH, 22.0)
    assert [*await bench.turn()] == [NAMES.state(BATH)]
    bench.publisher.repeat()
    assert first.keys() == (await bench.turn()).keys()


async def test_silence(bench: Bench) -> None:
    """Zones and plant become unavailable, and no old value stays behind; the base says that its bus is dead."""
    bench.tell_room(BATH)
    bench.tell(1, 2, 1)
    await bench.turn()
    assert bench.sent[NAMES.availability(BATH)] == "online"
    bench.now += STALE + 1.0
    bench.news()
    await bench.turn()
    assert bench.sent[NAMES.availability(BATH)] == bench.sent[NAMES.availability(1)] == "offline"
    about_commands = {"command_pending", "command_outcome"}
    assert {key for key, value in state(bench, BATH).items() if value is not None} <= about_commands
    assert state(bench, 1)["bus_alive"] is False
    assert {key for key, value in state(bench, 1).items() if value is not None} <= about_commands | {"bus_alive"}


async def test_one_room_alone_is_silent(bench: Bench) -> None:
    bench.tell_room(BATH)
    bench.now += STALE
    bench.tell_room(KITCHEN)
    bench.now += 1.0
    bench.news()
    await bench.turn()
    assert [bench.sent[NAMES.availability(place)] for place in (BATH, KITCHEN, 1)] == ["offline", "online", "online"]


async def test_a_remembered_value_is_none(bench: Bench) -> None:
    """What only the journal remembers makes a zone known, and is not shown as live."""
    bench.memory.writer.restore(BATH.state_address + 2, dpt9.encode(21.0), bench.now)
    bench.tell_room(KITCHEN)
    bench.publisher.begin({})
    await bench.turn()
    assert bench.sent[NAMES.availability(BATH)] == "offline"
    assert state(bench, BATH)["temperature"] is None


async def test_what_is_desired_is_shown_while_it_is_pending(bench: Bench) -> None:
    bench.tell_room(BATH)
    bench.memory.writer.set_pending(BATH.setpoint_address, dpt9.encode(24.0), 0)
    bench.memory.writer.set_pending(BATH.state_address, 3, 0)
    bench.news()
    await bench.turn()
    assert first_words(bench) == [24.0, "standby", "off", True]
    bench.memory.writer.clear_all_pending()
    bench.news()
    await bench.turn()
    assert first_words(bench) == [21.5, "normal", "heat", False]


def first_words(bench: Bench) -> list[object]:
    shown = state(bench, BATH)
    return [shown[key] for key in ("setpoint", "preset", "mode", "command_pending")]


async def test_the_season_changes(bench: Bench) -> None:
    """Each thermostat is made known again, with its other mode and range; its state speaks the same words."""
    bench.tell_room(BATH)
    bench.tell(1, 2)
    await bench.turn()
    bench.tell(1, 3)
    new = await bench.turn()
    climate = json.loads(new[NAMES.config(BATH)])["cmps"]["climate"]
    assert (climate["modes"], climate["min_temp"], climate["max_temp"]) == (["off", "auto", "cool"], 15.0, 35.0)
    assert state(bench, BATH)["mode"] == "cool"


async def test_the_other_bases_have_a_device(bench: Bench) -> None:
    """A zone's device names that of its base, so there must be one before."""
    bench.tell_room(ATTIC)
    held = await held_after(bench)
    assert [*held] == [1, 2, ATTIC]
    assert json.loads(held[ATTIC])["dev"]["via_device"] == json.loads(held[2])["dev"]["identifiers"][0]
    assert state(bench, 2) == {"alive": True}


async def test_the_settings_say_which_zones_there_are(tmp_path: Path) -> None:
    """If they list any: those, heard of or not, and no others."""
    bench = Bench(tmp_path, listing(KITCHEN))
    bench.tell_room(BATH)
    assert [*await held_after(bench)] == [1, KITCHEN]


async def test_what_is_not_listed_any_more_is_removed(tmp_path: Path) -> None:
    """With all that the broker holds of it, and its base if nothing is left of that."""
    held = await held_after(Bench(tmp_path, listing(BATH, KITCHEN, ATTIC)))
    bench = Bench(tmp_path, listing(KITCHEN))
    assert set(bench.publisher.begin(held)) == {"neasmart_b1_z1", "neasmart_b2", "neasmart_b2_z5"}
    gone = {f(place) for place in (BATH, 2, ATTIC) for f in (NAMES.config, NAMES.state, NAMES.availability)}
    assert set(bench.publisher.removals()) == gone
    assert [*await held_after(bench)] == [1, KITCHEN]


async def test_a_lost_database_takes_nothing_from_anybody(tmp_path: Path, bench: Bench) -> None:
    """What was learned and is at the broker stays, unavailable until it is heard of again; so do parts of the plant."""
    bench.tell_room(ATTIC)
    bench.tell(31, 1)
    held = await held_after(bench)
    anew = Bench(tmp_path)
    assert anew.publisher.begin(held) == ()
    assert await held_after(anew) == held
    assert anew.sent[NAMES.availability(ATTIC)] == "offline"
    assert json.loads(anew.sent[NAMES.config(1)])["cmps"]["pump_1_running"]


@pytest.mark.parametrize(
    "foreign", ["", "no JSON", "[]", '{"o": {"name": "other"}, "cmps": {}}', '{"cmps": {}}', '{"o": 1}']
)
async def test_what_others_have_put_there_is_not_removed(tmp_path: Path, foreign: str) -> None:
    bench = Bench(tmp_path, listing(KITCHEN))
    assert bench.publisher.begin({BATH: foreign}) == ()


async def test_steps_of_commands(bench: Bench) -> None:
    """Each is told where its writes belong, and how it ended stands in the state; none of before is told again."""
    bench.memory.events.append_receipt(receipt("0-a", "accepted"))
    bench.publisher.begin({})
    assert list(bench.publisher.steps()) == []
    bench.tell_room(BATH)
    bench.memory.events.append_receipt(receipt("1-a", "accepted"))
    bench.memory.events.append_receipt(receipt("1-a", "confirmed"))
    told = [(topic, json.loads(payload)["state"]) for topic, payload in bench.publisher.steps()]
    assert told == [(NAMES.result(BATH), "accepted"), (NAMES.result(BATH), "confirmed")]
    await bench.turn()
    assert state(bench, BATH)["command_outcome"] == "confirmed"


async def test_the_newest_outcome_counts(bench: Bench) -> None:
    """Also of those that ended while no broker was there; by number, not by when they ended."""
    bench.tell_room(BATH)
    bench.memory.receipts.put(2, receipt("2-a", "expired"))
    bench.memory.receipts.put(3, receipt("3-a", "delivered"))
    bench.publisher.begin({})
    bench.memory.events.append_receipt(receipt("1-a", "superseded"))
    await bench.turn()
    assert state(bench, BATH)["command_outcome"] == "expired"


def receipt(number: str, state: str) -> dict[str, object]:
    return {"id": number, "state": state, "writes": [{"base": 1, "zone": 1, "state": state}]}
