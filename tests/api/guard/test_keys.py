"""Keys with names and scopes, of which only hashes are kept."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from structlog.testing import LogCapture

from neasmart_gateway.api.guard import patience
from neasmart_gateway.api.guard.keys import Key, KeyRing, make_key
from neasmart_gateway.api.scopes import Scope
from tests.api.serving import MEANS, ZONE, client_of, problem
from tests.manager.served import Served

TABLET = make_key("tablet")
READER = make_key("reader")
KEYS = (Key("tablet", Scope.CONTROL, TABLET.hashed), Key("reader", Scope.READ, READER.hashed))
STRANGER = {"REMOTE_ADDR": "203.0.113.5"}


class Counting:
    """Does the work at once, and counts how often there was any."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, work: Callable[..., bytes], arguments: tuple[object, ...]) -> bytes:
        self.calls += 1
        return work(*arguments)


def opened_by(client: FlaskClient, key: str, method: str = "GET") -> int:
    """The status that a key from afar gets."""
    body = {"setpoint": 21} if method == "PATCH" else None
    answer = client.open(ZONE, method=method, json=body, headers={"X-API-Key": key}, environ_overrides=STRANGER)
    return answer.status_code


def test_a_key_opens_what_its_scope_reaches(served: Served) -> None:
    """And its name stands on what it commands."""
    client = client_of(served, enable_auth=True, keys=KEYS)
    assert opened_by(client, READER.key) == 200
    assert opened_by(client, READER.key, "PATCH") == 403
    assert opened_by(client, TABLET.key, "PATCH") == 202
    ((method, params),) = served.link.asked
    assert (method, params["who"]) == ("submit", "tablet")


def test_a_scope_that_does_not_reach_is_told_what_would(served: Served) -> None:
    """403 names the scope that is needed, for people and for programs."""
    client = client_of(served, enable_auth=True, keys=KEYS)
    answer = client.patch(ZONE, json={"setpoint": 21}, headers={"X-API-Key": READER.key}, environ_overrides=STRANGER)
    assert "scope control; reader has read" in problem(answer, 403, "forbidden")["detail"]
    assert 'error="insufficient_scope", scope="control"' in answer.headers["WWW-Authenticate"]
    assert served.access.tally.read()["forbidden"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        TABLET.key[:-1],
        TABLET.key + "x",
        TABLET.key.swapcase(),
        TABLET.key.replace("tablet", "reader"),
        "tablet.",
        "tablet",
        f"tablet.{TABLET.hashed}",
        TABLET.hashed,
        ".",
        "nobody." + TABLET.key.partition(".")[2],
        "x" * 5000,
    ],
    ids=map(str, range(11)),  # the keys are others in each process
)
def test_nothing_else_opens(served: Served, wrong: str) -> None:
    """Not a part of a key, nor another's secret, nor what the file holds."""
    client = client_of(served, enable_auth=True, keys=KEYS)
    assert opened_by(client, wrong) == 401
    assert served.access.tally.read()["keys_refused"] == 1


def test_a_verified_key_costs_nothing_again() -> None:
    """The hash is worked out once in each worker, and never for names that there are not."""
    offload = Counting()
    ring = KeyRing(KEYS, None, offload)
    assert ring.remembered(TABLET.key.encode()) is None
    assert ring.verified(TABLET.key.encode()) == KEYS[0]
    assert ring.remembered(TABLET.key.encode()) == KEYS[0]
    assert ring.verified(b"nobody.secret") is None
    assert offload.calls == 1


def test_every_key_has_a_salt_of_its_own() -> None:
    """Two keys of one name have nothing in common but the name."""
    one, other = make_key("tablet"), make_key("tablet")
    assert one.key != other.key
    assert len({*one.hashed.split("$"), *other.hashed.split("$")}) == 5  # "scrypt" is shared


