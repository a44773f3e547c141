"""Discovery over MQTT in a real Home Assistant, by a real broker."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.broker import Client
from tests.homeassistant.world import LABELS, TURN, World, configure_house
from tests.running import eventually

pytestmark = pytest.mark.needs("mosquitto")

LIVING, BATH = LABELS[1], LABELS[2]
GONE = {"unavailable"}


@dataclass(frozen=True)
class Found:
    """What Home Assistant has discovered, and what the broker holds of it."""

    world: World
    at_the_broker: Client

    @property
    def offered(self) -> dict[str, dict[str, Any]]:
        """Each device's entities by their keys, as they are published, by the device's id."""
        topics = [topic for topic in self.at_the_broker.topics() if topic.startswith("homeassistant/device/")]
        return {topic.split("/")[2]: json.loads(self.at_the_broker.last(topic) or "")["cmps"] for topic in topics}

    @property
    def entities(self) -> list[str]:
        return self.world.home_assistant.registered("mqtt")

    @property
    def devices(self) -> set[str]:
        """Home Assistant's own ids of the devices."""
        listed = "{{ integration_entities('mqtt') | map('device_id') | unique | list | to_json }}"
        return set(self.world.home_assistant.rendered(listed))

    def of(self, device: str, ending: str = "") -> list[str]:
        """The entities of the device of this name, those whose ids end so."""
        listed = f"{{{{ device_entities(device_id({json.dumps(device)})) | list | to_json }}}}"
        return [one for one in self.world.home_assistant.rendered(listed) if one.endswith(ending)]

    def climate(self, label: str) -> str:
        (found,) = [one for one in self.of(label) if one.startswith("climate.")]
        return found

    def shows(self, entity: str, attribute: str) -> Any:
        found = self.world.home_assistant.entity(entity)
        return None if found is None else found["attributes"].get(attribute)

    def all_there(self) -> bool:
        """Whether everything that was published is an entity."""
        return len(self.entities) == sum(map(len, self.offered.values())) > 0


@pytest.fixture(scope="module")
def found(world: World) -> Iterator[Found]:
    """Home Assistant is told of the broker once, and finds the house by itself."""
    with world.broker.client() as client:
        world.home_assistant.connect_to_broker(world.broker.port)
        found = Found(world, client)
        eventually(found.all_there, "every entity that is published", TURN)
        eventually(lambda: not GONE & world.states(found.entities), "entities that are all available", TURN)
        yield found


def test_everything_appears(found: Found) -> None:
    """A device for the base and one for each zone, each with all of its entities, available, without a complaint."""
    assert sorted(found.offered) == ["neasmart_b1", "neasmart_b1_z1", "neasmart_b1_z2"]
    assert len(found.devices) == 3
    assert [line for line in found.world.home_assistant.complaints() if "mqtt" in line.lower()] == []


@pytest.mark.parametrize(("number", "label"), LABELS.items())
def test_values_are_those_of_the_house(found: Found, number: int, label: str) -> None:
    """A climate shows what the gateway shows."""
    climate = found.climate(label)
    assert found.shows(climate, "friendly_name") == label
    assert (found.shows(climate, "min_temp"), found.shows(climate, "target_temp_step")) == (5, 0.5)
    fields = {"current_temperature": "temperature", "temperature": "setpoint", "current_humidity": "relative_humidity"}

    def same() -> bool:
        zone = found.world.zone(number)
        shown = {attribute: found.shows(climate, attribute) for attribute in fields}
        return all(shown[attribute] == pytest.approx(zone[field], abs=0.05) for attribute, field in fields.items())

    eventually(same, f"{climate} as in the gateway", TURN)


def test_values_follow_the_house(found: Found) -> None:
    """A room that gets warmer gets warmer in Home Assistant."""
    shown = found.world.home_assistant.named(f"{LIVING} Temperature", "sensor")
    before = found.world.home_assistant.state(shown)
    eventually(lambda: found.world.home_assistant.state(shown) != before, "another temperature", TURN)


