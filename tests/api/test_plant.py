"""The plant around the zones: flags, percentages and temperatures, or a reason."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.serving import problem
from tests.desk.gateway import degrees
from tests.manager.served import Served

LIVE = {"stale": False, "updated_at": "2026-01-01T00:00:00.000Z", "reasons": {}}


@pytest.mark.parametrize(
    ("start", "words", "path", "expected"),
    [
        (7, [degrees(-4.2), degrees(1.5)], "outside-temperature", {"temperature": -4.2, "filtered_temperature": 1.5}),
        (3, [1, 0, 0, 2], "notifications", {"error": True, "warning": False, "hint": False}),
        (3, [0, 0, 1, 1], "notifications", {"error": False, "warning": True, "hint": True}),
        (
            14,
            [35, 1, degrees(32.5), degrees(28.0)],
            "mixed-groups/2",
            {"id": 2, "valve_opening": 35, "pump": True, "flow_temperature": 32.5, "return_temperature": 28.0},
        ),
        (30, [1], "dehumidifiers/9", {"id": 9, "running": True}),
        (31, [0], "pumps/1", {"id": 1, "running": False}),
    ],
)
def test_a_thing_is_shown_by_its_values(
    served: Served, client: FlaskClient, start: int, words: list[int], path: str, expected: dict[str, Any]
) -> None:
    """Numbers, booleans and plain °C under the names of the register map."""
    served.writes(start, *words)
    assert client.get(f"/api/v1/{path}").get_json() == expected | LIVE


@pytest.mark.parametrize(
    ("start", "words", "path", "reasons"),
    [
        (7, [0x7FFF], "outside-temperature", {"temperature": "invalid", "filtered_temperature": "never_written"}),
        (10, [101, 0, degrees(121), 0x7FFF], "mixed-groups/1",
         {"valve_opening": "implausible", "flow_temperature": "implausible", "return_temperature": "invalid"}),
        (22, [0], "dehumidifiers/2", {"running": "never_written"}),
    ],
)  # fmt: skip
def test_a_null_has_a_reason(
    served: Served, client: FlaskClient, start: int, words: list[int], path: str, reasons: dict[str, str]
) -> None:
    """What is not known is null, with the reason beside it, and nothing else has one."""
    served.writes(start, *words)
    thing = client.get(f"/api/v1/{path}").get_json()
    assert thing["reasons"] == reasons
    assert {field for field in reasons if thing[field] is None} == set(reasons)


@pytest.mark.parametrize(
    ("path", "key", "count"),
    [("mixed-groups", "mixed_groups", 3), ("pumps", "pumps", 5), ("dehumidifiers", "dehumidifiers", 9)],
)
def test_a_list_has_every_one_of_the_register_map(client: FlaskClient, path: str, key: str, count: int) -> None:
    """Numbered from 1, the same as one by one; beyond the last one is 404."""
    answer = client.get(f"/api/v1/{path}").get_json()
    assert answer["count"] == len(answer[key]) == count
    assert answer[key] == [client.get(f"/api/v1/{path}/{number}").get_json() for number in range(1, count + 1)]
    assert [thing["id"] for thing in answer[key]] == list(range(1, count + 1))
    for number in (0, count + 1, "01", "-1", "x", "٣"):
        problem(client.get(f"/api/v1/{path}/{number}"), 404, "not_found")


@pytest.mark.parametrize("path", ["outside-temperature", "notifications", "mixed-groups/1", "pumps/1", "operation"])
def test_silence_makes_stale(served: Served, client: FlaskClient, path: str) -> None:
    """Things of the plant do not age alone, but silence makes all of them stale."""
    served.writes(1, 2, 1, 0, 0, 0, 0, degrees(4), degrees(4), 0, 1, 0, degrees(30), degrees(30))
    served.writes(31, 0)
    served.wait(170)
    served.writes(100, 1)
    served.wait(170)
    assert client.get(f"/api/v1/{path}").get_json()["stale"] is False
    served.wait(11)
    assert client.get(f"/api/v1/{path}").get_json()["stale"] is True
