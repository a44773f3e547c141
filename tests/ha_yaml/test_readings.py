"""What the templates make of an answer: a value that is live, or none at all."""

import json
from typing import Any

import pytest
from jinja2 import Template

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.ha_yaml.readings import Place

ZONE = {"base": 1, "zone": 2, "temperature": 20.5, "setpoint": 21.0, "state": "normal", "desired": None, "stale": False}
OTHERS = [ZONE | {"base": 1, "zone": 1, "temperature": 1.0}, ZONE | {"base": 2, "zone": 2, "temperature": 2.0}]
TEMPERATURE = Place.zone(ZoneRef(1, 2)).reported("temperature", "number")
SETPOINT = Place.zone(ZoneRef(1, 2)).wanted("setpoint", "number")
BUS = Place.component("bus").told('it.state == "alive"', "state")


def shown(templates: dict[str, str], answer: object) -> str | None:
    """What Home Assistant would show; None is unavailable. A text that is no JSON gives no `value_json`."""
    variables = {} if isinstance(answer, str) else {"value_json": answer}
    if Template(templates["availability"]).render(variables) != "True":
        return None
    return Template(templates["value_template"]).render(variables)


def snapshot(**changes: Any) -> Any:
    return json.loads(json.dumps({"zones": [*OTHERS, ZONE | changes]}))


def test_a_live_value_is_shown() -> None:
    """That of this zone, and not of one with half its number."""
    assert shown(TEMPERATURE, snapshot()) == "20.5"
    assert shown(TEMPERATURE, snapshot(temperature=0)) == "0"


@pytest.mark.parametrize(
    "answer",
    [
        snapshot(stale=True),
        snapshot(temperature=None),
        {"zones": OTHERS},
        {"zones": []},
        {},
        {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "a key is needed"},
        [],
        None,
        7,
        "<html>502 Bad Gateway</html>",
    ],
)
def test_anything_else_is_unavailable(answer: object) -> None:
    """Stale, null, gone, an error, or no answer of ours at all: never an old value, and never an error in a log."""
    assert [shown(one, answer) for one in (TEMPERATURE, BUS)] == [None, None]


@pytest.mark.parametrize("desired", [None, {"setpoint": None, "state": "reduced"}])
def test_without_a_command_the_reported_value_counts(desired: object) -> None:
    """Also while a command for the zone's other register is open."""
    assert shown(SETPOINT, snapshot(desired=desired)) == "21.0"


def test_while_a_command_is_open_it_counts() -> None:
    """What is desired is shown while it is pending; of a stale zone nothing is."""
    assert shown(SETPOINT, snapshot(desired={"setpoint": 23.5})) == "23.5"
    assert shown(SETPOINT, snapshot(desired={"setpoint": 23.5}, setpoint=None)) == "23.5"
    assert shown(SETPOINT, snapshot(desired={"setpoint": 23.5}, stale=True)) is None


@pytest.mark.parametrize(("state", "wanted"), [("alive", "True"), ("silent", "False")])
def test_the_bus_is_told_of_as_long_as_there_is_a_gateway(state: str, wanted: str) -> None:
    """A silent bus is a fact, and not unavailable."""
    components = [{"kind": "daemon", "state": "running"}, {"kind": "bus", "state": state}]
    assert shown(BUS, {"health": {"components": components}}) == wanted
