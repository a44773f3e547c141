"""Names at the broker: they never change, and no two are the same."""

from itertools import combinations

import pytest

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.mqtt.discovery import rows
from neasmart_gateway.mqtt.topics import EVERY_PLACE, Names, Order
from tests.mqtt.memory import NAMES

KITCHEN = ZoneRef(1, 2)


def test_the_names_of_devices() -> None:
    """As docs/mqtt.md promises them for ever."""
    assert (NAMES.device(1), NAMES.device(5)) == ("neasmart_b1", "neasmart_b5")
    assert (NAMES.device(KITCHEN), NAMES.device(ZoneRef(5, 12))) == ("neasmart_b1_z2", "neasmart_b5_z12")
    assert NAMES.config(KITCHEN) == "homeassistant/device/neasmart_b1_z2/config"
    assert len(EVERY_PLACE) == 65


def test_the_topics() -> None:
    assert (NAMES.status, NAMES.pulse, NAMES.birth) == ("neasmart/status", "neasmart/pulse", "homeassistant/status")
    assert (NAMES.state(KITCHEN), NAMES.state(1)) == ("neasmart/1/2/state", "neasmart/1/state")
    assert NAMES.availability(KITCHEN) == "neasmart/1/2/availability"
    assert (NAMES.result(KITCHEN), NAMES.result(1)) == ("neasmart/1/2/command/result", "neasmart/1/command/result")
    assert NAMES.orders == ("neasmart/+/+/set", "neasmart/+/+/+/set")


def test_no_gateway_takes_the_name_of_another() -> None:
    """Whatever their topics are: zone 1 of base 1 of one is never base 1 of the next."""
    nodes = ("neasmart", "neasmart_1", "neasmart_b1", "neasmart_b1_z1", "n", "n_b1", "neasmart_z1")
    keys = ("climate", "mode", "command_pending", *(key for _, key, _ in rows()))
    ids = [
        {Names(node, "homeassistant").device(place) for place in EVERY_PLACE}
        | {Names(node, "homeassistant").entity(place, key) for place in EVERY_PLACE for key in keys}
        for node in nodes
    ]
    assert all(not one & other for one, other in combinations(ids, 2))


@pytest.mark.parametrize("place", EVERY_PLACE, ids=str)
def test_an_order_is_read_as_it_was_named(place: ZoneRef | int) -> None:
    assert NAMES.order_at(NAMES.order(place, "mode")) == Order(place, "mode")


@pytest.mark.parametrize(
    "topic",
    [
        "neasmart/0/1/mode/set", "neasmart/6/1/mode/set", "neasmart/1/13/mode/set", "neasmart/1/0/mode/set",
        "neasmart/01/1/mode/set", "neasmart/1/01/mode/set", "neasmart/6/mode/set", "neasmart/1/1/mode",
        "other/1/mode/set", "1/mode/set",
        "neasmart/1/1/MODE/set", "neasmart/\u0661/1/mode/set", "neasmart/1//mode/set", "neasmart/1/1/mode/set/x",
        "neasmart/status/x/set",
    ],
)  # fmt: skip
def test_what_is_no_order(topic: str) -> None:
    """Is read as none, and not as the nearest one."""
    assert NAMES.order_at(topic) is None
