"""The whole house in one answer, which may be kept and asked about."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from werkzeug.test import TestResponse

from neasmart_gateway.api.app import create_app
from tests.api.serving import MEANS, OPTIONS, ZONE, client_of
from tests.desk.gateway import setpoint
from tests.manager.served import INSTANCE, LISTENER, Served

SNAPSHOT = "/api/v1/snapshot"
AGE = "X-Neasmart-Bus-Age-Seconds"


def asked(client: FlaskClient, known: str, path: str = SNAPSHOT) -> TestResponse:
    """Ask whether what is known still holds."""
    return client.get(path, headers={"If-None-Match": known})


def etag(client: FlaskClient) -> str:
    return client.get(SNAPSHOT).headers["ETag"]


def part(client: FlaskClient, path: str) -> Any:
    return client.get(f"/api/v1/{path}").get_json()


def test_it_holds_what_each_resource_tells(served: Served, client: FlaskClient) -> None:
    """The same zones and things of the plant, in the same shape, with an open command."""
    served.writes(0x64, 1, 2000)
    served.writes(1, 2)
    served.submit(setpoint(22.0))
    house = client.get(SNAPSHOT).get_json()
    assert house.pop("health")["condition"] == "healthy"
    assert house == {
        "zones": part(client, "zones")["zones"],
        "operation": part(client, "operation"),
        "outside_temperature": part(client, "outside-temperature"),
        "notifications": part(client, "notifications"),
        "mixed_groups": part(client, "mixed-groups")["mixed_groups"],
        "pumps": part(client, "pumps")["pumps"],
        "dehumidifiers": part(client, "dehumidifiers")["dehumidifiers"],
    }
    assert house["zones"][0]["desired"]["setpoint"] == 22.0


def test_it_sums_health_up(served: Served, client: FlaskClient) -> None:
    """Condition, score, problems and the states of the components, and nothing that moves by itself."""
    served.writes(100, 1)
    served.beat(listeners=[dict(LISTENER, state="failed", address=None, failure="in use")])
    health = client.get(SNAPSHOT).get_json()["health"]
    assert (health["condition"], health["score"], health["problems"]) == ("degraded", 80, ["tcp: in use"])
    states = {one["name"]: (one["kind"], one["state"], one["severity"]) for one in health["components"]}
    assert states["tcp"] == ("listener", "failed", "failed")
    assert set(health) == {"condition", "score", "problems", "components"}


def test_what_is_known_is_not_sent_again(served: Served, client: FlaskClient) -> None:
    """304 with the tag and the age of the bus, without a body; HEAD too."""
    served.writes(100, 1)
    served.wait(2.5)
    first = client.get(SNAPSHOT)
    for method in ("GET", "HEAD"):
        again = client.open(SNAPSHOT, method=method, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert (again.headers["Cache-Control"], again.headers[AGE]) == ("no-cache", "2.500")
        assert "Content-Type" not in again.headers


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"other", {tag}', 304),
        ('W/"other",W/{tag} , "third"', 304),
        ("*", 304),
        ('"other"', 200),
        ('W/"other"', 200),
        ("", 200),
        ("nonsense, \xff", 200),
    ],
)
def test_tags_are_compared_weakly(client: FlaskClient, form: str, status: int) -> None:
    """In lists, with and without W/; a star is whatever there is."""
    assert asked(client, form.format(tag=etag(client))).status_code == status


def test_the_age_stands_in_a_header(served: Served, client: FlaskClient) -> None:
    """Absent before the first write; growing, while body and tag stay."""
    assert AGE not in client.get(SNAPSHOT).headers
    served.writes(100, 1)
    young = client.get(SNAPSHOT)
    served.wait(100.0)
    old = client.get(SNAPSHOT)
    assert (young.headers[AGE], old.headers[AGE]) == ("0.000", "100.000")
    assert (young.data, young.headers["ETag"]) == (old.data, old.headers["ETag"])


def test_a_zone_that_turns_stale_is_news(served: Served, client: FlaskClient) -> None:
    """Though nothing was written to it: exactly when its time has run out."""
    served.writes(102, 2000)
    known = etag(client)
    served.wait(100.0)
    served.writes(202, 2000)
    served.wait(80.0)
    both_live = etag(client)
    assert both_live != known
    served.wait(0.5)
    answer = asked(client, both_live)
    assert answer.status_code == 200
    assert [zone["stale"] for zone in answer.get_json()["zones"][:2]] == [True, False]


def test_all_workers_agree(served: Served, client: FlaskClient) -> None:
    """One that has just started too: a caller may be served by any of them."""
    served.writes(102, 2000)
    other = create_app(served.new_manager(), served.access, OPTIONS, MEANS).test_client()
    assert asked(other, etag(client)).status_code == 304


def test_a_heartbeat_is_no_news(served: Served, client: FlaskClient) -> None:
    """Nor are counters of the daemon's report."""
    served.writes(102, 2000)
    known = etag(client)
    served.wait(0.25)
    served.beat(listeners=[dict(LISTENER, traffic={"requests": 10})])
    assert asked(client, known).status_code == 304


