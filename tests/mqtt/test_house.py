"""A real gateway, a real broker and a simulated house, from discovery to silence; the tests follow each other."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from neasmart_gateway.domain.times import unix_of
from neasmart_gateway.mqtt.promptness import LATE
from tests.broker import Broker, Client, broker_in
from tests.running import Gateway, eventually, running
from tests.simulated import house_behind
from tests.wire import Master

pytestmark = pytest.mark.needs("mosquitto")

ZONE, STATE, RESULT = "neasmart/1/1", "neasmart/1/1/state", "neasmart/1/1/command/result"
SETPOINT = f"{ZONE}/setpoint/set"
STALE_SECONDS = 3
LATE_ONES = 100
"""More orders than the gateway says things in a few seconds."""
MOST_SECONDS = LATE + 1.0
"""From when somebody has said something until the gateway has it, at most; the clocks of both are the same."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker_in(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture(scope="module")
def houses() -> Iterator[ExitStack]:
    """The house behind the gateway; closed, it is silent."""
    with ExitStack() as houses:
        yield houses


@pytest.fixture(scope="module")
def gateway(broker: Broker, houses: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    settings = broker.settings | {"NEASMART_MODBUS_STALE_AFTER_SECONDS": str(STALE_SECONDS)}
    with running(tmp_path_factory.mktemp("gateway"), **settings) as gateway:
        houses.enter_context(house_behind(gateway, 3))
        yield gateway


@pytest.fixture
def home(broker: Broker, gateway: Gateway) -> Iterator[Client]:
    """Home Assistant, as far as the broker sees it; it has seen the gateway."""
    with broker.client() as home:
        eventually(lambda: home.last("neasmart/status") == "online", "the gateway")
        eventually(lambda: home.last(f"{ZONE}/availability") == "online", "a zone that is live")
        yield home


def commands(gateway: Gateway) -> list[dict[str, object]]:
    """Every command that was ever taken."""
    found, before = [], ""
    while before is not None:
        page = gateway.get(f"/api/v1/commands?limit=200{before}").json
        found += page["commands"]
        before = f"&before={page['next']}" if page["next"] is not None else None
    return found


def values(gateway: Gateway) -> list[object]:
    return [write["value"] for command in commands(gateway) for write in command["writes"]]  # type: ignore[attr-defined]


def component(gateway: Gateway) -> dict[str, object]:
    return next(one for one in gateway.get("/api/v1/health").json["components"] if one["kind"] == "mqtt")


def test_everything_is_discovered(home: Client, broker: Broker) -> None:
    """One message for each base and each zone, and whoever comes later is told them too: they are retained."""
    wanted = {f"homeassistant/device/neasmart_{device}/config" for device in ("b1", "b1_z1", "b1_z2", "b1_z3")}
    eventually(
        lambda: {topic for topic in home.topics() if topic.startswith("homeassistant/")} == wanted, "the devices"
    )
    with broker.client() as late:
        eventually(lambda: {topic for topic, _, retained in late.heard if retained} >= wanted, "the same")


def test_values_follow_the_house(home: Client, gateway: Gateway) -> None:
    """What the broker holds is what REST shows."""

    def same() -> bool:
        zone = gateway.get("/api/v1/zones/1/1").json
        return abs(home.json(STATE)["temperature"] - zone["temperature"]) < 0.011

    seen = home.json(STATE)["temperature"]
    eventually(lambda: home.json(STATE)["temperature"] != seen, "another temperature")
    eventually(same, "the same as over HTTP")
    outside = gateway.get("/api/v1/outside-temperature").json
    assert home.json("neasmart/1/state")["outside_temperature"] == pytest.approx(outside["temperature"], abs=0.5)


def test_a_command_is_confirmed(home: Client, gateway: Gateway) -> None:
    """With every step of its receipt, and what is desired is shown at once."""
    home.say(SETPOINT, "23.5")
    eventually(lambda: home.json(STATE)["command_outcome"] == "confirmed", "the outcome")
    steps = [json.loads(text) for text in home.messages(RESULT)]
    assert [step["state"] for step in steps] == ["accepted", "delivered", "confirmed"]
    assert steps[0]["by"]["via"] == "mqtt"
    assert steps[-1] == gateway.get(f"/api/v1/commands/{steps[-1]['id']}").json["command"]
    assert home.json(STATE)["setpoint"] == 23.5


def test_a_zone_and_the_house_are_switched(home: Client, gateway: Gateway) -> None:
    """A thermostat switches its zone; the house is switched at its base."""
    home.say(f"{ZONE}/mode/set", "off")
    eventually(lambda: home.json(STATE)["mode"] == "off" and not home.json(STATE)["command_pending"], "standby")
    home.say(f"{ZONE}/preset/set", "reduced")
    eventually(lambda: home.json(STATE)["preset"] == "reduced", "reduced")
    assert gateway.get("/api/v1/operation").json["mode"] == "heating"
    home.say("neasmart/1/mode/set", "cooling")
    cooling = "homeassistant/device/neasmart_b1_z1/config"
    eventually(lambda: home.json(cooling)["cmps"]["climate"]["modes"][-1] == "cool", "the thermostat made known anew")
    home.say("neasmart/1/mode/set", "heating")
    eventually(lambda: home.json(cooling)["cmps"]["climate"]["modes"][-1] == "heat", "and back")


def test_what_makes_no_sense_changes_nothing(home: Client, gateway: Gateway) -> None:
    """It is answered, logged, and counted."""
    before = len(commands(gateway))
    for topic, payload in ((SETPOINT, "99"), (SETPOINT, "x" * 5000), (f"{ZONE}/mode/set", "cool"), (SETPOINT, "")):
        home.say(topic, payload)
    eventually(lambda: len(home.messages(RESULT)) == 4, "four answers")
    assert {json.loads(text)["state"] for text in home.messages(RESULT)} == {"refused"}
    assert len(commands(gateway)) == before
    assert [line for line in gateway.lines() if line.get("topic") == SETPOINT]
    assert 'neasmart_mqtt_refused_total{reason="invalid"} 4.0' in gateway.get("/metrics").text


@pytest.mark.needs("mosquitto_pub")
def test_a_stored_order_is_ignored(home: Client, gateway: Gateway) -> None:
    """Also as it is stored, and by a daemon that finds it; until it is removed as the log says."""
    home.say(f"{ZONE}/preset/set", "party", retain=True)
    stored = eventually(lambda: [line for line in gateway.lines() if "how_to_remove" in line], "the line")
    assert stored[0]["topic"] == f"{ZONE}/preset/set"
    kill(gateway, home)
    eventually(lambda: refused(gateway, "retained") >= 2, "it is found again")
    assert gateway.get("/api/v1/zones/1/1").json["state"] == "reduced"
    assert "party" not in values(gateway)
    remove = str(stored[0]["how_to_remove"]).split()
    subprocess.run([*remove, "-h", "127.0.0.1", "-p", str(home.port)], check=True)


def refused(gateway: Gateway, reason: str) -> float:
    lines = gateway.get("/metrics").text.splitlines()
    return float(
        next(one.split()[1] for one in lines if one.startswith(f'neasmart_mqtt_refused_total{{reason="{reason}"'))
    )


def kill(gateway: Gateway, home: Client) -> None:
    """The daemon dies, its last will is read, and another one is there."""
    said = len(home.messages("neasmart/status"))
    os.kill(gateway.daemon, signal.SIGKILL)
    eventually(lambda: home.messages("neasmart/status")[said:] == ["offline", "online"], "the last will, and life")


def test_after_a_death_nothing_is_there_twice(home: Client, gateway: Gateway) -> None:
    """The same devices, word for word, and live values once the house has spoken."""
    before = {topic: home.last(topic) for topic in home.topics() if topic.startswith("homeassistant/")}
    kill(gateway, home)
    assert {topic: home.last(topic) for topic in home.topics() if topic.startswith("homeassistant/")} == before
    eventually(lambda: home.last(f"{ZONE}/availability") == "online", "a zone that is live")


def test_home_assistant_has_started(home: Client) -> None:
    """It is told everything once more."""
    before = len(home.heard)
    home.say("homeassistant/status", "online")
    wanted = {topic for topic in home.topics() if topic.endswith(("/config", "/state", "/availability"))}
    eventually(lambda: wanted <= {topic for topic, _, _ in home.heard[before + 1 :]}, "everything again")


def test_how_it_is(home: Client, gateway: Gateway) -> None:
    """Health and metrics tell of the connection."""
    told = component(gateway)
    assert (told["state"], told["severity"], told["what"]) == ("connected", "ok", None)
    assert "neasmart_mqtt_connected 1.0" in gateway.get("/metrics").text


def test_a_last_will_of_before_is_contradicted(home: Client) -> None:
    """A broker may find a connection dead long after there was another."""
    home.say("neasmart/status", "offline", retain=True)
    eventually(lambda: home.messages("neasmart/status")[-2:] == ["offline", "online"], "the contradiction")


def test_nothing_is_carried_out_late(home: Client, gateway: Gateway) -> None:
    """What was said to a daemon that stood still is refused when it goes on; what is said then is carried out."""
    assert order_until_taken(home, 27.5) == 27.5  # somebody listens
    daemon = gateway.daemon
    os.kill(daemon, signal.SIGSTOP)
    said_at = time.monotonic()
    home.say(SETPOINT, "28.5")
    eventually(lambda: time.monotonic() - said_at > LATE + 0.5, "time goes by")
    os.kill(daemon, signal.SIGCONT)
    late = eventually(lambda: [text for text in home.messages(RESULT) if "too_late" in text], "the refusal")
    assert json.loads(late[0])["state"] == "refused"
    assert order_until_taken(home, 29.0) == 29.0
    assert 28.5 not in values(gateway)


def test_a_broker_that_stood_still(home: Client, broker: Broker, gateway: Gateway) -> None:
    """It takes one message from each of us by turns, so the last order comes with a number that is not old at all."""
    assert order_until_taken(home, 27.5) == 27.5  # somebody listens
    before = refused(gateway, "late")
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGSTOP)
    said_at = time.monotonic()
    for n in range(LATE_ONES):
        home.say(SETPOINT, str(30.0 + n / 50), qos=0)
    eventually(lambda: time.monotonic() - said_at > LATE + 1.5, "time goes by")
    os.kill(broker.process.pid, signal.SIGCONT)
    eventually(lambda: refused(gateway, "late") - before >= LATE_ONES, "a refusal of each")
    assert max(value for value in values(gateway) if isinstance(value, float)) < 30.0