def test_a_wrong_key_is_refused_even_to_trusted_clients(served: Served) -> None:
    """Whoever sends a key means it; without one the same client comes in."""
    client = client_of(served, enable_auth=True, keys=KEYS, trusted_clients=())
    assert opened_by(client, "wrong") == 401


def test_who_guesses_waits(served: Served, logged: LogCapture) -> None:
    """After five wrong keys in a minute each further one waits; a right one never does, wherever it comes from."""
    naps: list[float] = []
    client = client_of(served, replace(MEANS, sleep=naps.append), enable_auth=True, keys=KEYS)
    for _ in range(5):
        assert opened_by(client, "tablet.wrong") == 401
    assert naps == []
    assert opened_by(client, "tablet.wrong") == 401
    assert naps == [patience.PAUSE]
    assert opened_by(client, TABLET.key) == 200  # new to this worker
    elsewhere = {"REMOTE_ADDR": "203.0.113.6"}
    assert client.get(ZONE, headers={"X-API-Key": "wrong"}, environ_overrides=elsewhere).status_code == 401
    assert naps == [patience.PAUSE]


def test_the_log_tells_of_guesses_without_being_filled(served: Served, logged: LogCapture) -> None:
    """The first five of a minute, then the tenth, the hundredth: each with how many there were."""
    client = client_of(served, enable_auth=True, keys=KEYS)
    for _ in range(120):
        opened_by(client, "wrong")
    refusals = [entry for entry in logged.entries if entry["event"] == "a wrong key was refused"]
    assert [entry["refused_in_this_minute"] for entry in refusals] == [1, 2, 3, 4, 5, 10, 100]
    assert {entry["address"] for entry in refusals} == {"203.0.113.5"}


def test_only_so_many_of_one_place_wait(served: Served) -> None:
    """One more of them is told to come back; somebody elsewhere has a place of their own."""
    gate, reached = threading.Event(), threading.Semaphore(0)

    def nap(_seconds: float) -> None:
        reached.release()
        gate.wait(20)

    client = client_of(served, replace(MEANS, sleep=nap), enable_auth=True, keys=KEYS)
    for _ in range(patience.FREE):
        opened_by(client, "tablet.wrong")
    app, answers = client.application, []
    guessers = [
        threading.Thread(target=lambda: answers.append(opened_by(app.test_client(), "tablet.wrong")))
        for _ in range(patience.MOST_OF_ONE)
    ]
    for guesser in guessers:
        guesser.start()
    for _ in guessers:
        assert reached.acquire(timeout=20)
    refused = client.get(ZONE, headers={"X-API-Key": "tablet.wrong"}, environ_overrides=STRANGER)
    problem(refused, 429, "too_many_requests")
    assert refused.headers["Retry-After"] == "1"
    elsewhere = {"REMOTE_ADDR": "203.0.113.6"}
    assert client.get(ZONE, headers={"X-API-Key": TABLET.key}, environ_overrides=elsewhere).status_code == 200
    gate.set()
    for guesser in guessers:
        guesser.join(20)
    assert answers == [401] * patience.MOST_OF_ONE


def test_many_at_once_with_a_right_key_come_in(served: Served) -> None:
    """Also while it is new to the worker: it is looked at once, and the others wait for that."""
    offload = Counting()
    client = client_of(served, replace(MEANS, offload=offload), enable_auth=True, keys=KEYS)
    app = client.application
    with ThreadPoolExecutor(20) as people:
        answers = list(people.map(lambda _: opened_by(app.test_client(), TABLET.key), range(40)))
    assert answers == [200] * 40
    assert offload.calls == 1


def test_watchdogs_are_not_refused_for_a_key(served: Served) -> None:
    """What is open to everybody is so with a wrong key too."""
    client = client_of(served, enable_auth=True, keys=KEYS)
    answer = client.get("/health/live", headers={"X-API-Key": "wrong"}, environ_overrides=STRANGER)
    assert answer.status_code == 200
