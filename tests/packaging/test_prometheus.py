"""A real Prometheus with our rules scrapes a real gateway: every panel of the board has data, alerts come and go."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.prometheus import Prometheus, prometheus
from tests.running import Gateway, eventually, running
from tests.simulated import house_behind

PACKAGING = Path(__file__).parents[2] / "packaging"
BOARD: dict[str, Any] = json.loads((PACKAGING / "grafana" / "neasmart.json").read_text())
VARIABLES = {"$__rate_interval": "10s", "$instance": "house", "$zone": ".*"}
SILENT = "NeasmartBusSilent"

pytestmark = pytest.mark.needs("prometheus")


@dataclass
class Scene:
    """A gateway, a Prometheus that looks at it, and a house that can be switched off."""

    gateway: Gateway
    prometheus: Prometheus
    house: ExitStack

    def house_on(self) -> None:
        self.house.enter_context(house_behind(self.gateway))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """With rules that wait for a second only, and a gateway for which three seconds are a silence."""
    folder = tmp_path_factory.mktemp("prometheus")
    rules = folder / "alerts.yml"
    rules.write_text(re.sub(r"for: \w+", "for: 1s", (PACKAGING / "prometheus" / "alerts.yml").read_text()))
    settings = {"NEASMART_MODBUS_STALE_AFTER_SECONDS": "3", "NEASMART_DATABASE_FLUSH_SECONDS": "1"}
    with (
        running(folder, **settings) as gateway,
        ExitStack() as house,
        prometheus(folder, rules, {"house": gateway.api_port}) as watching,
    ):
        scene = Scene(gateway, watching, house)
        scene.house_on()
        yield scene


def panels() -> list[dict[str, Any]]:
    return [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def without_data(scene: Scene) -> list[str]:
    """The panels with a query that finds nothing."""
    queries = [(panel["title"], one["expr"]) for panel in panels() for one in panel["targets"]]
    return [title for title, expression in queries if not scene.prometheus.query(filled_in(expression))]


def filled_in(expression: str) -> str:
    """An expression with Grafana's variables put in."""
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def test_every_panel_has_data(scene: Scene) -> None:
    """Each query of the board finds something in a house that lives."""
    answer = scene.gateway.patch("/api/v1/zones/1/1", {"setpoint": 23})
    assert answer.status == 202
    eventually(lambda: not without_data(scene), "all panels have data")
    assert without_data(scene) == []


def test_the_board_is_whole() -> None:
    """Panels are numbered, lie beside each other and not upon, and know no variable that there is not."""
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken = [(x, y) for panel in BOARD["panels"] for x, y in _squares(panel["gridPos"])]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    named = {f"${one['name']}" for one in BOARD["templating"]["list"]}
    used = {name for panel in panels() for one in panel["targets"] for name in re.findall(r"\$\w+", one["expr"])}
    assert used <= named | {"$__rate_interval"}


def test_the_board_mixes_no_houses_up() -> None:
    """One gateway is chosen, never all at once; what shows several says of each line whose it is."""
    (gateway,) = [one for one in BOARD["templating"]["list"] if one["name"] == "instance"]
    assert not gateway["includeAll"]
    assert not gateway["multi"]
    for one in [one for panel in panels() for one in panel["targets"]]:
        selectors = re.findall(r"(?:neasmart|modbus|api|circuit)_\w+(\{[^}]*\})?", one["expr"])
        is_one_house = all('instance="$instance"' in selector for selector in selectors)
        assert is_one_house or one["legendFormat"] == "{{instance}}", one["expr"]


def _squares(place: dict[str, int]) -> list[tuple[int, int]]:
    return [
        (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
    ]


def test_a_silent_bus_raises_an_alert_and_clears_it(scene: Scene) -> None:
    """When the base station stops talking, and when it talks again; the room's values are gone meanwhile."""
    eventually(lambda: SILENT not in scene.prometheus.firing(), "no alert while the house talks")
    temperature = "neasmart_zone_temperature_celsius"
    eventually(lambda: scene.prometheus.query(temperature), "a temperature is there")
    scene.house.close()
    eventually(lambda: SILENT in scene.prometheus.firing(), "the alert")
    assert scene.prometheus.query(temperature) == []
    assert scene.prometheus.query("neasmart_zone_last_update_timestamp_seconds")
    scene.house_on()
    eventually(lambda: SILENT not in scene.prometheus.firing(), "the alert is over")
