"""Taking a command back: while the base has not read it, and never afterwards."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.api.recorded import COMMANDS, Recorded, commanded
from tests.api.serving import ZONE, client_of, faults, problem
from tests.desk.gateway import BASE, SETPOINT, TEMPERATURE, ZONE_STATE, degrees
from tests.store.files import ask


def test_an_unread_command_is_cancelled(recorded: Recorded, api: FlaskClient) -> None:
    """200 with the final receipt, no word waits for the base any more, and the file has it already."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    recorded.wait(1.5)
    answer = api.delete(path)
    command = answer.get_json()["command"]
    assert (answer.status_code, command["state"]) == (200, "cancelled")
    assert command["finished_at"] == command["writes"][0]["finished_at"] == "2026-01-01T00:00:01.500Z"
    assert recorded.pending(SETPOINT) is None
    assert ask(recorded.database, "SELECT state FROM commands") == "cancelled"
    assert api.get(path).get_json() == answer.get_json()
    assert api.get(f"{COMMANDS}?state=cancelled").get_json()["commands"] == [command]


def test_a_disk_in_trouble_keeps_nobody_from_cancelling(recorded: Recorded, api: FlaskClient) -> None:
    """The base is told nothing any more, and the file is brought up to date later."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    with recorded.database_held():
        assert api.delete(path).get_json()["command"]["state"] == "cancelled"
    assert recorded.pending(SETPOINT) is None
    assert ask(recorded.database, "SELECT state FROM commands") == "accepted"
    recorded.flush()
    assert ask(recorded.database, "SELECT state FROM commands") == "cancelled"


def test_both_values_are_cancelled(recorded: Recorded, api: FlaskClient) -> None:
    """A command is taken back as a whole."""
    command_id = api.patch(ZONE, json={"state": "party", "setpoint": 23}).get_json()["command"]["id"]
    command = api.delete(f"{COMMANDS}/{command_id}").get_json()["command"]
    assert [write["state"] for write in command["writes"]] == ["cancelled", "cancelled"]
    assert [recorded.pending(address) for address in (ZONE_STATE, SETPOINT)] == [None, None]


def test_cancelling_leaves_other_commands_alone(recorded: Recorded, api: FlaskClient) -> None:
    """Of the same zone too."""
    first = commanded(api, 21)
    api.patch(ZONE, json={"state": "party"})
    api.delete(f"{COMMANDS}/{first}")
    assert recorded.pending(ZONE_STATE) == 5


def read(recorded: Recorded) -> None:
    recorded.reads(SETPOINT)


def confirmed(recorded: Recorded) -> None:
    recorded.reads(SETPOINT)
    recorded.writes(SETPOINT, degrees(21))


def overridden(recorded: Recorded) -> None:
    recorded.reads(SETPOINT)
    recorded.writes(SETPOINT, degrees(25))


def unconfirmed(recorded: Recorded) -> None:
    recorded.reads(SETPOINT)
    recorded.wait(61)
    recorded.desk.tick(recorded.now)


def expired(recorded: Recorded) -> None:
    recorded.wait(31)
    recorded.desk.tick(recorded.now)


def superseded(recorded: Recorded) -> None:
    commanded(client_of(recorded), 22)


TOO_LATE: list[tuple[Callable[[Recorded], None], str, str]] = [
    (read, "delivered", "has read"),
    (confirmed, "confirmed", "ended already: it is confirmed"),
    (overridden, "overridden", "ended already: it is overridden"),
    (unconfirmed, "unconfirmed", "ended already: it is unconfirmed"),
    (expired, "expired", "ended already: it is expired"),
    (superseded, "superseded", "ended already: it is superseded"),
]


@pytest.mark.parametrize(("happens", "state", "said"), TOO_LATE)
def test_too_late_is_409(
    recorded: Recorded, api: FlaskClient, happens: Callable[[Recorded], None], state: str, said: str
) -> None:
    """The problem says why, and the command stays as it is."""
    recorded.writes(TEMPERATURE, degrees(20), peer=BASE)
    path = f"{COMMANDS}/{commanded(api, 21)}"
    happens(recorded)
    with recorded.nothing_changes():
        found = problem(api.delete(path), 409, "conflict")
    assert said in found["detail"]
    assert (found["instance"], found["errors"]) == (path, [])
    assert api.get(path).get_json()["command"]["state"] == state


def test_a_second_time_is_409(api: FlaskClient) -> None:
    """What is cancelled has ended."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    assert api.delete(path).status_code == 200
    assert "it is cancelled" in problem(api.delete(path), 409, "conflict")["detail"]