def test_another_gateway_is_news(served: Served, client: FlaskClient, tmp_path: Path) -> None:
    """Counters that begin anew after a restart mean nothing: what differs has another tag."""
    served.writes(102, 2000)
    (tmp_path / "next").mkdir()
    successor = Served(tmp_path / "next" / "lock")
    successor.writes(102, 2100)
    assert successor.memory.header.changes == served.memory.header.changes
    assert asked(client_of(successor), etag(client)).status_code == 200


def test_nobody_is_asked(served: Served, client: FlaskClient) -> None:
    """Neither the daemon nor the database, which may both be away."""
    served.database.unlink()
    served.daemon_dies()
    assert client.get(SNAPSHOT).status_code == 200
    assert served.link.asked == []


def test_nothing_is_decoded_for_what_is_known(
    served: Served, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 304 costs a few numbers of the shared memory, whether or not the daemon has reported meanwhile."""
    served.writes(102, 2000)
    known = etag(client)
    served.beat()
    monkeypatch.setattr(served.manager, "snapshot", lambda: pytest.fail("made anew"))
    assert asked(client, known).status_code == 304


class Watched(RuleBasedStateMachine):
    """A worker that keeps what it has rendered, beside one for which nothing that it has kept holds any more."""

    folder: Path
    number = 0

    def __init__(self) -> None:
        super().__init__()
        Watched.number += 1
        (self.folder / str(self.number)).mkdir()
        self.served = Served(self.folder / str(self.number) / "lock")
        self.client = client_of(self.served)
        forgetful = self.served.new_manager()
        forgetful.still_holds = lambda _edition: False  # type: ignore[method-assign]
        self.forgetful = create_app(forgetful, self.served.access, OPTIONS, MEANS).test_client()
        self.bodies: dict[str, bytes] = {}
        self.tags: dict[bytes, str] = {}

    def teardown(self) -> None:
        self.served.journal.close()

    @rule(address=st.sampled_from([1, 3, 100, 102, 202, 250]), word=st.sampled_from([1, 2000, 2100]))
    def writes(self, address: int, word: int) -> None:
        self.served.writes(address, word)

    @rule(seconds=st.sampled_from([0.25, 60.0, 90.0, 180.0]))
    def waits(self, seconds: float) -> None:
        self.served.wait(seconds)
        self.served.desk.tick(self.served.now)

    @rule(degrees=st.sampled_from([20.0, 21.0]))
    def commands(self, degrees: float) -> None:
        self.served.submit(setpoint(degrees))

    @rule()
    def base_reads(self) -> None:
        self.served.reads(100, 2)

    @rule()
    def daemon_dies(self) -> None:
        self.served.memory.header.heartbeat = self.served.now - 60.0

    @rule(instance=st.sampled_from([INSTANCE, INSTANCE + 1]))
    def daemon_reports(self, instance: int) -> None:
        self.served.beat(instance=instance)
        self.served.memory.header.instance = instance

    @rule(failure=st.sampled_from(["in use", "gone"]))
    def listener_fails(self, failure: str) -> None:
        self.served.beat(listeners=[dict(LISTENER, failure=failure)])

    @rule(state=st.sampled_from(["closed", "open", "half-open"]))
    def breaker_moves(self, state: str) -> None:
        self.served.memory.breaker.state = state
        self.served.memory.breaker.opened(self.served.now, INSTANCE)

    @rule(seconds=st.sampled_from([-3600.0, 7200.0]))
    def clock_is_set(self, seconds: float) -> None:
        header = self.served.memory.header
        header.clock_was_set(self.served.now, seconds)
        header.wall_offset += seconds
        self.served.memory.writer.shift_restored(-seconds)

    @rule(word=st.sampled_from([1900, 2000]))
    def journal_remembers(self, word: int) -> None:
        self.served.memory.writer.restore(302, word, self.served.now - 50.0)

    @invariant()
    def somebody_asks(self) -> None:
        """The same tag means the same body, another body another tag, and what was kept is what would be made now."""
        for path in (SNAPSHOT, "/api/v1/zones", "/api/v1/zones?stale=true", ZONE):
            kept, fresh = self.client.get(path), self.forgetful.get(path)
            tag = kept.headers["ETag"]
            assert (kept.data, tag) == (fresh.data, fresh.headers["ETag"])
            assert self.bodies.setdefault(tag, kept.data) == kept.data
            assert self.tags.setdefault(kept.data, tag) == tag
            assert asked(self.client, tag, path).status_code == 304


def test_a_tag_stands_for_one_body(tmp_path: Path) -> None:
    """Whatever happens between two answers."""
    Watched.folder = tmp_path
    run_state_machine_as_test(Watched, settings=settings(max_examples=30, stateful_step_count=25, deadline=None))
