"""One world for all of these tests: a gateway, a simulated house behind it, a broker, and a real Home Assistant."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.broker import Broker
from tests.conftest import cannot
from tests.homeassistant.home_assistant import PYTHON, TOP, HomeAssistant
from tests.homeassistant.world import HIGHEST, KEY, LABELS, STALE_AFTER, World, configure_house
from tests.running import Gateway

_NOTIFICATIONS = """\
template:
- triggers:
  - trigger: persistent_notification
    update_type: added
  sensor:
  - name: Last notification
    state: "{{ trigger.notification.message }}"
"""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Home Assistant is started once, with the configuration that the running gateway gives."""
    see_that_home_assistant_is_there()
    folder = tmp_path_factory.mktemp("gateway")
    configure_house(folder, LABELS)
    broker = Broker(tmp_path_factory.mktemp("broker"))
    settings = broker.settings | {
        "NEASMART_MODBUS_STALE_AFTER_SECONDS": str(STALE_AFTER),
        "NEASMART_MODBUS_SETPOINT_MAX": str(HIGHEST),
        "NEASMART_API_ENABLE_AUTH": "true",
        "NEASMART_API_KEY": KEY,
    }
    gateway = Gateway(folder, settings)
    home_assistant = HomeAssistant(tmp_path_factory.mktemp("home_assistant"), secrets={"neasmart_api_key": KEY})
    world = World(gateway, broker, home_assistant)
    try:
        broker.start()
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
        broker.stop()


def see_that_home_assistant_is_there() -> None:
    """Skip where no Python 3.13 is found, in CI too; where there is one, Home Assistant is only not installed."""
    if PYTHON.exists():
        return
    found = subprocess.run([TOP / "scripts" / "install-home-assistant", "--find"], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    cannot("needs Home Assistant: run scripts/install-home-assistant")


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