def test_half_read_is_409(recorded: Recorded, api: FlaskClient) -> None:
    """One value of two is with the base already: nothing is withdrawn."""
    command_id = api.patch(ZONE, json={"state": "party", "setpoint": 23}).get_json()["command"]["id"]
    recorded.reads(ZONE_STATE)
    problem(api.delete(f"{COMMANDS}/{command_id}"), 409, "conflict")
    assert recorded.pending(SETPOINT) == degrees(23)


def test_time_that_is_up_is_409_before_anybody_has_looked(recorded: Recorded, api: FlaskClient) -> None:
    """A command whose 30 s are over is not cancelled but expired, though no tick has said so yet."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    recorded.wait(30)
    problem(api.delete(path), 409, "conflict")
    assert api.get(path).get_json()["command"]["state"] == "expired"


UNKNOWN = ["0-00000000", "999-9f3a1c02", "x", "-", "1", "٣-ab", "9" * 5000 + "-ab", "%00", "a%20b", "😀", "' OR 1=1"]


@pytest.mark.parametrize("command_id", UNKNOWN)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_command_is_404(recorded: Recorded, api: FlaskClient, method: str, command_id: str) -> None:
    """Neither ring nor database has it; the daemon is not asked, and no other command is touched."""
    commanded(api, 21)
    recorded.link.asked.clear()
    with recorded.nothing_changes():
        found = problem(api.open(f"{COMMANDS}/{command_id}", method=method), 404, "not_found")
    assert found["detail"].startswith("there is no command ")
    assert len(found["detail"]) < 100
    assert recorded.link.asked == []


def test_without_daemon_503(recorded: Recorded, api: FlaskClient) -> None:
    """With Retry-After; the command goes on waiting for the base, and can be read."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    recorded.daemon_dies()
    answer = api.delete(path)
    problem(answer, 503, "daemon_away")
    assert answer.headers["Retry-After"] == "1"
    assert api.get(path).get_json()["command"]["state"] == "accepted"


def test_without_daemon_what_has_ended_is_409(recorded: Recorded, api: FlaskClient) -> None:
    """Waiting for the daemon would not help, so nobody is told to."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    api.delete(path)
    recorded.daemon_dies()
    answer = api.delete(path)
    problem(answer, 409, "conflict")
    assert "Retry-After" not in answer.headers


def test_without_daemon_what_is_unknown_is_404(recorded: Recorded, api: FlaskClient) -> None:
    """The same answer as with one."""
    recorded.daemon_dies()
    problem(api.delete(f"{COMMANDS}/0-00000000"), 404, "not_found")


def test_the_breaker_tells_for_how_long(recorded: Recorded, api: FlaskClient) -> None:
    """After several calls in a row that found nobody, DELETE is refused without asking, for half a minute."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    recorded.daemon_dies()
    recorded.link.asked.clear()
    waits = [api.delete(path).headers["Retry-After"] for _ in range(4)]
    assert waits == ["1", "1", "30", "30"]
    assert len(recorded.link.asked) == 3


def test_cancelling_takes_no_query(recorded: Recorded, api: FlaskClient) -> None:
    """Somebody who asks for more than there is gets nothing done."""
    answer = api.delete(f"{COMMANDS}/{commanded(api, 21)}?force=true")
    assert list(faults(answer, 400, "invalid_query")) == ["force"]
    assert recorded.pending(SETPOINT) == degrees(21)


def test_a_foreign_page_cannot_cancel(recorded: Recorded, api: FlaskClient) -> None:
    """403, as for any change."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    problem(api.delete(path, headers={"Origin": "https://evil.example"}), 403, "foreign_origin")
    assert recorded.pending(SETPOINT) == degrees(21)


def test_a_body_does_not_matter_unless_it_is_large(recorded: Recorded, api: FlaskClient) -> None:
    """413 above 64 KiB, and nothing is cancelled; any other body is not read."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    problem(api.delete(path, data=b"x" * (64 * 1024 + 1)), 413, "body_too_large")
    assert recorded.pending(SETPOINT) == degrees(21)
    assert api.delete(path, data=b"{", content_type="application/json").status_code == 200


def test_the_list_itself_cannot_be_deleted(api: FlaskClient) -> None:
    """405 with what it takes."""
    answer = api.delete(COMMANDS)
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
