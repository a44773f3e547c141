"""`Idempotency-Key`: a request that is sent again finds its first receipt, and never makes a second command."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neasmart_gateway.desk.rules import Rules
from tests.api.recorded import COMMANDS, OPERATION, Naps, Recorded, patched
from tests.api.serving import ZONE, client_of, faults, problem
from tests.desk.gateway import MODE, SETPOINT, TEMPERATURE, degrees

DAY = 86400.0


def id_of(answer: TestResponse) -> str:
    """The id of the command that was answered with 202."""
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["command"]["id"])


def commands(api: FlaskClient) -> int:
    """How many commands there are."""
    return int(api.get(COMMANDS).get_json()["count"])


def test_a_retry_finds_the_first_receipt(recorded: Recorded, api: FlaskClient) -> None:
    """The same answer, Location included, and one command."""
    first = patched(api, 21, Idempotency_Key="a")
    recorded.wait(5)
    again = patched(api, 21, Idempotency_Key="a")
    assert id_of(again) == id_of(first)
    assert again.get_json() == first.get_json()
    assert again.headers["Location"] == first.headers["Location"]
    assert commands(api) == 1


def test_a_retry_tells_what_has_become_of_it(recorded: Recorded, api: FlaskClient) -> None:
    """The receipt as it is now; a word that was confirmed does not go to the bus again."""
    recorded.writes(TEMPERATURE, degrees(20))
    first = id_of(patched(api, 21, Idempotency_Key="a"))
    recorded.reads(SETPOINT)
    recorded.writes(SETPOINT, degrees(21))
    recorded.writes(SETPOINT, degrees(18))
    again = patched(api, 21, Idempotency_Key="a")
    assert (id_of(again), again.get_json()["command"]["state"]) == (first, "confirmed")
    assert recorded.pending(SETPOINT) is None


def test_without_a_key_every_request_is_one_of_its_own(api: FlaskClient) -> None:
    """Nobody is taken for somebody else's retry."""
    assert len({id_of(patched(api, 21)) for _ in range(3)}) == 3


def test_another_key_is_another_request(api: FlaskClient) -> None:
    """Keys are compared as they are."""
    assert len({id_of(patched(api, 21, Idempotency_Key=key)) for key in ("a", "A", "b", '"a"')}) == 4


def test_another_body_is_409(recorded: Recorded, api: FlaskClient) -> None:
    """The header is named, and the first command stays as it is."""
    first = id_of(patched(api, 21, Idempotency_Key="a"))
    with recorded.nothing_changes():
        named = faults(patched(api, 22, Idempotency_Key="a"), 409, "conflict")
    assert list(named) == ["Idempotency-Key"]
    assert "another request" in named["Idempotency-Key"]
    assert id_of(patched(api, 21, Idempotency_Key="a")) == first


def test_another_path_is_409(recorded: Recorded, api: FlaskClient) -> None:
    """The same body for another zone is another request."""
    patched(api, 21, Idempotency_Key="a")
    with recorded.nothing_changes():
        problem(patched(api, 21, "/api/v1/zones/1/2", Idempotency_Key="a"), 409, "conflict")


def test_another_resource_is_409(recorded: Recorded, api: FlaskClient) -> None:
    """A key is spent for the whole gateway."""
    headers = {"Idempotency-Key": "a"}
    assert api.patch(ZONE, json={"state": "party"}, headers=headers).status_code == 202
    problem(api.patch(OPERATION, json={"state": "party"}, headers=headers), 409, "conflict")


def test_a_key_for_the_plant(recorded: Recorded, api: FlaskClient) -> None:
    """Mode and state as well as zones."""
    answers = [api.patch(OPERATION, json={"mode": "cooling"}, headers={"Idempotency-Key": "a"}) for _ in range(2)]
    assert id_of(answers[0]) == id_of(answers[1])
    assert recorded.pending(MODE) == 3


@pytest.mark.parametrize("key", ["a", "x" * 128, "!", "~", '"quoted"', "8e03978e-40d5-43dd-bc93-6894a57f9324", "=,;"])
def test_keys_that_are_taken(api: FlaskClient, key: str) -> None:
    """1 to 128 printable ASCII characters."""
    assert id_of(patched(api, 21, Idempotency_Key=key)) == id_of(patched(api, 21, Idempotency_Key=key))


BAD_KEYS = ["", " ", "a b", "x" * 129, "x" * 9000, "a\tb", "a\x00", "\x1b[2J", "a\x7f", "a\x80", "ü", "a\r\nX-Evil: 1"]


@pytest.mark.parametrize("key", BAD_KEYS, ids=[str(n) for n in range(len(BAD_KEYS))])
def test_a_key_that_is_none_is_400(idle: Recorded, door: FlaskClient, key: str) -> None:
    """The header is named, nothing is done, and the key is not sent back."""
    with idle.nothing_changes():
        answer = door.patch(ZONE, json={"setpoint": 21}, environ_overrides={"HTTP_IDEMPOTENCY_KEY": key})
        named = faults(answer, 400, "invalid_query")
    assert named == {"Idempotency-Key": "must be 1 to 128 printable ASCII characters without blanks"}
    assert idle.link.asked == []
    assert "X-Evil" not in answer.headers
    assert len(answer.data) < 600


