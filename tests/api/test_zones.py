"""Reading zones: names, numbers or a reason, and what is desired beside what is reported."""

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.domain.intentions import SetZoneSetpoint
from neasmart_gateway.domain.zones import ZoneRef
from tests.api.serving import ZONE, faults, problem
from tests.desk.gateway import SETPOINT, TEMPERATURE, ZONE_STATE, degrees, setpoint, zone_state
from tests.manager.served import Served

KEYS = [
    *("base", "zone", "base_label", "label", "address"),
    *("state", "temperature", "setpoint", "relative_humidity"),
    *("desired", "command", "stale", "updated_at", "reasons"),
]

WARM = (ZONE_STATE, 1, degrees(21.0), degrees(20.84))
"""Zone 1/1 in the state normal, setpoint 21 °C, 20.84 °C warm."""


def test_a_zone_is_shown_by_names_and_plain_numbers(served: Served, client: FlaskClient) -> None:
    """Labels, state by name, temperatures in °C, humidity in per cent."""
    served.writes(*WARM)
    served.writes(110, 45)
    assert client.get(ZONE).get_json() == {
        "base": 1,
        "zone": 1,
        "base_label": "Ground floor",
        "label": "Living room",
        "address": 100,
        "state": "normal",
        "temperature": 20.84,
        "setpoint": 21.0,
        "relative_humidity": 45,
        "desired": None,
        "command": None,
        "stale": False,
        "updated_at": "2026-01-01T00:00:00.000Z",
        "reasons": {},
    }


def test_a_zone_never_heard_of_is_unknown_not_zero(client: FlaskClient) -> None:
    """A zone that exists answers 200 with nulls and reasons, under a plain name."""
    zone = client.get("/api/v1/zones/5/12").get_json()
    assert list(zone) == KEYS
    fields = ("state", "temperature", "setpoint", "relative_humidity")
    assert [zone[field] for field in fields] == [None] * 4
    assert zone["reasons"] == dict.fromkeys(fields, "never_written")
    assert (zone["label"], zone["base_label"], zone["address"]) == ("Zone 5.12", "Base 5", 6000)
    assert (zone["stale"], zone["updated_at"]) == (True, None)


@pytest.mark.parametrize(
    ("address", "word", "field", "reason"),
    [
        (ZONE_STATE, 0, "state", "none"),
        (ZONE_STATE, 7, "state", "implausible"),
        (SETPOINT, 0x8116, "setpoint", "standby"),
        (SETPOINT, 0x7FFF, "setpoint", "invalid"),
        (TEMPERATURE, 0x7FFF, "temperature", "invalid"),
        (TEMPERATURE, degrees(300), "temperature", "implausible"),
        (110, 0, "relative_humidity", "none"),
        (110, 101, "relative_humidity", "implausible"),
    ],
)
def test_a_null_has_a_reason(
    served: Served, client: FlaskClient, address: int, word: int, field: str, reason: str
) -> None:
    """What a word cannot mean is null, and `reasons` says why."""
    served.writes(*WARM)
    served.writes(address, word)
    zone = client.get(ZONE).get_json()
    assert zone[field] is None
    assert zone["reasons"][field] == reason


def test_desired_stands_beside_reported(served: Served, client: FlaskClient) -> None:
    """An open command changes `desired` and `command`, and nothing that the base has reported."""
    served.writes(*WARM)
    command = served.submit(setpoint(22.5))
    zone = client.get(ZONE).get_json()
    assert (zone["setpoint"], zone["desired"]) == (21.0, {"state": None, "setpoint": 22.5})
    assert (zone["command"]["id"], zone["command"]["state"]) == (command.id, "accepted")


def test_the_newest_open_command_is_shown(served: Served, client: FlaskClient) -> None:
    """State and setpoint can be under different commands; `desired` has both values, `command` the newer."""
    served.submit(setpoint(22.5))
    newer = served.submit(zone_state("party"))
    zone = client.get(ZONE).get_json()
    assert zone["desired"] == {"state": "party", "setpoint": 22.5}
    assert zone["command"]["id"] == newer.id


