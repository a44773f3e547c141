"""What was learned of the house: what was ever written, how often, and what has gone silent."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.domain.zones import ZoneRef
from tests.api.line import HeardLine, attach, write
from tests.desk.gateway import START, TEMPERATURE, degrees
from tests.manager.served import Served

TOPOLOGY = "/api/v1/topology"
OUTSIDE, PUMP_2, DEHUMIDIFIER_9, FLOW_3 = 7, 32, 30, 20
KITCHEN = ZoneRef(1, 3)


@pytest.fixture(autouse=True)
def line(served: Served) -> HeardLine:
    """A gateway that has just been started, and its bus."""
    served.memory.header.booted_at = START
    return attach(served)


def zone(client: FlaskClient, base: int, number: int) -> dict[str, Any]:
    found = client.get(TOPOLOGY).get_json()["zones"]
    return next(one for one in found if (one["base"], one["zone"]) == (base, number))


def test_nothing_but_what_is_configured_before_the_base_speaks(client: FlaskClient) -> None:
    """Configured zones are never heard, and nothing else is there."""
    found = client.get(TOPOLOGY).get_json()
    assert [(one["base"], one["zone"], one["presence"], one["configured"]) for one in found["zones"]] == [
        (1, 1, "never", True),
        (2, 3, "never", True),
    ]
    assert (found["bus_alive"], found["mixed_groups"], found["pumps"], found["dehumidifiers"]) == (False, [], [], [])
    assert (found["operation"], found["notifications"], found["outside"]) == (None, None, None)


def test_things_appear_when_they_are_written(served: Served, client: FlaskClient) -> None:
    """Zones with and without a name in the settings, and each thing of the plant by its number."""
    for address in (TEMPERATURE, KITCHEN.state_address + 2, OUTSIDE, PUMP_2, DEHUMIDIFIER_9, FLOW_3, 2, 5):
        served.writes(address, 1)
    found = client.get(TOPOLOGY).get_json()
    assert zone(client, 1, 1) == {
        "base": 1,
        "zone": 1,
        "base_label": "Ground floor",
        "label": "Living room",
        "mixed_group": 1,
        "configured": True,
        "presence": "heard",
        "last_heard_at": "2026-01-01T00:00:00.000Z",
        "every_seconds": None,
    }
    kitchen = zone(client, 1, 3)
    assert (kitchen["label"], kitchen["configured"]) == ("Zone 1.3", False)
    assert [[one["id"] for one in found[key]] for key in ("mixed_groups", "pumps", "dehumidifiers")] == [[3], [2], [9]]
    assert all(found[key]["presence"] == "heard" for key in ("operation", "notifications", "outside"))


def test_a_read_makes_nothing_heard(client: FlaskClient, line: HeardLine) -> None:
    """Only a write does."""
    line.base_says(b"\x03\x00\x1f\x00\x05")
    assert client.get(TOPOLOGY).get_json()["pumps"] == []


def test_a_room_that_is_left_out_goes_silent(served: Served, client: FlaskClient) -> None:
    """While the others go on; and is heard again with its next temperature."""
    served.writes(TEMPERATURE, degrees(21.0))
    served.wait(120.0)
    served.writes(KITCHEN.state_address + 2, degrees(20.0))
    served.wait(61.0)
    assert (zone(client, 1, 1)["presence"], zone(client, 1, 3)["presence"]) == ("silent", "heard")
    served.writes(100, 1)
    assert zone(client, 1, 1)["presence"] == "silent", "it goes by its temperature"
    served.writes(TEMPERATURE, degrees(21.0))
    assert zone(client, 1, 1)["presence"] == "heard"


def test_nobody_is_silent_on_a_silent_bus(served: Served, client: FlaskClient) -> None:
    """Then nothing can be told of a single room."""
    served.writes(TEMPERATURE, degrees(21.0))
    served.wait(200.0)
    found = client.get(TOPOLOGY).get_json()
    assert (found["bus_alive"], zone(client, 1, 1)["presence"]) == (False, "unknown")


def test_what_is_written_seldom_has_more_patience(served: Served, client: FlaskClient, line: HeardLine) -> None:
    """A pump every five minutes is not silent after four: three of its own intervals must pass."""
    for _ in range(3):
        line.base_says(write(PUMP_2, 1))
        for _ in range(3):
            served.wait(100.0)
            served.writes(TEMPERATURE, degrees(21.0))
    (pump,) = client.get(TOPOLOGY).get_json()["pumps"]
    assert (pump["presence"], pump["every_seconds"]) == ("heard", 300.0)
    for _ in range(7):
        served.wait(100.0)
        served.writes(TEMPERATURE, degrees(21.0))
    assert client.get(TOPOLOGY).get_json()["pumps"][0]["presence"] == "silent"


def test_the_interval_is_that_of_the_temperature(served: Served, client: FlaskClient, line: HeardLine) -> None:
    """Measured by the daemon."""
    for _ in range(4):
        line.base_says(write(TEMPERATURE, degrees(21.0)))
        served.wait(7.5)
    assert zone(client, 1, 1)["every_seconds"] == 7.5


def test_what_is_remembered_gets_its_time(served: Served, client: FlaskClient) -> None:
    """After a restart: remembered with its old time, until the base could have repeated it; then silent."""
    served.memory.writer.restore(TEMPERATURE, degrees(21.0), START - 3600.0)
    served.writes(KITCHEN.state_address + 2, degrees(20.0))
    room = zone(client, 1, 1)
    assert (room["presence"], room["last_heard_at"]) == ("remembered", "2025-12-31T23:00:00.000Z")
    served.wait(181.0)
    served.writes(KITCHEN.state_address + 2, degrees(20.0))
    assert zone(client, 1, 1)["presence"] == "silent"


def test_it_is_told_with_the_daemon_away(served: Served, client: FlaskClient, line: HeardLine) -> None:
    """From memory, without intervals, and without judging; the breaker is not touched."""
    line.base_says(write(TEMPERATURE, degrees(21.0)))
    served.daemon_dies()
    room = zone(client, 1, 1)
    assert (room["presence"], room["every_seconds"]) == ("unknown", None)
    assert served.memory.breaker.failures == 0


def test_query_parameters_are_refused(client: FlaskClient) -> None:
    """There are none."""
    assert client.get(f"{TOPOLOGY}?base=1").status_code == 400
