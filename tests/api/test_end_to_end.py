"""The whole way over the daemon's real socket: HTTP, manager, breaker, link, desk, and back to the base station."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.app import create_app
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.link.client import LinkClient
from tests.api.serving import MEANS, OPTIONS, ZONE, problem
from tests.desk.gateway import MODE, SETPOINT, ZONE_STATE, degrees
from tests.manager.served import FAILURES, RESET_SECONDS, Served, listening


@pytest.fixture
def socket() -> Iterator[Path]:
    """A path for the daemon's socket, short enough for one."""
    with tempfile.TemporaryDirectory(prefix="neasmart-") as folder:
        yield Path(folder) / "daemon.sock"


@pytest.fixture
def linked(served: Served, socket: Path) -> Iterator[FlaskClient]:
    """A client of an API that asks the daemon over its socket."""
    with listening(served.methods, socket) as link:
        yield create_app(served.new_manager(link), served.access, OPTIONS, MEANS).test_client()


def test_a_person_writes_and_the_base_reads(served: Served, linked: FlaskClient) -> None:
    """What was patched is what the base reads; its echo ends the command and is what a person reads."""
    served.writes(ZONE_STATE, 1, degrees(21.0), degrees(20.3))
    answer = linked.patch(ZONE, json={"setpoint": 22.5})
    assert answer.status_code == 202
    assert served.reads(SETPOINT) == [degrees(22.5)]
    served.writes(SETPOINT, degrees(22.5))
    assert linked.get(answer.headers["Location"]).get_json()["command"]["state"] == "confirmed"
    assert linked.get(ZONE).get_json()["setpoint"] == 22.5


def test_the_plant_is_commanded(served: Served, linked: FlaskClient) -> None:
    """Mode and state in one command."""
    assert linked.patch("/api/v1/operation", json={"mode": "cooling", "state": "party"}).status_code == 202
    assert served.reads(MODE, 2) == [3, 5]


def test_a_released_zone_reads_no_data(served: Served, linked: FlaskClient) -> None:
    """Until the base has written its own."""
    served.writes(ZONE_STATE, 1, degrees(21.0))
    command_id = linked.patch(ZONE, json={"setpoint": 22.5}).get_json()["command"]["id"]
    assert linked.post(f"{ZONE}/release").get_json() == {"base": 1, "zone": 1, "closed": [command_id]}
    assert served.reads(ZONE_STATE, 2) == [0, 0]


def test_a_refusal_travels_back_whole(tmp_path: Path, socket: Path) -> None:
    """The daemon's own words, and its kind of error."""
    served = Served(tmp_path / "lock", Rules(refusal="commands are switched off"))
    with listening(served.methods, socket) as link:
        answer = (
            create_app(served.new_manager(link), served.access, OPTIONS, MEANS)
            .test_client()
            .patch(ZONE, json={"setpoint": 21})
        )
    assert problem(answer, 409, "conflict")["detail"] == "commands are switched off"


def test_many_commands_at_once(served: Served, linked: FlaskClient) -> None:
    """Each gets its own receipt; the last one that came is pending."""

    def command(number: int) -> str:
        answer = linked.application.test_client().patch(ZONE, json={"setpoint": 10 + number / 2})
        return str(answer.get_json()["command"]["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(command, range(40)))
    assert len(set(ids)) == 40
    states = [linked.get(f"/api/v1/commands/{command_id}").get_json()["command"]["state"] for command_id in ids]
    assert sorted(states) == ["accepted"] + ["superseded"] * 39


def test_a_daemon_that_is_gone_is_503_at_once_after_a_while(served: Served, socket: Path) -> None:
    """Calls that find nobody open the breaker; from then on the answer tells how long to wait. Reads go on."""
    hasty = LinkClient(socket, timeout=0.21)  # waits a hundredth of a second for a daemon that is just restarting
    client = create_app(served.new_manager(hasty), served.access, OPTIONS, MEANS).test_client()
    served.writes(ZONE_STATE, 1, degrees(21.0), degrees(20.3))
    after = [client.patch(ZONE, json={"setpoint": 21}).headers["Retry-After"] for _ in range(FAILURES)]
    assert after == ["1"] * (FAILURES - 1) + [f"{RESET_SECONDS:.0f}"]
    assert client.get("/api/v1/health").get_json()["breaker"] == "open"
    assert client.get(ZONE).get_json()["temperature"] == 20.3