def test_a_temperature_is_confirmed(found: Found) -> None:
    """`climate.set_temperature` goes to the base station and back."""
    climate = found.climate(LIVING)
    wanted = 24.5 if found.world.zone(1)["setpoint"] != 24.5 else 23.5
    found.world.home_assistant.call("climate.set_temperature", entity_id=climate, temperature=wanted)
    assert found.world.confirmed("zone.setpoint", wanted, zone=1)["by"]["via"] == "mqtt"
    eventually(lambda: found.shows(climate, "temperature") == wanted, "the base's own word", TURN)
    outcome = found.of(LIVING, "_last_command")[0]
    eventually(lambda: found.world.home_assistant.state(outcome) == "confirmed", "the outcome", TURN)


def test_a_preset_is_confirmed(found: Found) -> None:
    """`climate.set_preset_mode`, for one zone and not for the house."""
    climate, before = found.climate(BATH), operation(found)
    found.world.home_assistant.call("climate.set_preset_mode", entity_id=climate, preset_mode="reduced")
    found.world.confirmed("zone.state", "reduced", zone=2)
    eventually(lambda: found.shows(climate, "preset_mode") == "reduced", "the preset", TURN)
    assert operation(found) == before


def test_a_mode_is_confirmed(found: Found) -> None:
    """Off is standby of that zone; heat is normal again. The mode of the house stays."""
    climate, before = found.climate(BATH), operation(found)
    for mode, state in (("off", "standby"), ("heat", "normal")):
        found.world.home_assistant.call("climate.set_hvac_mode", entity_id=climate, hvac_mode=mode)
        found.world.confirmed("zone.state", state, zone=2)
        eventually(lambda mode=mode: found.world.home_assistant.state(climate) == mode, mode, TURN)
    assert operation(found) == before


def test_a_silent_bus(found: Found) -> None:
    """Zones are unavailable, each with its climate; the base's device stays and says that the bus is dead."""
    devices, climates = found.devices, [found.climate(label) for label in LABELS.values()]
    (bus,) = [one for one in found.of("Base 1") if "bus_alive" in one]
    found.world.silence_the_house()
    eventually(lambda: found.world.states(climates) == GONE, "climates that are unavailable", TURN)
    eventually(lambda: found.world.home_assistant.state(bus) == "off", "a bus that is told dead", TURN)
    assert found.devices == devices
    found.world.let_the_house_talk()
    eventually(lambda: not GONE & found.world.states([bus, *climates]), "climates that are back", TURN)


def test_a_gateway_that_is_killed(found: Found) -> None:
    """Nothing of it stays available; it comes back with the same entities, and none twice."""
    before = sorted(found.entities)
    found.world.gateway.clean_up()
    eventually(lambda: found.world.states(before) == GONE, "entities that are unavailable", TURN)
    assert sorted(found.entities) == before
    restart(found)
    eventually(lambda: not GONE & found.world.states(before), "entities that are back", TURN)
    assert sorted(found.entities) == before
    assert found.all_there()


def test_a_zone_that_is_removed(found: Found) -> None:
    """A zone that the settings do not name any more takes its device with it, and leaves the others alone."""
    removed, before = found.of(BATH), set(found.entities)
    found.world.gateway.stop()
    configure_house(found.world.gateway.folder, {1: LIVING})
    restart(found)
    eventually(lambda: set(found.entities) == before - set(removed), "a house without that zone", TURN)
    assert len(found.devices) == 2


def operation(found: Found) -> tuple[str, str]:
    seen = found.world.gateway.get("/api/v1/operation").json
    return seen["mode"], seen["state"]


def restart(found: Found) -> None:
    """Start the gateway again, with the house behind it."""
    found.world.silence_the_house()
    found.world.gateway.start()
    found.world.gateway.wait_ready()
    found.world.let_the_house_talk()
