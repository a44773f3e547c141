"""Whatever the bus has written, every read answers 200."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from neasmart_gateway.domain.registers import ADDRESS_SPACE, PLACES
from tests.api.serving import GETS, client_of
from tests.manager.served import Served

ADDRESSES = st.sampled_from(sorted(PLACES)) | st.integers(0, ADDRESS_SPACE - 1)
WORDS = st.sampled_from([0, 1, 2, 6, 7, 0x7FFF, 0x8116, 0x8000, 0xFFFF, 0x00FF, 0xFF00]) | st.integers(0, 0xFFFF)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Served, FlaskClient]:
    """One gateway for all examples: whatever an earlier one has written is still there."""
    path: Path = tmp_path_factory.mktemp("house")
    served = Served(path / "lock")
    return served, client_of(served)


@settings(max_examples=60)
@given(writes=st.lists(st.tuples(ADDRESSES, WORDS), min_size=1, max_size=40))
def test_no_word_makes_a_read_fail(house: tuple[Served, FlaskClient], writes: list[tuple[int, int]]) -> None:
    """Zones, plant, registers and health, one by one and as lists; a null has a reason and nothing else has."""
    served, client = house
    for address, word in writes:
        served.writes(address, word)
    for path in GETS:
        assert client.get(path).status_code == 200, path
    for start in {address for address, _ in writes}:
        (register,) = client.get(f"/api/v1/registers?start={start}&count=1").get_json()["registers"]
        assert (register["value"] is None) == (register["reason"] is not None or register["name"] is None)
    for zone in client.get("/api/v1/zones").get_json()["zones"]:
        nulls = {f for f in ("state", "temperature", "setpoint", "relative_humidity") if zone[f] is None}
        assert nulls == set(zone["reasons"])
        assert -50 <= (zone["temperature"] or 0) <= 120


@settings(max_examples=200)
@given(body=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_body_makes_a_command_fail(house: tuple[Served, FlaskClient], body: bytes) -> None:
    """Whatever is sent is refused in good order: bytes at random are never a command and never a fault of ours."""
    served, client = house
    asked = len(served.link.asked)
    answer = client.patch("/api/v1/zones/1/1", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert len(served.link.asked) == asked


STATES = ["normal", "reduced", "standby", "time_program", "party", "holiday"]
JSON = st.recursive(
    st.sampled_from([*STATES, None, True, False, 5, 35]) | st.floats(0, 40) | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200)
@given(body=st.dictionaries(st.sampled_from(["state", "setpoint", "mode", "x"]), JSON, max_size=3))
def test_a_command_is_taken_or_refused(house: tuple[Served, FlaskClient], body: dict[str, object]) -> None:
    """JSON at random: 202 exactly when state and setpoint make sense, else 422 that names a field."""
    _, client = house
    setpoint = body.get("setpoint", 20)
    sensible = (
        bool(body)
        and set(body) <= {"state", "setpoint"}
        and isinstance(setpoint, int | float)
        and not isinstance(setpoint, bool)
        and 5 <= setpoint <= 35
        and body.get("state", "normal") in STATES
    )
    answer = client.patch("/api/v1/zones/1/2", json=body)
    assert answer.status_code == (202 if sensible else 422)
    assert sensible or answer.get_json()["errors"]
