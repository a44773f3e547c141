"""Changing a zone: both values or none, 202 with a receipt, and nothing at all on a bad body."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.errors import DaemonAway
from tests.api.serving import ZONE, client_of, faults, problem
from tests.desk.gateway import SETPOINT, ZONE_STATE, degrees
from tests.manager.served import Served


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"setpoint": 22.5}, {SETPOINT: degrees(22.5)}),
        ({"setpoint": 22}, {SETPOINT: degrees(22.0)}),
        ({"setpoint": 5}, {SETPOINT: degrees(5.0)}),
        ({"setpoint": 35.0}, {SETPOINT: degrees(35.0)}),
        ({"state": "time_program"}, {ZONE_STATE: 4}),
        ({"state": "holiday", "setpoint": 16.5}, {ZONE_STATE: 6, SETPOINT: degrees(16.5)}),
    ],
)
def test_a_change_becomes_pending_words(
    served: Served, client: FlaskClient, body: Mapping[str, object], words: Mapping[int, int]
) -> None:
    """Each value that was sent waits for the base under its register, and no other."""
    answer = client.patch(ZONE, json=body)
    assert answer.status_code == 202
    assert {address: served.pending(address) for address in (ZONE_STATE, SETPOINT)} == {
        ZONE_STATE: words.get(ZONE_STATE),
        SETPOINT: words.get(SETPOINT),
    }


def test_both_values_are_one_command(served: Served, client: FlaskClient) -> None:
    """One call to the daemon, one receipt with two writes, and a Location where it can be followed."""
    answer = client.patch(ZONE, json={"state": "party", "setpoint": 23})
    command = answer.get_json()["command"]
    assert len(served.link.asked) == 1
    assert [write["register"] for write in command["writes"]] == ["zone.state", "zone.setpoint"]
    assert [write["value"] for write in command["writes"]] == ["party", 23.0]
    assert command["state"] == "accepted"
    assert answer.headers["Location"] == f"/api/v1/commands/{command['id']}"
    assert client.get(answer.headers["Location"]).get_json() == {"command": command}


def test_the_receipt_names_the_peer(client: FlaskClient) -> None:
    """By whom: over HTTP, from the peer's own address; what forwarding headers claim does not count."""
    headers = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}
    peer = {"REMOTE_ADDR": "192.0.2.7"}
    answer = client.patch(ZONE, json={"setpoint": 20}, headers=headers, environ_overrides=peer)
    assert answer.get_json()["command"]["by"] == {"via": "http", "who": "192.0.2.7"}


BAD_FIELDS: list[tuple[Any, set[str]]] = [
    ({}, {"body"}),
    ([], {"body"}),
    ([{"setpoint": 21}], {"body"}),
    (None, {"body"}),
    (True, {"body"}),
    (21.5, {"body"}),
    ("setpoint", {"body"}),
    ({"setpoint": True}, {"setpoint"}),
    ({"setpoint": "21"}, {"setpoint"}),
    ({"setpoint": None}, {"setpoint"}),
    ({"setpoint": []}, {"setpoint"}),
    ({"setpoint": {"value": 21}}, {"setpoint"}),
    ({"setpoint": 4.99}, {"setpoint"}),
    ({"setpoint": 35.01}, {"setpoint"}),
    ({"setpoint": -21}, {"setpoint"}),
    ({"setpoint": 10**400}, {"setpoint"}),
    ({"setpoint": 10**18}, {"setpoint"}),
    ({"state": 1}, {"state"}),
    ({"state": "1"}, {"state"}),
    ({"state": True}, {"state"}),
    ({"state": None}, {"state"}),
    ({"state": "Normal"}, {"state"}),
    ({"state": "presence"}, {"state"}),
    ({"state": ["normal"]}, {"state"}),
    ({"state": ""}, {"state"}),
    ({"temperature": 21}, {"temperature"}),
    ({"": 21}, {""}),
    ({"setpoint": 21, "Setpoint": 22}, {"Setpoint"}),
    ({"setpoint": 21, "state": "sauna"}, {"state"}),
    ({"setpoint": 99, "state": "normal"}, {"setpoint"}),
    ({"setpoint": 99, "state": "sauna", "mode": "heating"}, {"setpoint", "state", "mode"}),
]


@pytest.mark.parametrize(("body", "named"), BAD_FIELDS)
def test_wrong_fields_are_422_and_each_is_named(
    served: Served, client: FlaskClient, body: object, named: set[str]
) -> None:
    """Every field that is wrong is named, the daemon is not even asked, and nothing changes."""
    with served.nothing_changes():
        answer = client.patch(ZONE, data=json.dumps(body), content_type="application/json")
        assert set(faults(answer, 422, "invalid_value")) == named
    assert served.link.asked == []


@pytest.mark.parametrize("raw", [b"[]", b"null", b"3", b'"setpoint"'])
def test_a_body_that_is_no_object_is_told_so(client: FlaskClient, raw: bytes) -> None:
    """In the caller's words, JSON's, and not in those of our models."""
    answer = client.patch(ZONE, data=raw, content_type="application/json")
    assert faults(answer, 422, "invalid_value") == {"body": "must be a JSON object"}


def test_a_wrong_name_is_answered_with_the_right_ones(client: FlaskClient) -> None:
    """Whoever mistypes a field or a state reads which there are."""
    named = faults(client.patch(ZONE, json={"state": "sauna", "setpont": 21}), 422, "invalid_value")
    assert named["state"] == "must be one of normal, reduced, standby, time_program, party, holiday"
    assert named["setpont"] == "is not known here; known: state, setpoint"


