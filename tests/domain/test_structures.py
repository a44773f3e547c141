"""Labels come from the operator, and from the map where nobody gave any."""

import pytest

from neasmart_gateway.domain.structures import Structures, ZonePlan
from neasmart_gateway.domain.zones import ZoneRef

HOUSE = Structures({1: "Ground floor"}, {ZoneRef(1, 2): ZonePlan("Küche", mixed_group=1)})


@pytest.mark.parametrize(("house", "label"), [(HOUSE, "Küche"), (Structures(), "Zone 1.2")])
def test_a_zone_has_a_label(house: Structures, label: str) -> None:
    """The operator's, or its base and number."""
    assert house.label(ZoneRef(1, 2)) == label


def test_an_unnamed_zone_of_a_named_base() -> None:
    """Naming one zone names no other."""
    assert HOUSE.label(ZoneRef(1, 3)) == "Zone 1.3"
    assert HOUSE.label(ZoneRef(2, 2)) == "Zone 2.2"


@pytest.mark.parametrize(("base", "label"), [(1, "Ground floor"), (2, "Base 2")])
def test_a_base_has_a_label(base: int, label: str) -> None:
    """The operator's, or its number."""
    assert HOUSE.base_label(base) == label
