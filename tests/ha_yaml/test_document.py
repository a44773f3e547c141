"""The configuration as a whole: what stands in it, that it is YAML, and that nobody's label breaks it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import Template

from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.structures import Structures, ZonePlan
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.ha_yaml.document import Access, document
from neasmart_gateway.ha_yaml.house import House, Room
from neasmart_gateway.ha_yaml.readings import literal

GOLDEN = Path(__file__).with_name("small_house.yaml")
SMALL = House((Room(ZoneRef(2, 12), "Gäste-WC"),), mixed_groups=(3,), pumps=(1,), dehumidifiers=(9,))
ACCESS = Access("http://192.0.2.7:5001", auth=True, every=30)


def made(house: House, access: Access = ACCESS) -> str:
    return document(house, access, SetpointRange(7, 28.5))


def read(text: str) -> dict[str, Any]:
    """The document as Home Assistant reads it; a secret is its name."""
    found: dict[str, Any] = yaml.safe_load(text.replace("!secret", ""))
    return found


def labelled(*labels: str) -> House:
    return House.configured(
        Structures({}, {ZoneRef(1, number): ZonePlan(label) for number, label in enumerate(labels, 1)})
    )


def names(house: House) -> list[str]:
    """Every name that Home Assistant would show, once it has rendered it as the template for which it takes it."""
    whole = read(made(house))
    (rest,), (template,) = whole["rest"], whole["template"]
    entities = rest["sensor"] + rest["binary_sensor"] + template["number"] + template["select"]
    return [Template(one["name"]).render() for one in entities]


def test_a_small_house() -> None:
    """Word for word; when it is meant to change, look at it and write it anew."""
    assert made(SMALL) == GOLDEN.read_text(encoding="utf-8")


def test_one_request_for_the_whole_house() -> None:
    """However many rooms there are, each look is one request."""
    house = House(tuple(Room(ref, f"Room {ref.index}") for ref in ZoneRef.every()))
    (rest,) = read(made(house))["rest"]
    assert rest["resource"] == "http://192.0.2.7:5001/api/v1/snapshot"
    assert len(rest["sensor"]) > 240


def test_the_key_is_a_secret() -> None:
    """With authentication each request names the secret; without, there is neither header nor remark."""
    whole = read(made(SMALL))
    everybody = [*whole["rest"], *whole["rest_command"].values()]
    assert [one["headers"] for one in everybody] == [{"X-API-Key": "neasmart_api_key"}] * 5
    assert "X-API-Key: !secret 'neasmart_api_key'" in made(SMALL)
    plain = made(SMALL, Access("http://192.0.2.7:5001", auth=False, every=5))
    assert "secret" not in plain
    assert "headers" not in plain


def test_limits_are_those_of_the_settings() -> None:
    """Home Assistant offers what the gateway takes."""
    (number,) = read(made(SMALL))["template"][0]["number"]
    assert (number["min"], number["max"], number["step"]) == (7, 28.5, 0.5)


@pytest.mark.parametrize(
    "label",
    [
        "Küche", "O'Brien's", 'the "den"', "{{ states }}", "{% raw %}", "{# gone #}", "a: b", "- x", "#1", "yes",
        "50 %", "&a *b !c", "back\\slash", "{{ \"it's\" }}", "Wohnzimmer {", "Ⅷ ½ 🛁",
    ],
)  # fmt: skip
def test_a_label_is_shown_as_it_is(label: str) -> None:
    """Whatever it means in YAML or in Jinja."""
    assert names(labelled(label))[0] == f"{label} temperature"


@example("a\x85b\u2028c\r\n")
@given(st.text(min_size=1, max_size=64))
def test_no_label_breaks_the_document(label: str) -> None:
    """Whatever somebody writes into the settings file; blanks and line breaks of all kinds become one blank."""
    assert names(labelled(label))[0] == f"{' '.join(label.split())} temperature"


def test_a_label_of_any_script_can_be_shown() -> None:
    """Also one for which JSON would write two halves, neither of which is a character."""
    assert literal("Bad \N{BATHTUB} {{x}}") == '{{ "Bad \N{BATHTUB} {{x}}" }}'


def test_rooms_with_one_label_are_told_apart() -> None:
    """By their numbers; a room with a label of its own keeps it."""
    rooms = labelled("Bath", "Bath", "Hall").rooms
    assert [room.name for room in rooms] == ["Bath (1.1)", "Bath (1.2)", "Hall"]


def test_ids_come_from_numbers() -> None:
    """Another name is the same entity; and no id is there twice in one domain."""
    for part in ("sensor", "binary_sensor"):
        before, after = (ids(read(made(labelled(label)))["rest"][0][part]) for label in ("Bath", "Hall"))
        assert before == after
        assert len(set(before)) == len(before)


def ids(entities: list[dict[str, Any]]) -> list[str]:
    return [one["unique_id"] for one in entities]
