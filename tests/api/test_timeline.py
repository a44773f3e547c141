"""The timeline of a zone: its changes and the ends of its commands in one list, newest first."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.v1.models.history import Change
from tests.api.recorded import COMMANDS, OPERATION, TIMELINE, Recorded, commanded
from tests.api.serving import ZONE, faults, problem
from tests.desk.gateway import MODE, SETPOINT, TEMPERATURE, degrees
from tests.manager.served import Served

STUDY = "/api/v1/zones/2/3"


def moments(api: FlaskClient, **query: object) -> list[dict[str, Any]]:
    """The timeline of zone 1/1."""
    answer = api.get(TIMELINE, query_string=query)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert set(found) == {"base", "zone", "timeline", "count", "next"}
    assert (found["base"], found["zone"], found["count"]) == (1, 1, len(found["timeline"]))
    return list(found["timeline"])


def told(found: list[dict[str, Any]]) -> list[str]:
    """Each moment in a word: the cause of a change, the state of an outcome."""
    return [m["change"]["cause"] if m["kind"] == "change" else m["outcome"]["state"] for m in found]


@pytest.fixture
def lived(recorded: Recorded, api: FlaskClient) -> list[str]:
    """Confirmed after four seconds, changed by hand after ten, overridden after forty; the ids of the two commands."""
    recorded.writes(SETPOINT, degrees(19), degrees(20))
    first = commanded(api, 21)
    recorded.wait(2)
    recorded.reads(SETPOINT)
    recorded.wait(2)
    recorded.writes(SETPOINT, degrees(21))
    recorded.wait(6)
    recorded.writes(SETPOINT, degrees(18))
    recorded.wait(20)
    second = commanded(api, 22)
    recorded.wait(5)
    recorded.reads(SETPOINT)
    recorded.wait(5)
    recorded.writes(SETPOINT, degrees(25))
    return [first, second]


def test_nothing_has_happened(api: FlaskClient) -> None:
    """Also of a zone that nobody has heard of."""
    nothing = {"timeline": [], "count": 0, "next": None}
    assert api.get(TIMELINE).get_json() == {"base": 1, "zone": 1} | nothing
    assert api.get("/api/v1/zones/5/12/timeline").get_json() == {"base": 5, "zone": 12} | nothing


@pytest.mark.usefixtures("lived")
def test_everything_in_its_order(api: FlaskClient) -> None:
    """Newest first, changes and outcomes among each other."""
    found = moments(api)
    assert [moment["at"][17:19] for moment in found] == ["40", "40", "30", "10", "04", "04", "00"]
    assert sorted(told(found[:2])) == ["base", "overridden"]
    assert told(found[2:4]) == ["user", "base"]
    assert sorted(told(found[4:6])) == ["command", "confirmed"]
    assert told(found[6:]) == ["user"]


def test_an_outcome_is_the_commands_receipt(api: FlaskClient, lived: list[str]) -> None:
    """At its end, whole, and without a change."""
    outcomes = [moment for moment in moments(api) if moment["kind"] == "outcome"]
    assert [outcome["outcome"]["id"] for outcome in outcomes] == lived[::-1]
    for outcome in outcomes:
        receipt = api.get(f"{COMMANDS}/{outcome['outcome']['id']}").get_json()["command"]
        assert outcome == {"at": receipt["finished_at"], "kind": "outcome", "change": None, "outcome": receipt}


@pytest.mark.usefixtures("lived")
def test_a_change_is_that_of_the_audit(api: FlaskClient) -> None:
    """Field by field, and without an outcome."""
    found = [moment for moment in moments(api) if moment["kind"] == "change"]
    assert [moment["change"] for moment in found] == api.get("/api/v1/audit").get_json()["changes"]
    assert {moment["outcome"] for moment in found} == {None}
    assert all(moment["at"] == moment["change"]["at"] for moment in found)
    assert set(found[0]["change"]) == {field.serialization_alias or n for n, field in Change.model_fields.items()}


def test_an_open_command_has_no_outcome(recorded: Recorded, api: FlaskClient) -> None:
    """Neither waiting nor read: only the wish shows."""
    commanded(api, 21)
    assert told(moments(api)) == ["user"]
    recorded.writes(TEMPERATURE, degrees(20))
    recorded.reads(SETPOINT)
    assert told(moments(api)) == ["user"]


def test_a_cancelled_command_is_told(api: FlaskClient) -> None:
    """Its wish, and that it was taken back."""
    api.delete(f"{COMMANDS}/{commanded(api, 21)}")
    assert sorted(told(moments(api))) == ["cancelled", "user"]


def test_of_this_zone_only(recorded: Recorded, api: FlaskClient) -> None:
    """Neither other zones nor the plant show."""
    recorded.writes(MODE, 2, 1)
    recorded.writes(MODE, 3)
    api.delete(f"{COMMANDS}/{commanded(api, 21, STUDY)}")
    api.patch(OPERATION, json={"state": "party"})
    assert moments(api) == []
    assert api.get(f"{STUDY}/timeline").get_json()["count"] == 2


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("limit", [1, 2, 4, 7, 8, 200])
def test_a_limit_keeps_the_newest(api: FlaskClient, limit: int) -> None:
    """Of both kinds together, not of each."""
    assert moments(api, limit=limit) == moments(api)[:limit]


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_follow_one_another(api: FlaskClient, limit: int) -> None:
    """`next` leads from page to page without a gap or a double, also between moments of the same time."""
    paged, query = list[object](), {"limit": limit}
    for _ in range(7):
        page = api.get(TIMELINE, query_string=query).get_json()
        assert 0 < page["count"] <= limit
        paged += page["timeline"]
        if page["next"] is None:
            break
        query = {"limit": limit, "before": page["next"]}
    assert paged == moments(api)


@pytest.mark.usefixtures("lived")
def test_since(api: FlaskClient) -> None:
    """Nothing from before shows, and what happened at that very moment does."""
    assert sorted(told(moments(api, since="2026-01-01T00:00:30Z"))) == ["base", "overridden", "user"]
    assert moments(api, since="2026-01-01T00:00:41Z") == []


def test_fifty_unless_told_otherwise(recorded: Recorded, api: FlaskClient) -> None:
    """A timeline without a limit is bounded too."""
    for n in range(52):
        recorded.wait(1)
        recorded.writes(SETPOINT, degrees(18 + n % 2))
    assert len(moments(api)) == 50
    assert len(moments(api, limit=200)) == 51


FAULTY = [
    ("limit=0", "limit"),
    ("limit=201", "limit"),
    ("limit=", "limit"),
    ("since=now", "since"),
    ("since=2026-01-01T00:00:00", "since"),
    ("limit=1&limit=2", "limit"),
    ("before=x", "before"),
    ("base=1", "base"),
    ("zone=1", "zone"),
    ("state=accepted", "state"),
]


@pytest.mark.parametrize(("query", "field"), FAULTY)
def test_a_filter_that_is_none_is_400(door: FlaskClient, query: str, field: str) -> None:
    """It is named; the zone stands in the path and nowhere else."""
    named = faults(door.get(f"{TIMELINE}?{query}"), 400, "invalid_query")
    assert list(named) == [field]


@pytest.mark.parametrize("zone", ["0/1", "1/0", "6/1", "1/13", "01/1", "1/-1", "1/1.0", "1/٣", "9999/9999", "1/99999"])
def test_a_zone_that_there_is_not_is_404(idle: Recorded, door: FlaskClient, zone: str) -> None:
    """However its number is written; nobody is asked for anything."""
    problem(door.get(f"/api/v1/zones/{zone}/timeline"), 404, "not_found")
    assert idle.link.asked == []


def test_a_zone_beyond_the_last_is_404_with_the_limits(door: FlaskClient) -> None:
    """Before anything is said of the query."""
    found = problem(door.get("/api/v1/zones/1/13/timeline?limit=0"), 404, "not_found")
    assert "zones 1 to 12" in found["detail"]
    assert found["instance"] == "/api/v1/zones/1/13/timeline"


def test_without_daemon_the_timeline_goes_on(recorded: Recorded, api: FlaskClient, lived: list[str]) -> None:
    """With what was written down, and with outcomes from the ring."""
    before = moments(api)
    recorded.daemon_dies()
    assert moments(api) == before


def test_without_its_database_503(recorded: Recorded, api: FlaskClient, lived: list[str]) -> None:
    """Half a timeline would be taken for a whole one."""
    moments(api)
    with recorded.database_away():
        answer = api.get(TIMELINE)
        problem(answer, 503, "store")
        assert answer.headers["Retry-After"] == "5"
    assert len(moments(api)) == 7


def test_before_the_first_database_503(served: Served, client: FlaskClient) -> None:
    """A gateway whose file is not there."""
    served.database.unlink()
    problem(client.get(f"{ZONE}/timeline"), 503, "store")
