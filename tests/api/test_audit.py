"""The audit: every change of a mode, state or setpoint, newest first, with its cause and by whom."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.store.journal import AuditRow, Batch
from tests.api.recorded import AUDIT, LAST_PLACE, OPERATION, TIMELINE, Recorded, commanded
from tests.api.serving import ZONE, client_of, faults, problem
from tests.desk.gateway import MODE, SETPOINT, STRANGER, ZONE_STATE, degrees
from tests.manager.served import RESET_SECONDS, Served
from tests.store.files import no_database

NORMAL, REDUCED = 1, 2
STUDY_SETPOINT = 1501


def changes(api: FlaskClient, **query: object) -> list[dict[str, Any]]:
    """The changes that a query finds, newest first."""
    answer = api.get(AUDIT, query_string=query)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert set(found) == {"changes", "count", "next"}
    assert found["count"] == len(found["changes"])
    return list(found["changes"])


def values(api: FlaskClient, **query: object) -> list[object]:
    """The values that a query finds, newest first."""
    return [change["value"] for change in changes(api, **query)]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """A gateway that has seen six changes, ten seconds apart; one for all tests that only look.

    Zone 1/1 to 19, 20 and 21 °C and to reduced, zone 2/3 to 23 °C, the plant to cooling. What the base writes first is
    not a change, since nothing is known of before.
    """
    recorded = Recorded(tmp_path_factory.mktemp("lived") / "lock")
    recorded.writes(MODE, 2)
    recorded.writes(ZONE_STATE, NORMAL, degrees(18))
    recorded.writes(STUDY_SETPOINT, degrees(18))
    for address, word in [(SETPOINT, degrees(19)), (SETPOINT, degrees(20)), (SETPOINT, degrees(21)),
                          (ZONE_STATE, REDUCED), (STUDY_SETPOINT, degrees(23)), (MODE, 3)]:  # fmt: skip
        recorded.wait(10)
        recorded.writes(address, word)
    yield recorded
    recorded.journal.close()


@pytest.fixture(scope="module")
def past(lived: Recorded) -> FlaskClient:
    """A client of its API, for looking."""
    return client_of(lived)


def test_nothing_has_changed(api: FlaskClient) -> None:
    """An empty list is an answer."""
    assert api.get(AUDIT).get_json() == {"changes": [], "count": 0, "next": None}


def test_a_change_of_a_zone_is_whole(past: FlaskClient) -> None:
    """When, which register of which zone, from what to what, why and by whom."""
    assert changes(past, base=2, zone=3) == [
        {
            "at": "2026-01-01T00:00:50.000Z",
            "register": "zone.setpoint",
            "address": STUDY_SETPOINT,
            "base": 2,
            "zone": 3,
            "previous": 18.0,
            "value": 23.0,
            "cause": "base",
            "by": "base station",
            "command_id": None,
        }
    ]


def test_a_change_of_the_plant_has_no_zone(past: FlaskClient) -> None:
    """Its values go by name."""
    newest = changes(past, limit=1)[0]
    assert (newest["register"], newest["base"], newest["zone"]) == ("operation.mode", None, None)
    assert (newest["previous"], newest["value"]) == ("heating", "cooling")


QUERIES: list[tuple[dict[str, object], list[object]]] = [
    ({}, ["cooling", 23, "reduced", 21, 20, 19]),
    ({"base": 1, "zone": 1}, ["reduced", 21, 20, 19]),
    ({"base": 5, "zone": 12}, []),
    ({"since": "2026-01-01T00:00:40Z"}, ["cooling", 23, "reduced"]),
    ({"since": "2026-01-01T00:00:40.001Z"}, ["cooling", 23]),
    ({"since": "2026-01-01T00:00:20Z", "base": 1, "zone": 1}, ["reduced", 21, 20]),
    ({"limit": 2}, ["cooling", 23]),
    ({"limit": 2, "base": 1, "zone": 1}, ["reduced", 21]),
    ({"limit": 200}, ["cooling", 23, "reduced", 21, 20, 19]),
    ({"before": 3}, [20, 19]),
    ({"before": 0}, []),
    ({"before": LAST_PLACE, "limit": 1}, ["cooling"]),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_filters(past: FlaskClient, query: dict[str, object], found: list[object]) -> None:
    """Newest first; each filter alone and with others."""
    assert values(past, **query) == found


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_pages_follow_one_another(past: FlaskClient, limit: int) -> None:
    """`next` leads from page to page without a gap or a double, until it is null."""
    paged, query = list[object](), {"limit": limit}
    for _ in range(10):
        page = past.get(AUDIT, query_string=query).get_json()
        paged += [change["value"] for change in page["changes"]]
        if page["next"] is None:
            break
        query = {"limit": limit, "before": page["next"]}
    assert paged == ["cooling", 23, "reduced", 21, 20, 19]


def test_fifty_unless_told_otherwise(recorded: Recorded, api: FlaskClient) -> None:
    """An audit without a limit is a page too."""
    rows = [AuditRow(float(n), SETPOINT, None, degrees(20), "base", "base station", None) for n in range(51)]
    recorded.journal.commit(Batch(audit=rows), durable=False)
    page = api.get(AUDIT).get_json()
    assert (page["count"], page["next"] is None) == (50, False)
    assert len(changes(api, limit=200)) == 51


# Why, and by whom


def test_a_wish_is_the_users(recorded: Recorded, api: FlaskClient) -> None:
    """Before the base has even read it: who asked, for what, and which command that is."""
    recorded.writes(SETPOINT, degrees(19))
    peer = {"REMOTE_ADDR": "192.0.2.7"}
    receipt = api.patch(ZONE, json={"setpoint": 21.5}, environ_overrides=peer).get_json()["command"]
    (wish,) = changes(api)
    assert (wish["cause"], wish["by"], wish["command_id"]) == ("user", "http 192.0.2.7", receipt["id"])
    assert (wish["previous"], wish["value"], wish["at"]) == (19, 21.5, receipt["created_at"])


def test_an_echo_is_the_commands(recorded: Recorded, api: FlaskClient) -> None:
    """The base has obeyed: the change names command and user."""
    recorded.writes(SETPOINT, degrees(19))
    command_id = commanded(api, 21.5)
    recorded.reads(SETPOINT)
    recorded.writes(SETPOINT, degrees(21.4))
    echo, _ = changes(api)
    assert (echo["cause"], echo["by"], echo["command_id"]) == ("command", "http 127.0.0.1", command_id)
    assert (echo["previous"], echo["value"]) == (19, 21.4)


def test_a_companion_is_the_state_commands(recorded: Recorded, api: FlaskClient) -> None:
    """The setpoint that comes with another state belongs to the state command."""
    recorded.writes(ZONE_STATE, NORMAL, degrees(21), degrees(20))
    command_id = api.patch(ZONE, json={"state": "reduced"}).get_json()["command"]["id"]
    recorded.reads(ZONE_STATE)
    recorded.writes(ZONE_STATE, REDUCED, degrees(18))
    moved = next(change for change in changes(api) if change["address"] == SETPOINT)
    assert (moved["cause"], moved["command_id"]) == ("state_command", command_id)
    assert (moved["previous"], moved["value"]) == (21, 18)


def test_a_hand_at_the_thermostat_is_the_bases(recorded: Recorded, api: FlaskClient) -> None:
    """Against a command too: from the value that was asked for to the one that came, and which command that was."""
    recorded.writes(SETPOINT, degrees(19), degrees(20))
    command_id = commanded(api, 21.5)
    recorded.reads(SETPOINT)
    recorded.writes(SETPOINT, degrees(25))
    by_hand, _ = changes(api)
    assert (by_hand["cause"], by_hand["by"], by_hand["command_id"]) == ("base", "base station", command_id)
    assert (by_hand["previous"], by_hand["value"]) == (21.5, 25)


def test_a_base_that_keeps_to_its_word_is_told(recorded: Recorded, api: FlaskClient) -> None:
    """It overrides a command although its register has not moved."""
    recorded.writes(SETPOINT, degrees(19), degrees(20))
    command_id = commanded(api, 21.5)
    recorded.reads(SETPOINT)
    recorded.wait(10)
    recorded.writes(SETPOINT, degrees(19))
    kept, _ = changes(api)
    assert (kept["cause"], kept["previous"], kept["value"]) == ("base", 21.5, 19)
    assert kept["command_id"] == command_id


def test_a_release_is_the_users(recorded: Recorded, api: FlaskClient) -> None:
    """Who withdrew what was asked for, and that there is no value afterwards; a row for each register."""
    recorded.writes(ZONE_STATE, NORMAL, degrees(19))
    command_id = commanded(api, 21.5)
    peer = {"REMOTE_ADDR": "192.0.2.7"}
    assert api.post(f"{ZONE}/release", environ_overrides=peer).get_json()["closed"] == [command_id]
    released = {change["register"]: change for change in changes(api) if change["cause"] == "release"}
    assert {change["by"] for change in released.values()} == {"http 192.0.2.7"}
    assert {name: (change["previous"], change["value"], change["command_id"]) for name, change in released.items()} == {
        "zone.state": ("normal", None, None),
        "zone.setpoint": (21.5, None, command_id),
    }


def test_another_device_is_named(recorded: Recorded, api: FlaskClient) -> None:
    """What it writes is neither the base's nor anybody's command."""
    recorded.writes(SETPOINT, degrees(19), degrees(20))
    recorded.writes(SETPOINT, degrees(23), peer=STRANGER)
    (written,) = changes(api)
    assert (written["cause"], written["by"], written["command_id"]) == ("peer", str(STRANGER), None)
    assert (written["previous"], written["value"]) == (19, 23)


def test_measurements_are_no_changes(recorded: Recorded, api: FlaskClient) -> None:
    """Nor is a repeated word."""
    recorded.writes(ZONE_STATE, NORMAL, degrees(21), degrees(20))
    recorded.writes(ZONE_STATE, NORMAL, degrees(21), degrees(20.5))
    assert changes(api) == []


def test_a_refused_command_leaves_no_change(api: FlaskClient) -> None:
    """Nobody was granted the wish."""
    api.patch(ZONE, json={"setpoint": 99})
    api.patch(OPERATION, json={"mode": "sauna"})
    assert changes(api) == []


def test_a_word_without_a_value_is_null(recorded: Recorded, api: FlaskClient) -> None:
    """What the base writes that is no state of ours is told as a change to nothing."""
    recorded.writes(ZONE_STATE, NORMAL)
    recorded.writes(ZONE_STATE, 7)
    assert [(change["previous"], change["value"]) for change in changes(api)] == [("normal", None)]


# Refusals

FAULTY = [
    ("limit=0", "limit"),
    ("limit=201", "limit"),
    ("limit=x", "limit"),
    ("before=-1", "before"),
    ("before=" + "9" * 17, "before"),
    ("before=17-9f3a1c02", "before"),
    ("since=yesterday", "since"),
    ("since=2026-01-01T00:00:00", "since"),
    ("base=6&zone=1", "base"),
    ("base=1&zone=0", "zone"),
    ("limit=1&limit=1", "limit"),
    ("state=accepted", "state"),
    ("cause=user", "cause"),
]


@pytest.mark.parametrize(("query", "field"), FAULTY)
def test_a_filter_that_is_none_is_400(idle: Recorded, door: FlaskClient, query: str, field: str) -> None:
    """It is named, and nobody is asked for anything."""
    assert list(faults(door.get(f"{AUDIT}?{query}"), 400, "invalid_query")) == [field]
    assert idle.link.asked == []


@pytest.mark.parametrize(("query", "found"), [({"base": 1}, 4), ({"base": 2}, 1), ({"zone": 3}, 1), ({"zone": 2}, 0)])
def test_half_a_zone_is_all_that_have_it(past: FlaskClient, query: dict[str, int], found: int) -> None:
    """A base without a zone is all its zones, a zone without a base that number on each of them."""
    assert len(changes(past, **query)) == found


# Trouble


def test_up_to_this_moment(recorded: Recorded, api: FlaskClient) -> None:
    """What waits to be written down is asked for first."""
    commanded(api, 21)
    recorded.link.asked.clear()
    assert values(api) == [21]
    assert recorded.link.asked == [("flush", {"durable": False})]


def test_without_daemon_the_audit_is_what_was_written_down(recorded: Recorded, api: FlaskClient) -> None:
    """200, and no more than that."""
    commanded(api, 21)
    recorded.flush()
    commanded(api, 22)
    recorded.daemon_dies()
    assert values(api) == [21]


def test_behind_an_open_breaker_the_audit_goes_on(recorded: Recorded, api: FlaskClient) -> None:
    """Reads do not depend on it."""
    commanded(api, 21)
    recorded.flush()
    recorded.daemon_dies()
    answers = [api.patch(ZONE, json={"setpoint": 22}) for _ in range(3)]
    assert answers[-1].headers["Retry-After"] == f"{RESET_SECONDS:.0f}"
    assert values(api) == [21]


def test_without_its_database_503(recorded: Recorded, api: FlaskClient) -> None:
    """A problem with Retry-After; nothing that could be taken for "no changes". Afterwards it is there again."""
    commanded(api, 21)
    recorded.flush()
    with recorded.database_away():
        answer = api.get(AUDIT)
        problem(answer, 503, "store")
        assert answer.headers["Retry-After"] == "5"
    assert values(api) == [21]


def test_a_file_that_is_no_database_is_503(recorded: Recorded, api: FlaskClient) -> None:
    """The same: neither an empty list nor a fault of ours."""
    recorded.journal.close()
    recorded.daemon_dies()
    no_database(recorded.database)
    problem(api.get(AUDIT), 503, "store")


def test_before_the_first_database_503(served: Served, client: FlaskClient) -> None:
    """A gateway whose file is not there."""
    served.database.unlink()
    problem(client.get(AUDIT), 503, "store")


def test_changes_that_cannot_be_written_down_are_503(recorded: Recorded, api: FlaskClient) -> None:
    """A list without them would be false, although the file can be read; afterwards they are told."""
    recorded.writes(SETPOINT, degrees(19))
    recorded.writes(SETPOINT, degrees(20))
    for path in (AUDIT, TIMELINE):
        with recorded.database_held():
            answer = api.get(path)
        problem(answer, 503, "store")
        assert answer.headers["Retry-After"] == "5"
    recorded.flush()
    assert values(api) == [20]


def test_the_audit_outlives_the_gateway(recorded: Recorded, api: FlaskClient, tmp_path: Path) -> None:
    """Another gateway over the same file tells the same."""
    recorded.writes(SETPOINT, degrees(19))
    recorded.writes(SETPOINT, degrees(20))
    commanded(api, 21)
    before = changes(api)
    recorded.journal.close()
    another = Recorded(tmp_path / "lock")
    after = changes(client_of(another))
    another.journal.close()
    assert after == before
    assert [change["value"] for change in after] == [21, 20]