def test_the_range_is_the_operators(tmp_path: Path) -> None:
    """What the settings allow counts, on both sides, and the refusal names it."""
    served = Served(tmp_path / "lock", Rules(allowed=SetpointRange(15, 28)))
    client = client_of(served)
    assert client.patch(ZONE, json={"setpoint": 28}).status_code == 202
    named = faults(client.patch(ZONE, json={"setpoint": 14.9}), 422, "invalid_value")
    assert named == {"setpoint": "setpoint 14.9 °C is outside 15 to 28 °C"}


NOT_JSON: list[tuple[bytes, str]] = [
    (b"", "line 1"),
    (b" ", "line 1"),
    (b"{", "line 1"),
    (b'{"setpoint": 21', "line 1"),
    (b"{'setpoint': 21}", "line 1"),
    (b'{"setpoint": 21} {}', "line 1"),
    (b'{"setpoint": 021}', "line 1"),
    (b'{"setpoint": NaN}', "NaN"),
    (b'{"setpoint": Infinity}', "Infinity"),
    (b'{"setpoint": -Infinity}', "Infinity"),
    (b'{"setpoint": 20, "setpoint": 21}', "more than once"),
    (b'{"setpoint": {"a": 1, "a": 2}}', "more than once"),
    (b"\xff\xfe", "UTF-8"),
    (b'{"state": "\xc3"}', "UTF-8"),
    ('{"setpoint": 21}'.encode("utf-16"), "UTF-8"),
    (b'\xef\xbb\xbf{"setpoint": 21}', "BOM"),
    (b'{"\\ud800": 1}', "UTF-8"),
    (b'{"state": "\\udc00"}', "UTF-8"),
    (b'{"setpoint": ' + b"1" * 5000 + b"}", "too long"),
    (b"[" * 60_000, "deeply"),
    (b'{"setpoint": ' * 4_000 + b"1" + b"}" * 4_000, "deeply"),
]


@pytest.mark.parametrize(("raw", "said"), NOT_JSON, ids=[str(n) for n in range(len(NOT_JSON))])
def test_what_is_not_json_is_400(served: Served, client: FlaskClient, raw: bytes, said: str) -> None:
    """The answer says what is wrong with it, and nothing changes."""
    with served.nothing_changes():
        answer = client.patch(ZONE, data=raw, content_type="application/json")
        assert said in problem(answer, 400, "malformed_body")["detail"]
    assert served.link.asked == []


def test_a_number_beyond_floats_is_no_setpoint(client: FlaskClient) -> None:
    """1e999 is JSON, and infinite."""
    answer = client.patch(ZONE, data=b'{"setpoint": 1e999}', content_type="application/json")
    assert set(faults(answer, 422, "invalid_value")) == {"setpoint"}


def test_thousands_of_wrong_fields_make_a_short_answer(client: FlaskClient) -> None:
    """What a caller sends is not sent back at length."""
    body = {f"{number}" * 100: 1 for number in range(100, 300)}
    answer = client.patch(ZONE, json=body)
    assert len(faults(answer, 422, "invalid_value")) == 20
    assert len(answer.data) < 8000


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/xml", "json"]
)
def test_another_content_type_is_415(served: Served, client: FlaskClient, content_type: str | None) -> None:
    """JSON must be called JSON, also so that a foreign page's form cannot command."""
    with served.nothing_changes():
        problem(client.patch(ZONE, data=b'{"setpoint": 21}', content_type=content_type), 415, "unsupported_media_type")


def test_a_charset_does_not_matter(client: FlaskClient) -> None:
    """The content type may carry parameters."""
    answer = client.patch(ZONE, data=b'{"setpoint": 21}', content_type="Application/JSON; charset=utf-8")
    assert answer.status_code == 202


def test_a_daemons_refusal_is_409(tmp_path: Path) -> None:
    """When commands are not taken the reason reaches the caller, and the receipt ring stays empty."""
    served = Served(tmp_path / "lock", Rules(refusal="commands are switched off"))
    with served.nothing_changes():
        answer = client_of(served).patch(ZONE, json={"setpoint": 21})
        assert problem(answer, 409, "conflict")["detail"] == "commands are switched off"


@pytest.mark.parametrize(("seconds", "header"), [(30.0, "30"), (0.2, "1"), (1.5, "2"), (None, "1")])
def test_a_daemon_away_is_503(served: Served, client: FlaskClient, seconds: float | None, header: str) -> None:
    """With a Retry-After of whole seconds, one at the least."""
    served.link.error = DaemonAway("away", retry_after=seconds)
    answer = client.patch(ZONE, json={"setpoint": 21})
    problem(answer, 503, "daemon_away")
    assert answer.headers["Retry-After"] == header


def test_release_withdraws_our_words(served: Served, client: FlaskClient) -> None:
    """202 with the ids of the commands that it ended; a second time there is nothing to end."""
    command_id = client.patch(ZONE, json={"state": "party", "setpoint": 23}).get_json()["command"]["id"]
    answer = client.post(f"{ZONE}/release")
    assert (answer.status_code, answer.get_json()) == (202, {"base": 1, "zone": 1, "closed": [command_id]})
    assert [served.pending(address) for address in (ZONE_STATE, SETPOINT)] == [None, None]
    assert client.post(f"{ZONE}/release").get_json()["closed"] == []
    assert served.link.asked[-1] == ("release", {"base": 1, "zone": 1, "via": "http", "who": "127.0.0.1"})


def test_a_release_without_daemon_is_503(served: Served, client: FlaskClient) -> None:
    """As any other command."""
    served.daemon_dies()
    problem(client.post(f"{ZONE}/release"), 503, "daemon_away")
