"""What can stand in the way of a request: each refusal in the contract's shape, and none that is not needed."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neasmart_gateway.api.guard.keys import Key, make_key
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.errors import DaemonAway, NotDurable
from tests.api.compat.player import sent
from tests.api.recorded import Recorded
from tests.api.serving import client_of
from tests.desk.gateway import BASE, SETPOINT, STRANGER, degrees
from tests.manager.served import Served

ROOT_ZONE, API_ZONE = "/zones/1/1", "/api/zones/1/1"
STALE = "X-Rehau-Registers-Stale"
EVERY_HEADER = {STALE, "X-Rehau-Stale-After-Seconds", "X-Rehau-Registers-Age-Seconds", "X-Rehau-Last-Register-Write"}


def told(answer: TestResponse, status: int) -> str:
    """Hold that an answer is an error of either contract; returns what it says."""
    found = answer.get_json()
    assert (answer.status_code, answer.content_type) == (status, "application/json"), answer.text
    assert set(found) in ({"err"}, {"error", "err", "status"})
    assert found.get("error", found["err"]) == found["err"]
    assert found.get("status", status) == status
    return str(found["err"])


@pytest.mark.parametrize("path", [ROOT_ZONE, API_ZONE])
def test_commands_that_are_switched_off(tmp_path: Path, path: str) -> None:
    """409 with the reason: to accept what nobody will do would be a lie."""
    served = Served(tmp_path / "lock", Rules(refusal="commands are switched off"))
    answer = client_of(served).post(path, json={"setpoint": 21})
    assert told(answer, 409) == "commands are switched off"
    assert served.pending(SETPOINT) is None


@pytest.mark.parametrize("path", [ROOT_ZONE, API_ZONE])
def test_two_base_stations(served: Served, client: FlaskClient, path: str) -> None:
    """409: nobody knows which of them it would reach."""
    served.writes(102, degrees(20), peer=BASE)
    served.writes(102, degrees(20), peer=STRANGER)
    assert "nobody knows which of them" in told(client.post(path, json={"setpoint": 21}), 409)


@pytest.mark.parametrize("path", [ROOT_ZONE, API_ZONE])
@pytest.mark.parametrize("error", [DaemonAway("nobody there", retry_after=1.0), NotDurable("the disk is full")])
def test_daemon_or_disk_away(served: Served, client: FlaskClient, path: str, error: Exception) -> None:
    """503 with Retry-After; and once the breaker is open, at once."""
    served.link.error = error
    for _ in range(5):
        answer = client.post(path, json={"setpoint": 21})
        assert told(answer, 503)
        assert int(answer.headers["Retry-After"]) >= 1


def test_a_daemon_that_is_away_for_a_moment_takes_nothing_off_the_screen(served: Served, client: FlaskClient) -> None:
    """Values go by their own age, and the header by the bus; only what has become old is taken away."""
    served.writes(100, 1, degrees(21), degrees(20.5))
    served.daemon_dies()
    answer = client.get(ROOT_ZONE)
    assert (answer.headers[STALE], answer.get_json()["temperature"]) == ("false", 20.5)
    assert client.get(API_ZONE).status_code == 200
    health = client.get("/api/health")
    found = health.get_json()
    assert (health.status_code, found["status"]) == (503, "unhealthy")
    assert "the gateway daemon is away" in found["error"] == found["err"]
    assert client.get("/health").status_code == 200
    served.now += 181
    assert client.get(ROOT_ZONE).get_json()["temperature"] is None


@pytest.mark.parametrize(("path", "status"), [(ROOT_ZONE, 202), (API_ZONE, 429)])
def test_the_budget_of_a_register(tmp_path: Path, path: str, status: int) -> None:
    """At the root it is 202, and the base is not told before there is room; below /api it is 429 with the reason."""
    served = Served(tmp_path / "lock", Rules(per_register_and_hour=2))
    client = client_of(served)
    served.writes(100, 1, degrees(20), degrees(20))
    for celsius in (21, 22):
        assert client.post(path, json={"setpoint": celsius}).status_code == 202
        assert served.reads(SETPOINT) == [degrees(celsius)]
        served.writes(SETPOINT, degrees(celsius))
    answer = client.post(path, json={"setpoint": 23})
    assert answer.status_code == status
    assert served.reads(SETPOINT) == [degrees(22)]
    if status == 429:
        assert "has had its 2 commands within the hour" in told(answer, 429)


def test_patience_coalesces_and_ends(tmp_path: Path) -> None:
    """Of several the newest waits; it goes when there is room in time, and is never told to the base later."""
    served = Served(tmp_path / "lock", Rules(per_register_and_hour=1))
    client = client_of(served)
    served.writes(100, 1, degrees(20), degrees(20))
    client.post(ROOT_ZONE, json={"setpoint": 21})
    served.reads(SETPOINT)
    served.writes(SETPOINT, degrees(21))
    client.post(ROOT_ZONE, json={"setpoint": 22})
    client.post(ROOT_ZONE, json={"setpoint": 23})
    assert client.get(ROOT_ZONE).get_json()["setpoint"] == 23.0
    assert served.reads(SETPOINT) == [degrees(21)]
    served.wait(31)
    served.desk.tick(served.now)
    receipts = [receipt for _, receipt in served.memory.receipts]
    assert [receipt["state"] for receipt in receipts] == ["confirmed", "superseded", "expired"]
    assert "the base is not told for another" in receipts[2]["note"]
    for _ in range(30):
        served.wait(120)
        served.writes(100, 1, degrees(21), degrees(20))
    assert served.reads(SETPOINT) == [degrees(21)]

    served.wait(3600 - 30 * 120 - 31 - 10 + 3600)
    served.writes(100, 1, degrees(21), degrees(20))
    client.post(ROOT_ZONE, json={"setpoint": 24})
    assert served.reads(SETPOINT) == [degrees(24)]


def test_a_waiting_word_goes_when_there_is_room(tmp_path: Path) -> None:
    """Within the time that every command has to be read."""
    served = Served(tmp_path / "lock", Rules(per_register_and_hour=1))
    client = client_of(served)
    served.writes(100, 1, degrees(20), degrees(20))
    client.post(ROOT_ZONE, json={"setpoint": 21})
    served.reads(SETPOINT)
    for _ in range(36):
        served.wait(99.5)
        served.writes(100, 1, degrees(21), degrees(20))
    client.post(ROOT_ZONE, json={"setpoint": 22})
    assert served.reads(SETPOINT) == [degrees(21)]
    served.wait(20)
    assert served.reads(SETPOINT) == [degrees(22)]


def test_a_narrower_range_does_not_refuse_at_the_root(tmp_path: Path) -> None:
    """Within 7 to 35 °C it is brought to the nearest end, which the next read shows; below /api it is refused."""
    served = Served(tmp_path / "lock", Rules(allowed=SetpointRange(16, 24)))
    client = client_of(served)
    for asked, wanted in ((7, 16.0), (35, 24.0), (20.5, 20.5)):
        assert client.post(ROOT_ZONE, json={"setpoint": asked}).status_code == 202
        assert client.get(ROOT_ZONE).get_json()["setpoint"] == wanted
    assert "outside 16 to 24" in told(client.post(ROOT_ZONE, json={"setpoint": 6.9}), 400)
    assert "outside 16 to 24" in told(client.post(API_ZONE, json={"setpoint": 7}), 400)


def test_a_busy_house_is_never_told_to_slow_down(idle: Served) -> None:
    """314 reads a minute from one address, for ten houses' worth of bursts, with the limits as they come."""
    served = client_of(idle, reads_per_minute=1200, commands_per_minute=120)
    address = {"REMOTE_ADDR": "192.0.2.8"}
    answers = [served.get(f"/zones/{1 + n % 5}/{1 + n % 12}", environ_overrides=address) for n in range(314 * 3)]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize(("path", "most"), [("/mode", 6), (API_ZONE, 2)])
