"""`Prefer: wait=N`: the answer to a command is held until it is final, and no longer than was asked for."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.recorded import COMMANDS, OPERATION, Naps, Recorded, commanded, patched
from tests.api.serving import ZONE, problem
from tests.desk.gateway import MODE, SETPOINT, TEMPERATURE, ZONE_STATE, degrees
from tests.store.files import ask


@pytest.fixture(autouse=True)
def heard(recorded: Recorded) -> None:
    """The base station has written a measurement, so that it is known as the base."""
    recorded.writes(TEMPERATURE, degrees(20))


def state(answer: TestResponse) -> str:
    return str(answer.get_json()["command"]["state"])


def test_nobody_waits_unasked(api: FlaskClient, naps: Naps) -> None:
    """202 at once, and nothing of a preference in the answer."""
    answer = patched(api, 21)
    assert (answer.status_code, state(answer), naps.taken) == (202, "accepted", 0)
    assert "Preference-Applied" not in answer.headers


def test_wait_returns_confirmed(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """200 with the final receipt as soon as the base has echoed it, and where to find it; the file has it already."""
    naps.after[3] = lambda: recorded.reads(SETPOINT)
    naps.after[7] = lambda: recorded.writes(SETPOINT, degrees(21))
    answer = patched(api, 21, Prefer="wait=20")
    assert (answer.status_code, state(answer), naps.taken) == (200, "confirmed", 7)
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert ask(recorded.database, "SELECT state FROM commands") == "confirmed"
    assert api.get(answer.headers["Location"]).get_json() == answer.get_json()


def test_wait_returns_overridden(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """An end is an end: 200 also when it was not what was asked for."""
    naps.after[1] = lambda: recorded.reads(SETPOINT)
    naps.after[2] = lambda: recorded.writes(SETPOINT, degrees(25))
    answer = patched(api, 21, Prefer="wait=20")
    assert (answer.status_code, state(answer)) == (200, "overridden")


def test_wait_returns_cancelled(api: FlaskClient, naps: Naps) -> None:
    """Whoever waits learns that somebody else took the command back."""
    naps.after[2] = lambda: api.delete(f"{COMMANDS}/{api.get(ZONE).get_json()['command']['id']}")
    answer = patched(api, 21, Prefer="wait=20")
    assert (answer.status_code, state(answer)) == (200, "cancelled")


def test_wait_for_both_values(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """A command is final when all of it is."""
    naps.after[1] = lambda: recorded.reads(ZONE_STATE, 2)
    naps.after[2] = lambda: recorded.writes(ZONE_STATE, 5)
    naps.after[9] = lambda: recorded.writes(SETPOINT, degrees(23))
    answer = api.patch(ZONE, json={"state": "party", "setpoint": 23}, headers={"Prefer": "wait=20"})
    assert (answer.status_code, state(answer), naps.taken) == (200, "confirmed", 9)


def test_wait_for_the_plant(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """The plant's mode as well as a zone's setpoint."""
    naps.after[1] = lambda: recorded.reads(MODE)
    naps.after[2] = lambda: recorded.writes(MODE, 3)
    answer = api.patch(OPERATION, json={"mode": "cooling"}, headers={"Prefer": "wait=5"})
    assert (answer.status_code, state(answer)) == (200, "confirmed")


def test_what_is_final_at_once_is_not_waited_for(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """What the base has just reported is 200 without a nap."""
    recorded.writes(SETPOINT, degrees(21))
    answer = patched(api, 21, Prefer="wait=20")
    assert (answer.status_code, state(answer), naps.taken) == (200, "confirmed", 0)


@pytest.mark.parametrize("seconds", [1, 5, 29])
def test_a_wait_that_runs_out(recorded: Recorded, api: FlaskClient, naps: Naps, seconds: int) -> None:
    """202 with the receipt as it then stands, after so long and hardly longer."""
    naps.after[1] = lambda: recorded.reads(SETPOINT)
    answer = patched(api, 21, Prefer=f"wait={seconds}")
    assert (answer.status_code, state(answer)) == (202, "delivered")
    assert answer.headers["Preference-Applied"] == f"wait={seconds}"
    assert seconds <= naps.seconds < seconds + 0.2


@pytest.mark.parametrize("asked", ["31", "60", "9999", "100000"])
def test_nobody_waits_longer_than_30_seconds(recorded: Recorded, api: FlaskClient, naps: Naps, asked: str) -> None:
    """Whatever was asked for; the answer says how long was waited."""
    naps.after[1] = lambda: recorded.reads(SETPOINT)
    answer = patched(api, 21, Prefer=f"wait={asked}")
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=30")
    assert 30 <= naps.seconds < 30.2


def test_no_wait_at_all(api: FlaskClient, naps: Naps) -> None:
    """Zero seconds are a preference too: 202 without a nap."""
    answer = patched(api, 21, Prefer="wait=0")
    assert (answer.status_code, naps.taken, answer.headers["Preference-Applied"]) == (202, 0, "wait=0")


@pytest.mark.parametrize(
    "prefer", ["wait=1", 'wait="1"', "wait = 1", "respond-async, wait=1", "wait=1, return=minimal", "wait=1, wait=9"]
)
def test_ways_to_say_it(api: FlaskClient, naps: Naps, prefer: str) -> None:
    """As RFC 7240 has it: quoted or not, among others, and of several the first."""
    assert patched(api, 21, Prefer=prefer).headers["Preference-Applied"] == "wait=1"
    assert 1 <= naps.seconds < 1.2


def test_two_header_lines_are_one(api: FlaskClient, naps: Naps) -> None:
    """A list may be spread over lines."""
    headers = [("Prefer", "respond-async"), ("Prefer", "wait=1")]
    assert api.patch(ZONE, json={"setpoint": 21}, headers=headers).headers["Preference-Applied"] == "wait=1"


@pytest.mark.parametrize(
    "prefer",
    ["", "wait", "wait=", "wait=soon", "wait=-5", "wait=.5", "await=5", "return=minimal", "wait:5", "5", "\x00"],
)
def test_a_preference_that_is_none_is_ignored(api: FlaskClient, naps: Naps, prefer: str) -> None:
    """RFC 7240: a preference is never a reason to refuse; 202 at once."""
    answer = patched(api, 21, Prefer=prefer)
    assert (answer.status_code, naps.taken) == (202, 0)
    assert "Preference-Applied" not in answer.headers


def test_digits_of_other_scripts_are_none(api: FlaskClient, naps: Naps) -> None:
    """Header bytes beyond ASCII are no number."""
    api.patch(ZONE, json={"setpoint": 21}, environ_overrides={"HTTP_PREFER": "wait=٣".encode().decode("latin-1")})
    assert naps.taken == 0


def test_a_refused_command_is_not_waited_for(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """A problem comes at once, whether the caller's fault or the daemon's absence."""
    problem(patched(api, 99, Prefer="wait=20"), 422, "invalid_value")
    recorded.daemon_dies()
    answer = patched(api, 21, Prefer="wait=20")
    problem(answer, 503, "daemon_away")
    assert answer.headers["Retry-After"] == "1"
    assert "Preference-Applied" not in answer.headers
    assert naps.taken == 0


def test_a_daemon_that_dies_meanwhile(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """The receipt is read from shared memory: whoever waits gets it as it stands, and is told no lie."""
    naps.after[1] = recorded.daemon_dies
    answer = patched(api, 21, Prefer="wait=2")
    assert (answer.status_code, state(answer)) == (202, "accepted")


def test_a_daemon_that_is_replaced_meanwhile(recorded: Recorded, api: FlaskClient, naps: Naps) -> None:
    """The new one closes what it finds, which ends the wait."""
    naps.after[2] = recorded.restart
    answer = patched(api, 21, Prefer="wait=20")
    assert (answer.status_code, state(answer), naps.taken) == (200, "expired", 2)
    assert answer.get_json()["command"]["note"] == "gateway restarted; the base may have read it"


def test_reading_and_cancelling_do_not_wait(api: FlaskClient, naps: Naps) -> None:
    """The preference is for commands that are sent."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    for answer in (api.get(path, headers={"Prefer": "wait=5"}), api.delete(path, headers={"Prefer": "wait=5"})):
        assert (answer.status_code, naps.taken) == (200, 0)
        assert "Preference-Applied" not in answer.headers
