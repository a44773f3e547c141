"""What `ha-yaml` prints, pasted into a real Home Assistant."""

import pytest
import yaml

from tests.homeassistant.world import HIGHEST, LABELS, NOTIFICATION, TURN, World
from tests.running import eventually

pytestmark = pytest.mark.needs("mosquitto")

LIVING, BATH, LAST = LABELS[1], LABELS[2], "Zone 1.3"


def test_it_loads_without_a_warning(world: World) -> None:
    """Not one line of the log is about anything that was pasted."""
    world.home_assistant.named("NEA SMART condition", "sensor")
    assert world.home_assistant.complaints() == []


@pytest.mark.parametrize("label", [LIVING, BATH, LAST])
@pytest.mark.parametrize(
    ("name", "field"), [("temperature", "temperature"), ("humidity", "relative_humidity"), ("setpoint", "setpoint")]
)
def test_values_are_those_of_the_house(world: World, label: str, name: str, field: str) -> None:
    """Home Assistant shows the number that the gateway shows, under the room's own name."""
    shown = world.home_assistant.named(f"{label} {name}", "number" if name == "setpoint" else "sensor")
    number = [LIVING, BATH, LAST].index(label) + 1

    def same() -> bool:
        return float(str(world.home_assistant.state(shown))) == world.zone(number)[field]

    eventually(same, f"{shown} as in the gateway", TURN)


def test_values_follow_the_house(world: World) -> None:
    """A temperature that changes in the house changes in Home Assistant."""
    shown = world.home_assistant.named(f"{LIVING} temperature", "sensor")
    before = world.home_assistant.state(shown)
    eventually(lambda: world.home_assistant.state(shown) != before, "another temperature", TURN)


def test_the_plant_is_there_too(world: World) -> None:
    """Mode and state, the weather, a mixed group, a pump, a dehumidifier, and how the gateway fares."""
    assert world.seen("NEA SMART mode", "select") == "heating"
    assert world.seen("NEA SMART state", "select") == "normal"
    assert -30 < float(world.seen("NEA SMART outside temperature", "sensor")) < 40
    assert 5 < float(world.seen("NEA SMART mixed group 1 flow temperature", "sensor")) < 60
    for name in ("mixed group 3 pump", "pump 5", "dehumidifier 9", "error"):
        assert world.seen(f"NEA SMART {name}", "binary_sensor") in ("on", "off")
    assert world.seen("NEA SMART condition", "sensor") == "healthy"
    assert world.seen("NEA SMART bus", "binary_sensor") == "on"


def test_every_entity_is_in_the_registry(world: World) -> None:
    """All that was pasted is there once, with an id of its own, so that people can rename it."""
    found = world.home_assistant.registered("rest") + world.home_assistant.registered("template")
    configured = yaml.safe_load(world.home_assistant.packages["neasmart"].replace("!secret", ""))
    (rest,), (template,) = configured["rest"], configured["template"]
    parts = (rest["sensor"], rest["binary_sensor"], template["number"], template["select"])
    assert len(set(found) - {NOTIFICATION}) == sum(map(len, parts)) > 0
    assert set(found) <= {one["entity_id"] for one in world.home_assistant.states()}


def test_a_setpoint_is_confirmed(world: World) -> None:
    """The number's own way: rest_command, gateway, base station, and its echo back to the number."""
    shown = world.home_assistant.named(f"{BATH} setpoint", "number")
    wanted = 23.5 if world.zone(2)["setpoint"] != 23.5 else 22.5
    world.home_assistant.call("number.set_value", entity_id=shown, value=wanted)
    assert float(str(world.home_assistant.state(shown))) == wanted, "what is pending is shown at once"
    receipt = world.confirmed("zone.setpoint", wanted, zone=2)
    assert receipt["by"]["who"] == "api-key", "it came with the key of secrets.yaml"


def test_a_state_is_confirmed(world: World) -> None:
    """The select's way."""
    shown = world.home_assistant.named(f"{LAST} state", "select")
    world.home_assistant.call("select.select_option", entity_id=shown, option="reduced")
    world.confirmed("zone.state", "reduced", zone=3)
    eventually(lambda: world.home_assistant.state(shown) == "reduced", "the base's own word", TURN)


def test_the_plant_is_commanded(world: World) -> None:
    """The state of the house, there and back."""
    shown = world.home_assistant.named("NEA SMART state", "select")
    for option in ("reduced", "normal"):
        world.home_assistant.call("select.select_option", entity_id=shown, option=option)
        world.confirmed("operation.state", option)


def test_a_refusal_is_told(world: World) -> None:
    """A notification says why, and the number is what it was."""
    shown, before = world.home_assistant.named(f"{LIVING} setpoint", "number"), world.zone(1)
    world.home_assistant.call("number.set_value", entity_id=shown, value=HIGHEST + 1)
    assert f"{HIGHEST:g}" in eventually(lambda: told(world), "a notification")
    assert world.zone(1)["desired"] is None
    assert world.zone(1)["setpoint"] == before["setpoint"]


def test_a_silent_house_is_unavailable(world: World) -> None:
    """Nothing old is shown: values, controls and the plant are unavailable, and back when the house speaks again."""
    shown = [
        world.home_assistant.named(f"{LIVING} temperature", "sensor"),
        world.home_assistant.named(f"{LIVING} setpoint", "number"),
        world.home_assistant.named(f"{LIVING} state", "select"),
        world.home_assistant.named("NEA SMART mode", "select"),
    ]
    bus = world.home_assistant.named("NEA SMART bus", "binary_sensor")
    before = world.home_assistant.complaints()
    world.silence_the_house()
    eventually(lambda: world.states(shown) == {"unavailable"}, "a house that is unavailable", TURN)
    eventually(lambda: world.home_assistant.state(bus) == "off", "a bus that is told dead", TURN)
    world.let_the_house_talk()
    eventually(lambda: "unavailable" not in world.states(shown), "a house that is back", TURN)
    assert world.home_assistant.complaints() == before


def told(world: World) -> str | None:
    """The text of the newest notification."""
    shown = world.home_assistant.state(NOTIFICATION)
    return None if shown == "unknown" else shown