def test_commands_at_the_root_count_as_reads(idle: Served, path: str, most: int) -> None:
    """One 429 would take the whole house off the screen; elsewhere the limit of commands holds."""
    client = client_of(idle, reads_per_minute=6, commands_per_minute=2, trusted_clients=(ip_network("127.0.0.0/8"),))
    for address in ("127.0.0.1", "203.0.113.20"):
        peer = {"REMOTE_ADDR": address}
        statuses = [client.post(path, json={}, environ_overrides=peer).status_code for _ in range(most + 1)]
        assert 429 not in statuses[:most]
        assert statuses[most] == 429


@pytest.mark.parametrize(("path", "method"), [("/mode", "GET"), ("/zones/1/1", "POST"), ("/health", "GET")])
def test_a_stranger_learns_no_time(served: Served, path: str, method: str) -> None:
    """Whoever is turned away is told in the shape of the contract, and of the bus only whether it is silent."""
    served.writes(102, degrees(20))
    strict = client_of(served, enable_auth=True)
    refused = strict.open(path, method=method, json={}, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert told(refused, 401)
    foreign = strict.open(path, method=method, base_url="http://evil.example/")
    assert told(foreign, 421)
    for answer in (refused, foreign):
        assert {STALE, "X-Rehau-Stale-After-Seconds"} == EVERY_HEADER & set(answer.headers.keys())


def test_health_is_refused_in_the_shape_of_the_root(client: FlaskClient) -> None:
    """It is one of these routes; while they are switched off it is one of ours alone."""
    assert told(client.post("/health"), 405)


@pytest.mark.parametrize(
    ("path", "raw", "said"),
    [
        ("/mode", "{}", "mode is missing"),
        ("/api/state", "{}", "state is missing"),
        ("/mode", "\ufeff{}", "byte order mark"),
    ],
)
def test_refusals_are_for_people(client: FlaskClient, path: str, raw: str, said: str) -> None:
    """Not in the words of the libraries within."""
    text = told(client.post(path, data=raw.encode(), content_type="application/json"), 400)
    assert said in text
    assert "decode" not in text


@pytest.mark.parametrize("path", [ROOT_ZONE, API_ZONE])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_guards_speak_the_contract(idle: Served, path: str, method: str) -> None:
    """401, 421, 429 and 403 in its shape, and with its headers."""
    strict = client_of(idle, enable_auth=True, reads_per_minute=1, commands_per_minute=1)
    stranger = {"REMOTE_ADDR": "203.0.113.7" if method == "GET" else "203.0.113.8"}
    answer = strict.open(path, method=method, json={}, environ_overrides=stranger)
    assert told(answer, 401)
    assert "WWW-Authenticate" in answer.headers
    loose = client_of(idle, reads_per_minute=1, commands_per_minute=1)
    answers = [loose.open(path, method=method, json={}, environ_overrides=stranger) for _ in range(2)]
    assert told(answers[-1], 429)
    foreign = loose.open(path, method=method, base_url="http://evil.example/", environ_overrides=stranger)
    assert told(foreign, 421)
    assert (
        (STALE in foreign.headers) == (STALE in answers[-1].headers) == (STALE in answer.headers) == ("api" not in path)
    )
    if method == "POST":
        assert told(loose.post(path, json={}, headers={"Origin": "http://evil.example"}), 403)


def test_a_trusted_client_needs_no_key(idle: Served) -> None:
    """The integrations cannot send one."""
    client = client_of(idle, enable_auth=True, trusted_clients=(ip_network("192.0.2.0/24"),))
    for path in (ROOT_ZONE, "/api/mode"):
        assert client.get(path, environ_overrides={"REMOTE_ADDR": "192.0.2.8"}).status_code == 200
        assert client.get(path, environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 401


@pytest.mark.parametrize("path", ["/mode", "/state", "/api/mode", "/api/state", "/api/v2/operation/mode"])
def test_whoever_must_sign_must_sign_here_too(idle: Served, path: str) -> None:
    """These routes are no way around a signature."""
    made = make_key("wall")
    keys = (Key("wall", Scope.CONTROL, made.hashed, b"x" * 32),)
    client = client_of(idle, enable_auth=True, keys=keys)
    answer = client.post(path, json={path.rpartition("/")[2]: 1}, headers={"X-API-Key": made.key})
    assert "demands that this is signed" in told(answer, 401)


@pytest.mark.parametrize(("compat", "root", "api"), [((), 404, 404), (("root",), 200, 404), (("api",), 404, 200)])
def test_each_contract_can_be_switched_off(idle: Served, compat: tuple[str, ...], root: int, api: int) -> None:
    """Then its paths are nothing, as any other; our own API and /health are there in any case."""
    client = client_of(idle, compat=compat)
    assert (client.get("/mode").status_code, client.get("/api/mode").status_code) == (root, api)
    assert sent(client, "GET", "//mode", {}).status_code == root
    assert client.get("/health").status_code == client.get("/api/v1/health").status_code == 200
    for path, status in (("/mode", root), ("/api/mode", api)):
        if status == 404:
            assert client.get(path).content_type == "application/problem+json"


@pytest.mark.parametrize("path", [ROOT_ZONE, "/mode", "/pumps/9", "/zones/1/none", "/health"])
def test_every_header_once_the_bus_has_written(served: Served, client: FlaskClient, path: str) -> None:
    """On errors too."""
    served.writes(102, degrees(20))
    served.wait(1.25)
    headers = client.get(path).headers
    assert set(headers.keys()) >= EVERY_HEADER
    assert headers["X-Rehau-Registers-Age-Seconds"] == "1.250"
    assert headers["X-Rehau-Last-Register-Write"].endswith("Z")
    assert headers["X-Rehau-Stale-After-Seconds"] == "180"


def test_the_metrics_know_the_template_alone(idle: Served) -> None:
    """However many slashes and numbers a caller thinks of."""
    client = client_of(idle)
    for path in ("/zones/1/1", "//zones//2//2", "//evil", "/zones/1/none"):
        sent(client, "GET", path, {})
    text = client.get("/metrics").text
    assert 'endpoint="/zones/{base}/{zone}"' in text
    assert "evil" not in text
    assert "none" not in text


def test_what_is_only_remembered_is_unknown(tmp_path: Path) -> None:
    """After a restart nothing of before is shown as live, however alive the bus is; each value comes by itself."""
    before = Recorded(tmp_path / "lock")
    before.writes(100, 2, degrees(21), degrees(20))
    before.writes(1, 2, 1)
    before.writes(7, degrees(4))
    before.flush()
    before.journal.close()
    served = Recorded(tmp_path / "lock")
    client = client_of(served)
    served.writes(202, degrees(19))
    served.writes(2, 5)
    zone = {"state": 0, "setpoint": None, "temperature": None, "relative_humidity": 0}
    assert client.get(ROOT_ZONE).get_json() == zone
    assert client.get(API_ZONE).status_code == 503
    assert (client.get("/mode").get_json(), client.get("/state").get_json()) == ({"mode": 0}, {"state": 5})
    assert client.get("/outsidetemperature").get_json()["outside_temperature"] is None
    served.writes(100, 3, degrees(23))
    assert client.get(ROOT_ZONE).get_json() == {**zone, "state": 3, "setpoint": 23.0}
    listed = client.get("/api/zones").get_json()["zones"][0]
    assert (listed["state"], listed["setpoint"]["value"], listed["temperature"]) == ("standby", 23.0, None)
    for _ in range(2):
        served.wait(100)
        served.writes(202, degrees(19))
    assert client.get(ROOT_ZONE).get_json() == {**zone, "state": 3}
    served.journal.close()
