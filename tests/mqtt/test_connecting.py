"""Brokers that are away, refuse, want a password or a certificate, or hold devices that are gone."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from neasmart_gateway.mqtt import broker as connection
from tests.broker import Broker, Client, broker_in
from tests.process.tls import make_pair
from tests.running import Gateway, eventually, running

pytestmark = pytest.mark.needs("mosquitto", "mosquitto_passwd", "openssl")

SECRET = "correct-horse-battery-staple"


def component(gateway: Gateway) -> dict[str, str]:
    return next(one for one in gateway.get("/api/v1/health").json["components"] if one["kind"] == "mqtt")


def is_online(home: Client) -> bool:
    return home.last("neasmart/status") == "online"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Broker]:
    """A broker with TLS and a password; it does not run yet."""
    pair, passwords = make_pair(tmp_path, "127.0.0.1", "broker"), tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "neasmart", SECRET], check=True)
    (tmp_path / "acl").write_text("user neasmart\ntopic readwrite neasmart/#\ntopic readwrite homeassistant/#\n")
    rules = f"allow_anonymous false\npassword_file {passwords}\nacl_file {tmp_path / 'acl'}\n"
    broker = Broker(tmp_path, rules, options=f"certfile {pair.cert}\nkeyfile {pair.key}\n")
    yield broker
    broker.stop()


def test_a_broker_that_comes_later(tmp_path: Path, locked: Broker) -> None:
    """The gateway is ready without it, says what is wrong, and connects by itself; with TLS, and a password."""
    settings = locked.settings | {
        "NEASMART_MQTT_TLS": "true", "NEASMART_MQTT_CA_FILE": str(tmp_path / "broker.pem"),
        "NEASMART_MQTT_USERNAME": "neasmart", "NEASMART_MQTT_PASSWORD": SECRET,
    }  # fmt: skip
    with running(tmp_path, **settings) as gateway:
        told = eventually(
            lambda: component(gateway) if "refused" in (component(gateway)["what"] or "") else None, "why"
        )
        assert (told["state"], told["severity"]) == ("waiting", "degraded")
        locked.start()
        eventually(lambda: component(gateway)["state"] == "connected", "the connection")
        assert SECRET not in gateway.log.read_text() + gateway.get("/api/v1/health").text
        assert gateway.stop() == 0


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        (
            {"NEASMART_MQTT_USERNAME": "neasmart", "NEASMART_MQTT_PASSWORD": SECRET + "x", "trusted": "yes"},
            "authorized",
        ),
        ({"NEASMART_MQTT_USERNAME": "neasmart", "NEASMART_MQTT_PASSWORD": SECRET}, "certificate verify failed"),
    ],
    ids=["a wrong password", "a certificate that nobody has signed"],
)
def test_a_broker_that_does_not_suit(tmp_path: Path, locked: Broker, settings: dict[str, str], word: str) -> None:
    """Is told once and not with every attempt, without the secret; the gateway does everything else."""
    trusted = {"NEASMART_MQTT_CA_FILE": str(tmp_path / "broker.pem")} if settings.pop("trusted", "") else {}
    locked.start()
    with running(tmp_path, **locked.settings, **settings, **trusted, NEASMART_MQTT_TLS="true") as gateway:
        eventually(lambda: word in (component(gateway)["what"] or ""), "the reason")
        lines = [line for line in gateway.lines() if line.get("logger") == "neasmart.mqtt"]
        assert [line["level"] for line in lines] == ["warning"]
        assert SECRET not in gateway.log.read_text() + gateway.get("/api/v1/health").text
        assert gateway.get("/health/ready").status == 200


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves its socket behind
@pytest.mark.parametrize("tls", [True, False], ids=["TLS to a plain port", "plain to a port of TLS"])
async def test_a_port_that_speaks_another_way(
    tmp_path: Path, broker: Broker, locked: Broker, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    """Whatever comes of it, the setting is named."""
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    locked.start()
    port = broker.port if tls else locked.port
    with pytest.raises(connection.BrokerLostError, match="NEASMART_MQTT_TLS"):
        async with connection.connected(connection.BrokerOptions("127.0.0.1", port, "us", tls=tls), "w", "gone"):
            pass


def test_a_zone_that_is_not_listed_any_more(tmp_path: Path, broker: Broker) -> None:
    """Takes its device with it; one that is listed, and was never heard of, stays."""
    (tmp_path / "data").mkdir()
    config = tmp_path / "data" / "config.yaml"
    zones = "{id: 1, label: Bath}, {id: 2, label: Hall}"
    config.write_text(
        f"structures: [{{base_id: 1, zones: [{zones}]}}, {{base_id: 2, zones: [{{id: 5, label: Attic}}]}}]"
    )
    with broker.client() as home:
        with running(tmp_path, **broker.settings) as gateway:
            eventually(lambda: is_online(home), "the gateway")
            assert home.json("homeassistant/device/neasmart_b1_z2/config")["dev"]["name"] == "Hall"
            assert gateway.stop() == 0
        config.write_text("structures: [{base_id: 1, zones: [{id: 1, label: Bath}]}]")
        with running(tmp_path, **broker.settings) as gateway:
            eventually(lambda: len(home.messages("neasmart/status")) == 3 and is_online(home), "the gateway again")
            left = {topic for topic in home.topics() if topic.endswith("/config")}
            assert left == {f"homeassistant/device/neasmart_{device}/config" for device in ("b1", "b1_z1")}
            assert not {topic for topic in home.topics() if topic.startswith(("neasmart/1/2/", "neasmart/2/"))}
            (line,) = [one for one in gateway.lines() if "devices" in one]
            assert sorted(line["devices"]) == ["neasmart_b1_z2", "neasmart_b2", "neasmart_b2_z5"]


def test_a_broker_that_keeps_everything_to_itself(tmp_path: Path) -> None:
    """Who may not read what he says is told where to look."""
    (tmp_path / "acl").write_text("topic write #\n")
    with (
        broker_in(tmp_path, f"allow_anonymous true\nacl_file {tmp_path / 'acl'}\n") as broker,
        running(tmp_path, **broker.settings) as gateway,
    ):
        eventually(lambda: "access rules" in (component(gateway)["what"] or ""), "the reason", 30.0)


def test_two_gateways_of_one_topic(tmp_path: Path, broker: Broker) -> None:
    """The younger gives way and says why; the elder goes on."""
    folders = [tmp_path / name for name in ("elder", "younger")]
    for folder in folders:
        folder.mkdir()
    with running(folders[0], **broker.settings) as elder:
        eventually(lambda: component(elder)["state"] == "connected", "the connection")
        with running(folders[1], **broker.settings) as younger:
            eventually(lambda: "NEASMART_MQTT_TOPIC of its own" in (component(younger)["what"] or ""), "the reason")
        told = component(elder)
        assert (told["state"], told["severity"]) == ("connected", "degraded")
        assert "another gateway" in told["what"]


def test_a_broker_that_never_answers(tmp_path: Path) -> None:
    """It lets us in and is silent: nothing waits for it, not even the end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with running(tmp_path, NEASMART_MQTT_HOST="127.0.0.1", NEASMART_MQTT_PORT=str(port)) as gateway:
            connection, _ = silent.accept()
            with connection:
                assert component(gateway)["state"] == "connecting"
                assert gateway.stop() == 0
    assert "the daemon has stopped" in gateway.log.read_text()


def test_a_flood(tmp_path: Path, broker: Broker) -> None:
    """The bus comes first: who is flooded leaves, says so, and writes no flood into the log."""
    with broker.client() as home, running(tmp_path, **broker.settings) as gateway:
        eventually(lambda: is_online(home), "the gateway")
        home.flood("neasmart/1/1/nonsense/set", 10_000)
        eventually(lambda: "find out who sends them" in (component(gateway)["what"] or ""), "the reason")
        eventually(lambda: home.last("neasmart/status") == "offline", "it says that it has gone")
        assert len([line for line in gateway.lines() if "mqtt" in str(line.get("logger"))]) <= 5
        assert gateway.stop() == 0
