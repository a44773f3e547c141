"""The settings of MQTT: off by default, and every mistake is one readable line without a secret."""

from pathlib import Path

import pytest

from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings import effective, known_names, load, tls


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a configuration file, and an environment with none of our names."""
    monkeypatch.chdir(tmp_path)
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def set_all(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"NEASMART_MQTT_{name}", value)


@pytest.mark.parametrize("host", [None, ""])
def test_it_is_off_unless_a_host_is_named(monkeypatch: pytest.MonkeyPatch, host: str | None) -> None:
    if host is not None:
        set_all(monkeypatch, HOST=host)
    mqtt = load().mqtt
    assert (mqtt.host, mqtt.port, mqtt.tls) == (None, 1883, False)
    assert (mqtt.topic, mqtt.discovery_prefix) == ("neasmart", "homeassistant")


@pytest.mark.parametrize("host", ["192.168.1.10", "broker.example", "core-mosquitto", "fe80::1", "::1"])
def test_hosts(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    set_all(monkeypatch, HOST=host)
    assert load().mqtt.host == host


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"HOST": "mqtt://192.168.1.10"}, "NEASMART_MQTT_HOST ('mqtt://192.168.1.10'): must be a name or an address"),
        ({"HOST": "me:secret@broker"}, "must be a name or an address alone"),
        ({"HOST": "a broker"}, "must be a name or an address alone"),
        ({"PORT": "0"}, "NEASMART_MQTT_PORT ('0')"),
        ({"PASSWORD": "secret"}, "NEASMART_MQTT_PASSWORD needs NEASMART_MQTT_USERNAME"),
        ({"CA_FILE": "ca.pem"}, "NEASMART_MQTT_CA_FILE is only used with NEASMART_MQTT_TLS=true"),
        ({"TOPIC": "Neasmart"}, "must be 1 to 32 small letters"),
        ({"TOPIC": "home/neasmart"}, "must be 1 to 32 small letters"),
        ({"TOPIC": "n" * 33}, "must be 1 to 32 small letters"),
        ({"DISCOVERY_PREFIX": "home/#"}, "must be a topic without blanks"),
        ({"DISCOVERY_PREFIX": "/home"}, "must be a topic without blanks"),
        ({"USER": "me"}, "NEASMART_MQTT_USER is not a setting; did you mean NEASMART_MQTT_USERNAME?"),
    ],
)
def test_what_cannot_be(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], said: str) -> None:
    set_all(monkeypatch, **settings)
    with pytest.raises(SettingsError) as caught:
        load()
    (fault,) = caught.value.faults
    assert said in fault
    assert "secret" not in fault


def test_the_password_is_never_shown(nothing_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither among the settings in force nor with what is wrong about it."""
    set_all(monkeypatch, HOST="broker", USERNAME="me", PASSWORD="my-password")
    assert effective(load())["NEASMART_MQTT_PASSWORD"] == "********"
    assert "my-password" not in repr(load())
    monkeypatch.delenv("NEASMART_MQTT_PASSWORD")
    (nothing_set / "data").mkdir()
    (nothing_set / "data" / "config.yaml").write_text("mqtt: {password: [my-password]}")
    with pytest.raises(SettingsError) as caught:
        load()
    assert "my-password" not in "\n".join(caught.value.faults)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), ("nonsense", "must be a PEM file"), ("", "must be a PEM file")]
)
def test_an_authority_that_cannot_be_used(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, said: str
) -> None:
    """Is said before the start."""
    authority = nothing_set / "ca.pem"
    if content is not None:
        authority.write_text(content)
    set_all(monkeypatch, HOST="broker", TLS="true", CA_FILE=str(authority))
    with pytest.raises(SettingsError) as caught:
        tls.check_authority(load().mqtt)
    (fault,) = caught.value.faults
    assert f"NEASMART_MQTT_CA_FILE ({str(authority)!r})" in fault
    assert said in fault


def test_no_authority_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, HOST="broker", TLS="true")
    tls.check_authority(load().mqtt)
