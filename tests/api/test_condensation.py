"""The condensation guard over HTTP: what the base writes becomes margins or reasons, and nothing is commanded."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.domain.modes import OperatingMode
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.requests import Read
from tests.api.serving import client_of
from tests.desk.gateway import TEMPERATURE, degrees
from tests.manager.served import Served

CONDENSATION = "/api/v1/condensation"
HUMIDITY, PUMP, FLOW = 110, 11, 12
STUDY = ZoneRef(2, 3)
LIVING, SUMMER = ZoneRef(1, 1), 28.0


@pytest.fixture
def cooled(served: Served) -> Served:
    """A base station that has said: 25 °C and 60 % in zone 1/1, its mixed group 1 runs at 18 °C."""
    served.writes(TEMPERATURE, degrees(25.0))
    served.writes(HUMIDITY, 60)
    served.writes(PUMP, 1, degrees(18.0))
    return served


def zone(client: FlaskClient, ref: ZoneRef = LIVING) -> dict[str, Any]:
    found = client.get(CONDENSATION).get_json()["zones"]
    return next(one for one in found if (one["base"], one["zone"]) == (ref.base, ref.zone))


def test_a_cooled_room_has_a_margin(cooled: Served, client: FlaskClient) -> None:
    """With the water that it is held against; the study was never heard of, and says so."""
    body = client.get(CONDENSATION).get_json()
    living, study = body.pop("zones")
    assert body == {"cooling": True, "lowest_margin": 1.31, "risk": "near", "reasons": {}}
    assert living == {
        "base": 1,
        "zone": 1,
        "base_label": "Ground floor",
        "label": "Living room",
        "dew_point": 16.69,
        "margin": 1.31,
        "risk": "near",
        "cooling": True,
        "mixed_group": 1,
        "flow_temperature": 18.0,
        "stale": False,
        "updated_at": "2026-01-01T00:00:00.000Z",
        "reasons": {},
    }
    assert (study["risk"], study["reasons"]) == ("unknown", {"dew_point": "stale", "margin": "stale"})


def test_without_cooling_there_is_no_margin(cooled: Served, client: FlaskClient) -> None:
    """The pump stands still: a dew point, and a reason instead of a margin."""
    cooled.writes(PUMP, 0)
    room = zone(client)
    assert (room["dew_point"], room["margin"], room["risk"], room["cooling"]) == (16.69, None, "none", False)
    assert room["reasons"] == {"margin": "not_cooling"}


def test_the_mode_does_not_tell(cooled: Served, client: FlaskClient) -> None:
    """The base says heating, and its water is cold all the same."""
    cooled.writes(1, OperatingMode.HEATING)
    assert client.get(CONDENSATION).get_json()["cooling"] is True


@pytest.mark.parametrize(("word", "why"), [(0, "no_humidity_sensor"), (101, "no_humidity")])
def test_without_humidity_the_risk_is_unknown(cooled: Served, client: FlaskClient, word: int, why: str) -> None:
    """0 % is no sensor and not dry air."""
    cooled.writes(HUMIDITY, word)
    room = zone(client)
    assert (room["dew_point"], room["margin"], room["risk"]) == (None, None, "unknown")
    assert room["reasons"] == {"dew_point": why, "margin": why}


def test_an_old_humidity_is_not_reckoned_with(cooled: Served, client: FlaskClient) -> None:
    """Even while the temperature goes on."""
    cooled.wait(181.0)
    cooled.writes(TEMPERATURE, degrees(25.0))
    room = zone(client)
    assert (room["stale"], room["dew_point"], room["reasons"]["dew_point"]) == (False, None, "stale")


@pytest.mark.parametrize("silence", [lambda served: served.wait(181.0), lambda served: served.daemon_dies()])
def test_silence_gives_reasons_and_no_old_values(cooled: Served, client: FlaskClient, silence: Any) -> None:
    """Bus silent or daemon away: nothing is known, and that is what is said, with status 200."""
    silence(cooled)
    body = client.get(CONDENSATION).get_json()
    assert (body["cooling"], body["lowest_margin"], body["risk"]) == (None, None, "unknown")
    assert zone(client)["flow_temperature"] is None
    assert zone(client)["reasons"] == {"dew_point": "stale", "margin": "stale"}


def test_a_zone_without_a_group_is_held_against_the_coldest_water(cooled: Served, client: FlaskClient) -> None:
    """Of the groups that run."""
    cooled.writes(STUDY.state_address + 2, degrees(26.0))
    cooled.writes(STUDY.state_address + 10, 70)
    cooled.writes(PUMP + 4, 1, degrees(19.0))
    study = zone(client, STUDY)
    assert (study["mixed_group"], study["flow_temperature"], study["risk"]) == (1, 18.0, "possible")


def test_query_parameters_are_refused(client: FlaskClient) -> None:
    """There are none."""
    assert client.get(f"{CONDENSATION}?base=1").status_code == 400


def say_everything(station: BaseStation, served: Served) -> None:
    """Let the simulated base write all that it has to say, and read what it asks for."""
    while (request := station.next_request()) is not None:
        if isinstance(request, Read):
            station.heard(request, tuple(served.reads(request.run.start, len(request.run))))
        else:
            served.writes(request.start, *request.words)


def test_a_simulated_summer_day_ends_in_a_warning(served: Served) -> None:
    """A house that is cooled in damp air: what the base writes of it leads to a warning, and no command."""
    house = House([ZoneRef(1, 1)], seed=5, outside_mean=SUMMER)
    house.order_mode(OperatingMode.MANUAL_COOLING)
    house.rooms[0].temperature, house.rooms[0].dampness, house.rooms[0].humidity = 27.0, 85.0, 85.0
    house.step(600.0)
    station = BaseStation(house)
    station.link_up()
    say_everything(station, served)
    client = client_of(served)
    assert (client.get(CONDENSATION).get_json()["cooling"], zone(client)["risk"]) == (True, "possible")
    assert zone(client)["margin"] <= 0.0
    assert served.desk.pending == 0
