"""Raw registers with what the register map says of them."""

import pytest
from flask.testing import FlaskClient

from tests.api.serving import faults
from tests.desk.gateway import SETPOINT, degrees, setpoint
from tests.manager.served import Served


def register(client: FlaskClient, address: int) -> dict[str, object]:
    """One register as the API shows it."""
    (found,) = client.get(f"/api/v1/registers?start={address}&count=1").get_json()["registers"]
    return dict(found)


def test_a_register_is_shown_raw_and_decoded(served: Served, client: FlaskClient) -> None:
    """Word, pending word, name, place, value and unit."""
    served.writes(SETPOINT, degrees(21.0))
    served.submit(setpoint(22.5))
    assert register(client, SETPOINT) == {
        "address": 101,
        "name": "zone.setpoint",
        "base": 1,
        "zone": 1,
        "number": None,
        "word": degrees(21.0),
        "pending": degrees(22.5),
        "value": 21.0,
        "unit": "°C",
        "reason": None,
        "stale": False,
        "updated_at": "2026-01-01T00:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("address", "word", "expected"),
    [
        (1, 4, {"name": "operation.mode", "value": "manual_heating", "unit": None, "number": None}),
        (3, 1, {"name": "notifications.error", "value": True, "number": None}),
        (15, 0, {"name": "mixed_group.pump", "value": False, "number": 2}),
        (30, 1, {"name": "dehumidifier.running", "value": True, "number": 9}),
        (31, 1, {"name": "pump.running", "number": 1}),
        (6010, 44, {"name": "zone.relative_humidity", "base": 5, "zone": 12, "value": 44, "unit": "%"}),
        (101, 0x8116, {"value": None, "reason": "standby", "word": 0x8116}),
        (100, 0, {"value": None, "reason": "none", "word": 0}),
        (99, 5, {"name": None, "base": None, "value": None, "unit": None, "reason": None, "word": 5}),
        (65535, 65535, {"name": None, "word": 65535}),
    ],
)
def test_registers_of_every_kind(
    served: Served, client: FlaskClient, address: int, word: int, expected: dict[str, object]
) -> None:
    """Names instead of numbers, booleans, quantities; an address outside the map is shown as it is."""
    served.writes(address, word)
    shown = register(client, address)
    assert {key: shown[key] for key in expected} == expected
    assert shown["stale"] is False


def test_a_register_never_written_is_unknown(client: FlaskClient) -> None:
    """No word, no value, and the reason where the map knows what it would be."""
    assert register(client, 102)["reason"] == "never_written"
    assert [register(client, 102)[key] for key in ("word", "value", "updated_at", "stale")] == [None, None, None, True]


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ("", 0, 100),
        ("?start=100", 100, 100),
        ("?count=1", 0, 1),
        ("?start=150&count=1000", 150, 1000),
        ("?count=2000", 0, 2000),
        ("?start=65535", 65535, 1),
        ("?start=65500&count=2000", 65500, 36),
    ],
)
def test_a_range_is_answered_in_order(client: FlaskClient, query: str, first: int, count: int) -> None:
    """A hundred from 0 unless told otherwise; what would lie beyond the last address is left out."""
    answer = client.get(f"/api/v1/registers{query}").get_json()
    assert [found["address"] for found in answer["registers"]] == list(range(first, first + count))
    assert answer["count"] == count


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("start=65536", "start"),
        ("start=-1", "start"),
        ("start=x", "start"),
        ("start=1.5", "start"),
        ("start=1_0", "start"),
        ("count=0", "count"),
        ("count=2001", "count"),
        ("count=", "count"),
        ("end=5", "end"),
    ],
)
def test_a_bad_range_is_400_and_named(client: FlaskClient, query: str, name: str) -> None:
    """Numbers that cannot be, and parameters that there are not."""
    assert list(faults(client.get(f"/api/v1/registers?{query}"), 400, "invalid_query")) == [name]
