"""The options of a Home Assistant add-on are settings; a wrong one is a line that names it as its user sees it."""

import json
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings import Settings, check_files, effective, known_names, load
from neasmart_gateway.settings.addon import OPTIONS
from neasmart_gateway.settings.loading import written

FILE = "NEASMART_ADDON_OPTIONS"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with no file in it, and an environment with none of our names."""
    monkeypatch.chdir(tmp_path)
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture(autouse=True)
def is_an_addon(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FILE, str(empty_folder / "options.json"))


def given(**options: Any) -> Settings:
    Path("options.json").write_text(json.dumps(options))
    return load()


def faults(**options: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        given(**options)
    return caught.value.faults


def test_no_option_at_all() -> None:
    """The API is there for Home Assistant and needs a key from others; the broker is asked for; data lie in /data."""
    settings = given()
    api = settings.api
    assert (settings.environment, api.host, api.enable_auth, settings.mqtt.supervisor) == (
        "production",
        "0.0.0.0",  # noqa: S104 - what is set, not what is done
        True,
        "http://supervisor",
    )
    assert [str(network) for network in api.trusted_clients] == ["127.0.0.0/8", "::1/128", "172.30.32.0/23"]
    assert [str(network) for network in api.ingress_proxies] == ["172.30.32.2/32"]
    assert (api.allowed_hosts, settings.database.path) == (("*.local.hass.io",), Path("/data/registers.db"))


def test_outside_of_an_addon_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable a file of that name is a file like any other, and defaults are defaults."""
    Path("options.json").write_text('{"log": {"level": "DEBUG"}}')
    monkeypatch.delenv(FILE)
    assert effective(load()) == known_names()


VALUES: dict[str, Any] = {
    "bus.type": "serial",
    "bus.device": "/dev/ttyUSB0",
    "bus.baudrate": "19200",
    "bus.parity": "even",
    "bus.stopbits": "2",
    "bus.rs485": True,
    "bus.allowed_clients": ["192.0.2.7/32"],
    "bus.listen_only": True,
    "bus.stale_after_seconds": 90,
    "bus.no_data_state": "10",
    "commands.enabled": False,
    "commands.setpoint_min": 7.5,
    "commands.setpoint_max": 28.5,
    "commands.startup_mode": "heating",
    "commands.startup_state": "normal",
    "api.key": "a-key-of-24-characters--",
    "api.trusted_clients": ["192.0.2.0/24"],
    "api.allowed_hosts": ["homeassistant.local"],
    "api.compat": ["root"],
    "api.metrics_open": True,
    "mqtt.discover": False,
    "mqtt.host": "broker.example",
    "mqtt.port": 8883,
    "mqtt.username": "house",
    "mqtt.password": "sesame",
    "mqtt.tls": True,
    "mqtt.ca_file": "/ssl/ca.pem",
    "mqtt.topic": "cellar",
    "mqtt.discovery_prefix": "ha",
    "history.days": 30,
    "history.flush_seconds": 300,
    "log.level": "DEBUG",
    "log.levels": ["neasmart.bus=INFO"],
    "bases": [{"base": 2, "label": "Upstairs"}, {"base": 3, "label": "Attic"}],
    "zones": [{"base": 2, "zone": 3, "label": "Bath", "mixed_group": 1}, {"base": 1, "zone": 1, "label": "Hall"}],
}


def nested() -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in VALUES.items():
        group, _, inner = name.partition(".")
        if inner:
            options.setdefault(group, {})[inner] = value
        else:
            options[group] = value
    return options


def test_every_option_is_its_setting() -> None:
    """Each one arrives, in the type that the setting has; lists of Home Assistant's own are added to."""
    assert VALUES.keys() == OPTIONS.keys()
    settings = given(**nested())
    shown = effective(settings)
    assert shown["NEASMART_API_TRUSTED_CLIENTS"] == "127.0.0.0/8,::1/128,172.30.32.0/23,192.0.2.0/24"
    assert shown["NEASMART_API_ALLOWED_HOSTS"] == "*.local.hass.io,homeassistant.local"
    assert shown["NEASMART_MQTT_SUPERVISOR"] == ""
    house = settings.house
    assert (house.base_label(2), house.base_label(3), house.base_label(1)) == ("Upstairs", "Attic", "Base 1")
    assert (house.label(ZoneRef(2, 3)), house.label(ZoneRef(1, 1))) == ("Bath", "Hall")
    special = {"api.trusted_clients", "api.allowed_hosts", "mqtt.discover", "bases", "zones"}
    secrets = {"api.key": settings.api.key, "mqtt.password": settings.mqtt.password}
    assert {name: secret and secret.get_secret_value() for name, secret in secrets.items()} == {
        name: VALUES[name] for name in secrets
    }
    for name in VALUES.keys() - special - secrets.keys():
        value = VALUES[name]
        group, setting = OPTIONS[name]
        wanted = ",".join(value) if isinstance(value, list) else written(value)
        assert written(getattr(getattr(settings, group), setting)) == wanted, name