def test_a_finished_command_leaves_the_zone(served: Served, client: FlaskClient) -> None:
    """Once the base has echoed it, nothing is desired any more."""
    served.submit_and_deliver(setpoint(22.5))
    served.writes(SETPOINT, degrees(22.5))
    zone = client.get(ZONE).get_json()
    assert (zone["setpoint"], zone["desired"], zone["command"]) == (22.5, None, None)


def test_silence_makes_stale_and_keeps_the_value(served: Served, client: FlaskClient) -> None:
    """After the stale limit the value is still shown, with the time of its writing, marked."""
    served.writes(*WARM)
    served.wait(181)
    zone = client.get(ZONE).get_json()
    assert (zone["stale"], zone["temperature"]) == (True, 20.84)
    assert zone["updated_at"] == "2026-01-01T00:00:00.000Z"


def test_the_list_has_configured_and_heard_of_zones(served: Served, client: FlaskClient) -> None:
    """In the order of bases and zones; others do not appear, and a command alone does not make a zone heard of."""
    served.writes(6000, 1)
    served.submit(SetZoneSetpoint(ZoneRef(4, 4), 20.0))
    answer = client.get("/api/v1/zones").get_json()
    assert [(zone["base"], zone["zone"]) for zone in answer["zones"]] == [(1, 1), (2, 3), (5, 12)]
    assert answer["count"] == 3
    assert all(list(zone) == KEYS for zone in answer["zones"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("base=1", [(1, 1)]),
        ("base=5", []),
        ("stale=false", [(1, 1)]),
        ("stale=true", [(2, 3)]),
        ("base=2&stale=true", [(2, 3)]),
        ("base=2&stale=false", []),
    ],
)
def test_zones_are_filtered(served: Served, client: FlaskClient, query: str, expected: list[tuple[int, int]]) -> None:
    """By base and by staleness, and by both; the count is that of the answer."""
    served.writes(*WARM)
    answer = client.get(f"/api/v1/zones?{query}").get_json()
    assert [(zone["base"], zone["zone"]) for zone in answer["zones"]] == expected
    assert answer["count"] == len(expected)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("base=0", "base"),
        ("base=6", "base"),
        ("base=", "base"),
        ("base=-1", "base"),
        ("base=01", "base"),
        ("base=%2B1", "base"),
        ("base=1.0", "base"),
        ("base=1e0", "base"),
        ("base=%D9%A3", "base"),
        ("base=99999999999999999999", "base"),
        ("base=%ff", "base"),
        ("stale=1", "stale"),
        ("stale=True", "stale"),
        ("stale=", "stale"),
        ("base=1&base=2", "base"),
        ("colour=red", "colour"),
        ("Base=1", "Base"),
    ],
)
def test_a_bad_query_is_400_and_named(client: FlaskClient, query: str, name: str) -> None:
    """Values that there are not and parameters that there are not are refused by name."""
    assert list(faults(client.get(f"/api/v1/zones?{query}"), 400, "invalid_query")) == [name]


def test_every_bad_parameter_is_named(client: FlaskClient) -> None:
    """Not only the first one."""
    answer = client.get("/api/v1/zones?base=x&stale=y&z=1")
    assert set(faults(answer, 400, "invalid_query")) == {"base", "stale", "z"}


@pytest.mark.parametrize(
    "base", ["0", "6", "-1", "01", "1e3", "٣", "1.0", "+1", "99999999999999999999", "one", " 1", "1%00"]
)
def test_a_zone_that_there_is_not_is_404(client: FlaskClient, base: str) -> None:
    """However its number is written, for every method and for both places of the number."""
    for path in (f"/api/v1/zones/{base}/1", f"/api/v1/zones/1/{base}"):
        if (base, path) != ("6", "/api/v1/zones/1/6"):
            problem(client.get(path), 404, "not_found")
            problem(client.patch(path, json={"setpoint": 21}), 404, "not_found")
            problem(client.post(f"{path}/release"), 404, "not_found")


def test_a_zone_beyond_the_last_is_404_with_the_limits(client: FlaskClient) -> None:
    """The answer says which zones there are."""
    assert "1 to 12" in problem(client.get("/api/v1/zones/1/13"), 404, "not_found")["detail"]