def test_a_wrong_body_does_not_spend_the_key(api: FlaskClient) -> None:
    """Whoever mends the body may keep the key."""
    problem(patched(api, 99, Idempotency_Key="a"), 422, "invalid_value")
    assert patched(api, 21, Idempotency_Key="a").status_code == 202


def test_a_daemon_that_was_away_does_not_spend_the_key(recorded: Recorded, api: FlaskClient) -> None:
    """503, and the retry is the first that is taken."""
    recorded.daemon_dies()
    answer = patched(api, 21, Idempotency_Key="a")
    problem(answer, 503, "daemon_away")
    assert answer.headers["Retry-After"] == "1"
    recorded.link.error = None
    recorded.beat()
    assert patched(api, 21, Idempotency_Key="a").status_code == 202
    assert commands(api) == 1


def test_a_key_is_kept_for_a_day(recorded: Recorded, api: FlaskClient) -> None:
    """To the second; afterwards it is free for anything."""
    first = id_of(patched(api, 21, Idempotency_Key="a"))
    recorded.wait(DAY)
    assert id_of(patched(api, 21, Idempotency_Key="a")) == first
    recorded.wait(1)
    second = id_of(patched(api, 22, Idempotency_Key="a"))
    assert second != first
    assert id_of(patched(api, 22, Idempotency_Key="a")) == second
    problem(patched(api, 21, Idempotency_Key="a"), 409, "conflict")


def test_a_key_outlives_the_gateway(recorded: Recorded, api: FlaskClient, tmp_path: Path) -> None:
    """Another gateway over the same file knows it: one receipt, closed by the restart, and no word for the bus."""
    first = id_of(patched(api, 21, Idempotency_Key="a"))
    recorded.journal.close()
    another = Recorded(tmp_path / "lock")
    again = patched(client_of(another), 21, Idempotency_Key="a")
    other = patched(client_of(another), 22, Idempotency_Key="a")
    another.journal.close()
    assert (id_of(again), again.get_json()["command"]["state"]) == (first, "expired")
    assert another.pending(SETPOINT) is None
    problem(other, 409, "conflict")


def test_a_retry_waits_for_the_first_command(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """Key and `Prefer: wait` go together: the retry is held until the first command is final."""
    recorded.writes(TEMPERATURE, degrees(20))
    first = id_of(patched(api, 21, Idempotency_Key="a"))
    naps.after[2] = lambda: recorded.reads(SETPOINT)
    naps.after[4] = lambda: recorded.writes(SETPOINT, degrees(21))
    again = patched(api, 21, Idempotency_Key="a", Prefer="wait=20")
    command = again.get_json()["command"]
    assert (again.status_code, command["id"], command["state"]) == (200, first, "confirmed")


def test_a_cancelled_command_stays_cancelled(recorded: Recorded, api: FlaskClient) -> None:
    """A late retry does not bring it back."""
    first = patched(api, 21, Idempotency_Key="a")
    api.delete(first.headers["Location"])
    assert patched(api, 21, Idempotency_Key="a").get_json()["command"]["state"] == "cancelled"
    assert recorded.pending(SETPOINT) is None


# Refusals of the desk


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Recorded]:
    """A gateway whose base reads one command an hour of each register, and that takes none that is not on disk."""
    gateway = Recorded(tmp_path / "strict", Rules(per_register_and_hour=1), fallback=False)
    yield gateway
    gateway.journal.close()


def test_a_retry_costs_no_budget(strict: Recorded) -> None:
    """The second request is 429 with Retry-After; the first one sent again is its receipt."""
    api = client_of(strict)
    first = id_of(patched(api, 21, Idempotency_Key="a"))
    strict.reads(SETPOINT)
    strict.wait(600)
    refused = patched(api, 22, Idempotency_Key="b")
    problem(refused, 429, "too_many")
    assert refused.headers["Retry-After"] == "3000"
    assert id_of(patched(api, 21, Idempotency_Key="a")) == first


def test_a_refused_command_does_not_spend_the_key(strict: Recorded) -> None:
    """When there is room again the same key with another body is taken."""
    api = client_of(strict)
    patched(api, 21)
    strict.reads(SETPOINT)
    problem(patched(api, 22, Idempotency_Key="a"), 429, "too_many")
    strict.wait(3600)
    assert patched(api, 23, Idempotency_Key="a").status_code == 202


def test_what_cannot_be_written_down_is_503(strict: Recorded) -> None:
    """With Retry-After, where the operator wants it so; nothing waits for the base, and the key is free."""
    api = client_of(strict)
    with strict.database_held(), strict.nothing_changes():
        answer = patched(api, 21, Idempotency_Key="a")
    problem(answer, 503, "not_durable")
    assert answer.headers["Retry-After"] == "5"
    strict.flush()
    assert patched(api, 22, Idempotency_Key="a").status_code == 202


def test_what_cannot_be_written_down_is_found_again_all_the_same(recorded: Recorded, api: FlaskClient) -> None:
    """With the fallback the command is taken, says that it is not durable, and a retry finds it."""
    with recorded.database_held():
        first = patched(api, 21, Idempotency_Key="a")
    assert (first.status_code, first.get_json()["command"]["durable"]) == (202, False)
    assert patched(api, 21, Idempotency_Key="a").get_json() == first.get_json()
    recorded.flush()
    assert commands(api) == 1
