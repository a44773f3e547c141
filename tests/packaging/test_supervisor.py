"""Supervisor names the broker, where the user has named none; whatever it answers, the gateway starts."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from neasmart_gateway import supervisor_broker
from neasmart_gateway.settings import Settings
from neasmart_gateway.settings.mqtt import Mqtt
from neasmart_gateway.supervisor_broker import with_broker
from tests.packaging.supervisor import SERVICE, Supervisor, supervisor
from tests.running import free_ports

TOKEN = "a-token-of-supervisor"


@pytest.fixture
def played() -> Iterator[Supervisor]:
    with supervisor() as played:
        yield played


def settings(address: str | None, **mqtt: Any) -> Settings:
    return Settings.model_construct(mqtt=Mqtt(supervisor=address, **mqtt))


def filled(before: Settings) -> tuple[Mqtt, list[Any], list[float]]:
    """MQTT as it is then, what was logged, and the pauses that were made."""
    pauses: list[float] = []
    with capture_logs() as logged:
        after = with_broker(before, TOKEN, pauses.append)
    assert after.model_copy(update={"mqtt": before.mqtt}) == before
    return after.mqtt, logged, pauses


def test_its_broker_is_used(played: Supervisor) -> None:
    """Host, port, user, password and TLS; it is asked once, with the token of the add-on."""
    played.tells(SERVICE | {"ssl": True, "port": 8883})
    mqtt, (line,), pauses = filled(settings(played.address, topic="cellar", discovery_prefix="ha"))
    assert (mqtt.host, mqtt.port, mqtt.username, mqtt.tls) == ("core-mosquitto", 8883, "addons", True)
    assert mqtt.password is not None
    assert mqtt.password.get_secret_value() == SERVICE["password"]
    assert (mqtt.topic, mqtt.discovery_prefix) == ("cellar", "ha")
    assert (played.asked, pauses) == ([("/services/mqtt", f"Bearer {TOKEN}")], [])
    assert (line["log_level"], line["host"]) == ("info", "core-mosquitto")
    assert SERVICE["password"] not in str(line)


def test_a_broker_without_users(played: Supervisor) -> None:
    """Empty user and password are none."""
    played.tells(SERVICE | {"username": "", "password": ""})
    mqtt, _, _ = filled(settings(played.address))
    assert (mqtt.host, mqtt.username, mqtt.password) == ("core-mosquitto", None, None)


def test_the_users_own_broker_is_kept(played: Supervisor) -> None:
    """Then nobody is asked; nor where there is no Supervisor."""
    for before in (settings(played.address, host="broker.example"), settings(None)):
        assert filled(before) == (before.mqtt, [], [])
    assert played.asked == []


@pytest.mark.parametrize(
    ("status", "told", "reason"),
    [
        (200, {"host": ""}, "there is no host in what it tells"),
        (200, SERVICE | {"port": 0}, "what it tells cannot be used: port"),
        (200, SERVICE | {"username": ""}, "what it tells cannot be used: password without user"),
        (200, None, "there is no such service"),
        (200, "a text", "there is no such service"),
    ],
)
def test_what_makes_no_sense(played: Supervisor, status: int, told: Any, reason: str) -> None:
    """One line says why there is no MQTT and what to do; it is not asked again, and no password is in it."""
    played.tells(told, status)
    before = settings(played.address)
    mqtt, (line,), pauses = filled(before)
    assert (mqtt, pauses, line["log_level"], line["reason"]) == (before.mqtt, [], "warning", reason)
    assert "mqtt.host" in line["to_do"]
    assert SERVICE["password"] not in str(line)


def test_no_broker_is_installed(played: Supervisor) -> None:
    """Supervisor refuses in its own words, which are shown; it would say the same again."""
    played.refuses(400, "Service not enabled")
    _, (line,), pauses = filled(settings(played.address))
    assert (line["reason"], pauses) == ("status 400, Service not enabled", [])


@pytest.mark.parametrize("said", [b"[" * 50_000, b'{"data": 5}', b"[]", b'"'])
def test_nonsense(played: Supervisor, said: bytes) -> None:
    """Whatever it is."""
    played.answers.append((200, said))
    before = settings(played.address)
    mqtt, (line,), _ = filled(before)
    assert (mqtt, line["log_level"]) == (before.mqtt, "warning")


def test_somebody_who_speaks_no_http() -> None:
    """Another program at that address."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=lambda: _greeted(other, b"SSH-2.0-x\r\n"), daemon=True).start()
        _, (line,), _ = filled(settings(f"http://127.0.0.1:{other.getsockname()[1]}"))
    assert line["reason"].endswith("answers what is no description of a service")


def test_an_answer_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of all of it is bounded, not of each byte."""
    monkeypatch.setattr(supervisor_broker, "_PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=lambda: _greeted(other, b"HTTP/1.1 200 OK\r\n", drips=True), daemon=True).start()
        _, (line,), _ = filled(settings(f"http://127.0.0.1:{other.getsockname()[1]}"))
    assert line["reason"] == "it takes longer than 0.2 s"


def _greeted(server: socket.socket, greeting: bytes, *, drips: bool = False) -> None:
    with server.accept()[0] as connection, suppress(OSError):
        connection.recv(1024)
        connection.sendall(greeting)
        while drips and select.select([connection], [], [], 0.05)[0] == []:
            connection.sendall(b"x")


def test_it_sends_us_elsewhere(played: Supervisor) -> None:
    """The token is for nobody else."""
    with supervisor() as other:
        other.tells(SERVICE)
        played.elsewhere = f"{other.address}/services/mqtt"
        played.answers.append((302, b""))
        _, (line,), _ = filled(settings(played.address))
        assert other.asked == []
    assert line["reason"] == "status 302"


def test_what_the_user_has_set_besides_counts(played: Supervisor, tmp_path: Path) -> None:
    """A login and an authority of their own for Supervisor's broker."""
    played.tells(SERVICE | {"ssl": True, "port": 8883})
    own = {"username": "me", "password": SecretStr("mine"), "ca_file": tmp_path / "ca.pem", "tls": True}
    mqtt, _, _ = filled(settings(played.address, **own))
    assert (mqtt.host, mqtt.port, mqtt.username, mqtt.ca_file) == ("core-mosquitto", 8883, "me", own["ca_file"])
    assert mqtt.password is not None
    assert mqtt.password.get_secret_value() == "mine"


def test_no_json(played: Supervisor) -> None:
    """Somebody else's page."""
    played.answers.append((200, b"<html>"))
    _, (line,), _ = filled(settings(played.address))
    assert line["reason"].endswith("answers what is no description of a service")


def test_it_is_asked_again_while_it_starts(played: Supervisor) -> None:
    """A fault of its own passes: the second answer counts."""
    played.refuses(502, "starting")
    played.tells(SERVICE)
    mqtt, _, pauses = filled(settings(played.address))
    assert (mqtt.host, len(played.asked), pauses) == ("core-mosquitto", 2, [0.5])


def test_nobody_there() -> None:
    """Three attempts with bounded pauses, then one line, and the gateway goes on."""
    (port,) = free_ports(1)
    _, (line,), pauses = filled(settings(f"http://127.0.0.1:{port}"))
    assert "does not answer: " in line["reason"]
    assert (len(pauses), sum(pauses) <= 2) == (3, True)


def test_a_proxy_of_the_environment_is_not_used(played: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token is for Supervisor alone."""
    played.tells(SERVICE)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert filled(settings(played.address))[0].host == "core-mosquitto"