def order_until_taken(home: Client, value: float) -> float:
    """Say the same again until it is confirmed, as a person would; returns what the zone was set to."""

    def taken() -> bool:
        home.say(SETPOINT, str(value), qos=0)
        return home.json(STATE).get("setpoint") == value

    eventually(taken, "it is carried out")
    return float(home.json(STATE)["setpoint"])


@contextmanager
def bus_asked(gateway: Gateway) -> Iterator[list[float]]:
    """Somebody reads from the bus all the time; how long each answer took, and an error where there was none."""
    times: list[float] = []
    stop = threading.Event()

    def ask() -> None:
        with Master(gateway.modbus_port, source="127.0.0.9") as master:
            while not stop.is_set():
                began = time.monotonic()
                master.read(240, 100, 3)
                times.append(time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield times
        assert thread.is_alive(), "the bus was not answered"
    finally:
        stop.set()
        thread.join()


def test_ten_restarts_under_commands(home: Client, broker: Broker, gateway: Gateway) -> None:
    """None doubled, none late; lost ones are missing receipts and nothing else; the bus is answered throughout."""
    said: dict[float, float] = {}
    before = len(commands(gateway))

    def say_another() -> float:
        value = round(10.0 + 0.04 * len(said), 2)  # each is told from the others
        said[value] = time.time()
        with contextlib.suppress(RuntimeError, ValueError):  # it is not connected: lost
            home.say(f"neasmart/1/{len(said) % 3 + 1}/setpoint/set", str(value), qos=0)
        return value

    def has_taken_one_since(number: int) -> bool:
        say_another()
        return len(commands(gateway)) > number

    with bus_asked(gateway) as times:
        for _ in range(10):
            number = len(commands(gateway))
            broker.restart()
            eventually(lambda: has_taken_one_since(number), "a command after the restart")  # noqa: B023
    taken = commands(gateway)[: len(commands(gateway)) - before]
    told = [(command["writes"][0]["value"], unix_of(command["created_at"])) for command in taken]  # type: ignore
    assert len({value for value, _ in told}) == len(told), "one was doubled"
    assert {round(value, 2) for value, _ in told} <= said.keys()
    assert [value for value, at in told if at - said[round(value, 2)] > MOST_SECONDS] == []
    assert len(told) >= 10
    assert len(times) > 100
    eventually(lambda: home.last("neasmart/status") == "online", "the gateway is back")


def test_a_silent_bus(home: Client, gateway: Gateway, houses: ExitStack) -> None:
    """Zones become unavailable and show no value; the base says so, and is there."""
    houses.close()
    eventually(lambda: home.last(f"{ZONE}/availability") == "offline", "silence")
    eventually(lambda: home.json("neasmart/1/state")["bus_alive"] is False, "the bus is dead")
    eventually(lambda: home.last("neasmart/1/availability") == "offline", "the plant is unavailable")
    assert home.last("neasmart/status") == "online"
    eventually(lambda: home.json(STATE)["temperature"] is None, "no old value")


def test_the_end(broker: Broker, gateway: Gateway) -> None:
    """A gateway that is stopped says so."""
    with broker.client() as home:
        eventually(lambda: home.last("neasmart/status") == "online", "the gateway")
        assert gateway.stop() == 0
        eventually(lambda: home.messages("neasmart/status") == ["online", "offline"], "the farewell")
