"""The operating mode and state of the plant: by name, beside what is desired."""

import json
from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient

from tests.api.serving import faults
from tests.desk.gateway import MODE, STATE, global_mode
from tests.manager.served import Served

OPERATION = "/api/v1/operation"


def test_operation_is_shown_by_names(served: Served, client: FlaskClient) -> None:
    """Mode and state as the base has reported them."""
    served.writes(MODE, 2, 4)
    assert client.get(OPERATION).get_json() == {
        "mode": "heating",
        "state": "time_program",
        "desired": None,
        "command": None,
        "stale": False,
        "updated_at": "2026-01-01T00:00:00.000Z",
        "reasons": {},
    }


@pytest.mark.parametrize(
    ("words", "reasons"),
    [((0, 0), {"mode": "none", "state": "none"}), ((6, 7), {"mode": "implausible", "state": "implausible"})],
)
def test_a_null_has_a_reason(
    served: Served, client: FlaskClient, words: tuple[int, int], reasons: Mapping[str, str]
) -> None:
    """0 is "no override", other unknown numbers are implausible."""
    served.writes(MODE, *words)
    operation = client.get(OPERATION).get_json()
    assert (operation["mode"], operation["state"], operation["reasons"]) == (None, None, reasons)


def test_desired_stands_beside_reported(served: Served, client: FlaskClient) -> None:
    """An open command on the mode leaves the reported one as it is, and says nothing of the state."""
    served.writes(MODE, 2, 1)
    command = served.submit(global_mode("cooling"))
    operation = client.get(OPERATION).get_json()
    assert (operation["mode"], operation["desired"]) == ("heating", {"mode": "cooling", "state": None})
    assert operation["command"]["id"] == command.id


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"mode": "auto"}, (1, None)),
        ({"mode": "manual_cooling"}, (5, None)),
        ({"state": "holiday"}, (None, 6)),
        ({"mode": "cooling", "state": "standby"}, (3, 3)),
    ],
)
def test_a_change_becomes_pending_words(
    served: Served, client: FlaskClient, body: Mapping[str, str], words: tuple[int | None, int | None]
) -> None:
    """One command with what was sent and nothing else, followed at its Location."""
    answer = client.patch(OPERATION, json=body)
    command = answer.get_json()["command"]
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/commands/{command['id']}"
    assert (served.pending(MODE), served.pending(STATE)) == words
    assert len(served.link.asked) == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, {"body"}),
        ([], {"body"}),
        ({"mode": 2}, {"mode"}),
        ({"mode": "Heating"}, {"mode"}),
        ({"mode": "normal"}, {"mode"}),
        ({"mode": None, "state": "normal"}, {"mode"}),
        ({"state": "heating"}, {"state"}),
        ({"mode": "sauna", "state": "sauna"}, {"mode", "state"}),
        ({"mode": "heating", "setpoint": 21}, {"setpoint"}),
    ],
)
def test_wrong_fields_are_422_and_each_is_named(
    served: Served, client: FlaskClient, body: object, named: set[str]
) -> None:
    """Nothing of a body with one wrong field is passed on."""
    with served.nothing_changes():
        answer = client.patch(OPERATION, data=json.dumps(body), content_type="application/json")
        assert set(faults(answer, 422, "invalid_value")) == named
    assert served.link.asked == []
