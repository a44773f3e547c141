"""The list by which the integration of the /api routes sets itself up: what it cannot do with is left out."""

from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.api.compat.api_models import ApiZone
from neasmart_gateway.domain.structures import Structures, ZonePlan
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.manager.manager import House
from tests.api.serving import client_of
from tests.desk.gateway import degrees
from tests.manager.served import Served


@pytest.fixture
def full(tmp_path: Path) -> Served:
    """All sixty zones are heard of."""
    served = Served(tmp_path / "lock")
    for ref in ZoneRef.every():
        served.writes(ref.state_address, 5, degrees(21), degrees(20.5))
    return served


def zones(served: Served) -> list[dict[str, Any]]:
    found = client_of(served).get("/api/zones").get_json()
    assert found["total"] == found["count"] == len(found["zones"])
    listed: list[dict[str, Any]] = found["zones"]
    return listed


def test_no_fifth_base_and_no_more_than_48(full: Served) -> None:
    """In the order of their addresses, each whole."""
    found = zones(full)
    assert [(zone["baseId"], zone["zoneId"]) for zone in found] == [(b, z) for b in range(1, 5) for z in range(1, 13)]
    assert {zone["state"] for zone in found} == {"presence"}
    assert all(set(zone) == set(ApiZone.model_fields) for zone in found)


def test_no_label_is_empty(full: Served) -> None:
    """Whatever the operator has written."""
    house = House(
        Structures({1: " "}, {ZoneRef(1, 1): ZonePlan(" "), ZoneRef(1, 2): ZonePlan("Bath ")}), full.rules.allowed
    )
    full.manager.house = house
    found = zones(full)
    assert [found[0]["base"]["label"], found[0]["zone"]["label"], found[1]["zoneLabel"]] == ["Base 1", "Zone 1", "Bath"]
    assert all(zone["baseLabel"] and zone["zoneLabel"] for zone in found)


def test_only_zones_that_there_are(served: Served) -> None:
    """Configured ones, whose temperature is null as long as it is unknown, and learned ones."""
    served.writes(3700, 1, degrees(21), degrees(20))
    found = {(zone["baseId"], zone["zoneId"]): zone["temperature"] for zone in zones(served)}
    assert found == {(1, 1): None, (2, 3): None, (4, 1): {"value": 20.0, "unit": "°C"}}