def test_what_is_empty_is_not_set() -> None:
    """A field that was cleared in the page counts as one that nobody has touched."""
    settings = given(mqtt={"host": "", "port": None}, api={"trusted_clients": []}, bases=[], zones=[], bus={})
    assert (settings.mqtt.host, settings.mqtt.port, len(settings.api.trusted_clients)) == (None, 1883, 3)


def test_the_nearer_source_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment over options, options over the YAML file, that over what an add-on brings."""
    Path("own.yaml").write_text(
        "database: {flush_seconds: 11, history_days: 21}\napi: {enable_auth: false, host: '::1'}\n"
    )
    monkeypatch.setenv("NEASMART_CONFIG", "own.yaml")
    monkeypatch.setenv("NEASMART_LOG_LEVEL", "ERROR")
    settings = given(history={"flush_seconds": 12}, log={"level": "DEBUG"})
    assert (settings.log.level, settings.database.flush_seconds, settings.database.history_days) == ("ERROR", 12, 21)
    assert (settings.api.enable_auth, settings.api.host, settings.environment) == (False, "::1", "production")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"mqtt": {"port": 99999}}, ["option mqtt.port (99999): ", "65535"]),
        ({"mqtt": {"password": "sesame"}}, ["option mqtt: ", "option mqtt.password needs option mqtt.username"]),
        ({"mqtt": {"ca_file": "/ssl/ca.pem"}}, ["option mqtt.ca_file is only used with option mqtt.tls=true"]),
        ({"mqtt": {"prot": 1}}, ["mqtt.prot is not an option; did you mean mqtt.port?"]),
        ({"mqtt": "off"}, ["option mqtt: must hold options by their names"]),
        ({"bus": {"type": "serial"}}, ["option bus.device: choose the serial device"]),
        ({"bus": {"device": "/dev/ttyUSB0"}}, ["option bus: ", "/dev/ttyUSB0 is a device, which needs type serial"]),
        ({"bus": {"baudrate": "300"}}, ["option bus.baudrate (300): ", "38400"]),
        ({"commands": {"setpoint_min": 30, "setpoint_max": 20}}, ["option commands: setpoint_min 30 is not below"]),
        ({"api": {"key": "short"}}, ["option api.key: must be 16 or more"]),
        ({"api": {"trusted_clients": ["home"]}}, ["option api.trusted_clients", "'home'"]),
        ({"zones": [{"base": 1, "zone": 1, "label": "a"}] * 2}, ["option zones: ", "zone 1 stands there twice"]),
        ({"zones": [{"base": 6, "zone": 1, "label": "a"}]}, ["option zones (6): "]),
        ({"zones": [{"zone": 1}]}, ["option zones: must be a list, each with the number of its base"]),
        ({"bases": [{"base": 1, "label": "a"}] * 2}, ["option bases: base 1 stands there twice"]),
        ({"log": {"levels": ["neasmart.bsu=INFO"]}}, ["option log.levels", "did you mean neasmart.bus?"]),
    ],
)
def test_a_wrong_option_is_one_line(options: dict[str, Any], wanted: list[str]) -> None:
    """It names the option by its path, as in the YAML editor of the page, and never a variable of ours."""
    (line,) = faults(**options)
    assert [part for part in wanted if part not in line] == [], line
    assert "NEASMART_" not in line


def test_a_file_that_an_option_names_is_checked() -> None:
    """By the name of the option too."""
    with pytest.raises(SettingsError) as caught:
        check_files(given(mqtt={"host": "broker", "tls": True, "ca_file": "/nowhere/ca.pem"}))
    assert caught.value.faults == ["option mqtt.ca_file ('/nowhere/ca.pem'): No such file or directory"]


def test_nobody_lets_everybody_in_by_an_option() -> None:
    """An add-on is in production: the line says so, and names the option; the way out is one for the YAML file."""
    (line,) = faults(api={"trusted_clients": ["0.0.0.0/0"]})
    assert "ENVIRONMENT is production" in line
    assert "option api.trusted_clients lets everybody command" in line


def test_each_fault_has_its_line() -> None:
    """As with every other source."""
    lines = faults(mqtt={"port": 0, "prot": 1}, bus={"parity": "maybe", "type": "serial"}, log={"level": "LOUD"})
    named = [line.removeprefix("option ").split(" ")[0].rstrip(":") for line in lines]
    assert named == ["mqtt.prot", "bus.device", "bus.parity", "mqtt.port", "log.level"]


def test_no_secret_in_a_fault() -> None:
    """Neither a password of the wrong kind nor what stands around it."""
    assert "13579" not in str(faults(mqtt={"username": "a", "password": 13579}))
    Path("options.json").write_text('{"mqtt": {"password": "sesame"')
    with pytest.raises(SettingsError) as caught:
        load()
    assert "sesame" not in str(caught.value)
    assert "is not JSON" in str(caught.value)


@pytest.mark.parametrize(("text", "wanted"), [(None, "No such file"), ("[]", "is not JSON"), ("\xff", "is not JSON")])
def test_a_file_that_cannot_be_read(text: str | None, wanted: str) -> None:
    """One line, with the variable that names the file."""
    if text is not None:
        Path("options.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError) as caught:
        load()
    (line,) = caught.value.faults
    assert line.startswith(FILE)
    assert wanted in line
