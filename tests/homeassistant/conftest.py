"""One world for all of these tests: a gateway, a simulated house behind it, and a real Home Assistant."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import cannot
from tests.homeassistant.home_assistant import PYTHON, TOP, HomeAssistant
from tests.running import Gateway
from tests.simulated import house_behind

KEY = "a-key-of-home-assistant"
STALE_AFTER = 8
HIGHEST = 30.0
"""The highest setpoint that the gateway takes; when its YAML was made, it took more."""
NOTIFICATION = "sensor.last_notification"
_NOTIFICATIONS = """\
template:
- triggers:
  - trigger: persistent_notification
    update_type: added
  sensor:
  - name: Last notification
    state: "{{ trigger.notification.message }}"
"""
LABELS = {1: "Küche \"Süd\" & 'Erker'", 2: "Bad: {{ 1 / 0 }} # 50 %"}
"""What stands in YAML and in Jinja for something else; zone 3 has no label."""


@dataclass
class World:
    """The gateway, Home Assistant, and a house that can fall silent."""

    gateway: Gateway
    home_assistant: HomeAssistant
    _house: ExitStack = field(default_factory=ExitStack)

    def let_the_house_talk(self) -> None:
        self._house.enter_context(house_behind(self.gateway, zones=3))

    def silence_the_house(self) -> None:
        self._house.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Home Assistant is started once, with the configuration that the running gateway gives."""
    see_that_home_assistant_is_there()
    folder = tmp_path_factory.mktemp("gateway")
    configure_house(folder)
    settings = {
        "NEASMART_MODBUS_STALE_AFTER_SECONDS": str(STALE_AFTER),
        "NEASMART_MODBUS_SETPOINT_MAX": str(HIGHEST),
        "NEASMART_API_ENABLE_AUTH": "true",
        "NEASMART_API_KEY": KEY,
    }
    gateway = Gateway(folder, settings)
    home_assistant = HomeAssistant(tmp_path_factory.mktemp("home_assistant"), secrets={"neasmart_api_key": KEY})
    world = World(gateway, home_assistant)
    try:
        gateway.start()
        gateway.wait_ready()
        world.let_the_house_talk()
        home_assistant.packages |= {"neasmart": pasted(gateway), "notifications": _NOTIFICATIONS}
        home_assistant.start()
        yield world
    finally:
        home_assistant.stop()
        world.silence_the_house()
        gateway.clean_up()


def see_that_home_assistant_is_there() -> None:
    """Skip where no Python 3.13 is found, in CI too; where there is one, Home Assistant is only not installed."""
    if PYTHON.exists():
        return
    found = subprocess.run([TOP / "scripts" / "install-home-assistant", "--find"], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    cannot("needs Home Assistant: run scripts/install-home-assistant")


def configure_house(folder: Path) -> None:
    """Write a settings file with labels that are hard to quote."""
    zones = "\n".join(f"  - id: {number}\n    label: |-\n      {label}" for number, label in LABELS.items())
    (folder / "data").mkdir()
    (folder / "data" / "config.yaml").write_text(f"structures:\n- base_id: 1\n  zones:\n{zones}\n", encoding="utf-8")


def pasted(gateway: Gateway) -> str:
    """What `ha-yaml` prints for a gateway that runs."""
    url = f"http://127.0.0.1:{gateway.api_port}"
    environment = gateway.environment | {"NEASMART_MODBUS_SETPOINT_MAX": "35"}
    done = subprocess.run(
        [sys.executable, "-m", "neasmart_gateway", "ha-yaml", url, "--every", "5"],
        cwd=gateway.folder, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
