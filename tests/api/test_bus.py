"""What was heard on the bus: counters, intervals, frames; and nothing of it opens the circuit breaker."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.errors import DaemonAway
from neasmart_gateway.link.records import MOST_BYTES, pack
from neasmart_gateway.modbus.heard import Verdict
from tests.api.line import HeardLine, attach, read, write
from tests.api.serving import client_of, faults, problem
from tests.manager.served import FAILURES, Served, listening

BUS = "/api/v1/bus"
FRAMES = f"{BUS}/frames"


@pytest.fixture
def line(served: Served) -> HeardLine:
    return attach(served)


def register(client: FlaskClient, address: int) -> dict[str, Any]:
    (found,) = (one for one in client.get(BUS).get_json()["registers"] if one["address"] == address)
    return dict(found)


def test_a_listener_shows_what_it_heard(served: Served, client: FlaskClient, line: HeardLine) -> None:
    """Counters, last times, foreign units by number, and a histogram whose last bucket has no end."""
    line.base_says(read(100, 2))
    served.wait(5.0)
    line.hears(Verdict.FOREIGN_REQUEST, b"\x11\x03\x00\x00\x00\x01\x86\x9a")
    line.hears(Verdict.NOISE, b"\xff\xff\xff")
    (listener,) = client.get(BUS).get_json()["listeners"]
    assert (listener["name"], listener["type"], listener["state"], listener["address"]) == (
        "serial", "serial", "opening", None,
    )  # fmt: skip
    assert listener["counters"]["requests"] == 1
    assert (listener["counters"]["noise"], listener["counters"]["dropped_bytes"]) == (1, 3)
    assert listener["foreign_units"] == [{"unit": 17, "frames": 1}]
    assert (listener["last_byte_at"], listener["last_request_at"]) == (None, "2026-01-01T00:00:00.000Z")
    assert {"up_to_seconds": 0.005, "answers": 1} in listener["turnaround"]
    assert listener["turnaround"][-1] == {"up_to_seconds": None, "answers": 0}


def test_registers_show_their_rhythm(served: Served, client: FlaskClient, line: HeardLine) -> None:
    """How often the base reads and writes each, by name, and in milliseconds."""
    for _ in range(3):
        line.base_says(read(101))
        line.base_says(write(102, 0x0834))
        served.wait(5.0004)
    line.base_says(write(15, 1))
    assert register(client, 102) == {
        "address": 102,
        "name": "zone.temperature",
        "base": 1,
        "zone": 1,
        "label": "Living room",
        "number": None,
        "polled": None,
        "written": {"times": 3, "every_seconds": 5.0, "last_at": "2026-01-01T00:00:10.001Z"},
        "echoed": None,
    }
    assert register(client, 101)["polled"]["every_seconds"] == 5.0
    pump = register(client, 15)
    assert (pump["name"], pump["number"], pump["base"]) == ("mixed_group.pump", 2, None)
    assert pump["written"] == {"times": 1, "every_seconds": None, "last_at": "2026-01-01T00:00:15.001Z"}


def test_a_register_outside_the_map_is_shown_too(client: FlaskClient, line: HeardLine) -> None:
    """It has no name, and may be what somebody looks for."""
    line.base_says(read(9999))
    found = register(client, 9999)
    assert (found["name"], found["base"], found["polled"]["times"]) == (None, None, 1)


def test_an_echo_is_how_soon_a_command_came_back(client: FlaskClient, line: HeardLine) -> None:
    """Beside the polls and writes of the same register."""
    line.slave.intervals.echoed(101, 0.81234, 1000.0)
    assert register(client, 101)["echoed"] == {
        "times": 1, "after_seconds": 0.812, "last_at": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip


def test_frames_are_shown_as_they_came(served: Served, client: FlaskClient, line: HeardLine) -> None:
    """Request and answer, with number, time to the microsecond, direction and verdict."""
    served.wait(0.000123)
    line.base_says(write(102, 0x0834))
    answer = client.get(FRAMES).get_json()
    assert answer["frames"][0] == {
        "number": 1,
        "at": "2026-01-01T00:00:00.000123Z",
        "listener": "serial",
        "peer": "",
        "direction": "in",
        "verdict": "request",
        "framing": "rtu",
        "data": "f00600660834" + answer["frames"][0]["data"][12:],
    }
    assert [(f["number"], f["direction"], f["verdict"]) for f in answer["frames"]] == [
        (1, "in", "request"),
        (2, "out", "answer"),
    ]
    assert (answer["count"], answer["next"], answer["latest"]) == (2, 2, 2)


def test_frames_are_followed_page_by_page(client: FlaskClient, line: HeardLine) -> None:
    """`next` of one page asks for the following one, and nothing is missed or seen twice."""
    for number in range(25):
        line.hears(Verdict.NOISE, bytes((number,)))
    seen, after = [], 0
    while (page := client.get(f"{FRAMES}?after={after}&limit=10").get_json())["frames"]:
        seen += [frame["data"] for frame in page["frames"]]
        after = page["next"]
    assert seen == [f"{number:02x}" for number in range(25)]
    assert (page["next"], page["latest"]) == (25, 25)


def test_a_follower_notices_a_new_daemon(client: FlaskClient, line: HeardLine) -> None:
    """Numbers begin anew with it: whoever asks for later ones is sent back to the first."""
    line.hears(Verdict.NOISE, b"\x00")
    page = client.get(f"{FRAMES}?after=5000").get_json()
    assert (page["frames"], page["next"], page["latest"]) == ([], 0, 1)


def test_nothing_heard_is_no_error(client: FlaskClient, line: HeardLine) -> None:
    """No frames, no registers, and a listener that has heard nothing."""
    assert client.get(FRAMES).get_json() == {"frames": [], "count": 0, "next": 0, "latest": 0}
    found = client.get(BUS).get_json()
    assert found["registers"] == []
    assert found["listeners"][0]["last_frame_at"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=-1", "before=3"])
def test_a_bad_query_is_400(client: FlaskClient, line: HeardLine, query: str) -> None:
    """Named, as everywhere."""
    assert list(faults(client.get(f"{FRAMES}?{query}"), 400, "invalid_query")) == [query.partition("=")[0]]


def test_the_longest_answers_fit_into_messages(served: Served, line: HeardLine, tmp_path: Path) -> None:
    """A thousand of the longest frames and 1,024 registers come over the daemon's own socket, in pages."""
    for _ in range(1100):
        line.hears(Verdict.NOISE, bytes(256))
    line.slave.intervals.polled(0, 1024, 12345.678901)
    line.slave.intervals.polled(0, 1024, 98765.432109)
    line.slave.intervals.written(0, 1024, 12345.678901)
    line.slave.intervals.written(0, 1024, 98765.432109)
    for address in range(1024):
        line.slave.intervals.echoed(address, 0.123456, 98765.432109)
    with listening(line.methods(), tmp_path / "socket") as link:
        manager = served.new_manager(link)
        frames = manager.bus.frames(0, 1000)
        registers = manager.bus.traffic().registers
    assert [frame["number"] for frame in frames.frames] == list(range(1, 1001))
    assert frames.latest == 1100
    assert [one["address"] for one in registers] == list(range(1024))
    assert len(pack({"result": registers[:200]})) < MOST_BYTES


@pytest.mark.parametrize("path", [BUS, FRAMES])
def test_a_daemon_that_is_away_is_503_and_no_evidence(served: Served, line: HeardLine, path: str) -> None:
    """However often it is asked, the breaker of commands stays closed."""
    client = client_of(served)
    served.link.error = DaemonAway("nobody there", retry_after=2.0)
    for _ in range(FAILURES + 2):
        answer = client.get(path)
        problem(answer, 503, "daemon_away")
        assert answer.headers["Retry-After"] == "2"
    assert served.memory.breaker.state == "closed"
    assert served.memory.breaker.failures == 0


def test_an_open_breaker_hides_no_bus(served: Served, client: FlaskClient, line: HeardLine) -> None:
    """Who looks for the fault is let through."""
    served.link.error = DaemonAway("nobody there", retry_after=1.0)
    for _ in range(FAILURES):
        client.patch("/api/v1/zones/1/1", json={"setpoint": 21})
    assert served.memory.breaker.state == "open"
    served.link.error = None
    assert json.loads(client.get(BUS).data)["listeners"]
