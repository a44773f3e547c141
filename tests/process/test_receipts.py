"""Receipts as a client sees them, through a whole gateway: how a command ended, and by whom a value was changed."""

import asyncio
import json
import os
import signal
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from neasmart_gateway.desk.command import Origin
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.desk.startup import PATIENCE, PAUSE, Startup
from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.intentions import Intention, SetGlobalMode, SetGlobalState
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.errors import GatewayError, NotDurable
from neasmart_gateway.settings.models import Modbus
from neasmart_gateway.shm.memory import SharedMemory
from tests.running import DEADLINE, Answer, Gateway, eventually, running
from tests.wire import Master

ZONE = "/api/v1/zones/1/1"
STATE, SETPOINT, TEMPERATURE = 100, 101, 102
NO_DATA = 0
RESTARTED = "gateway restarted; the base may have read it"
NORMAL, REDUCED = 1, 2


def word(celsius: float) -> int:
    return dpt9.encode(celsius)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with running(tmp_path, NEASMART_WORKERS="2") as gateway:
        yield gateway


@pytest.fixture
def base(gateway: Gateway) -> Iterator[Master]:
    """The base station: it has written a measurement, so it is known as the base."""
    with Master(gateway.modbus_port) as master:
        master.write(240, TEMPERATURE, [word(20)])
        yield master


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all tests that need no more of it than a zone; some kill it, and leave it as ready as before."""
    with running(
        tmp_path_factory.mktemp("house"),
        NEASMART_WORKERS="2",
        NEASMART_API_RATE_LIMIT_PER_MINUTE="1000000",
        NEASMART_COMMANDS_PER_REGISTER_AND_HOUR="1000",
    ) as gateway:
        yield gateway


class Room(NamedTuple):
    """A zone: where it is over HTTP, and its registers."""

    path: str
    state: int
    setpoint: int
    temperature: int


@pytest.fixture(scope="module")
def rooms() -> Iterator[Room]:
    """The zones of the house, from the second one on: the first is what tests have that ask for a gateway."""
    return (
        Room(f"/api/v1/zones/{base}/{zone}", *(1200 * (base - 1) + 100 * zone + n for n in range(3)))
        for base, zone in islice(product(range(1, 6), range(1, 13)), 1, None)
    )


@pytest.fixture
def room(rooms: Iterator[Room]) -> Room:
    """A zone that no other test has had or will have."""
    return next(rooms)


@pytest.fixture
def key(room: Room) -> str:
    """An Idempotency-Key that no other test has."""
    return f"register-{room.setpoint}"


@pytest.fixture
def writer(house: Gateway, room: Room) -> Iterator[Master]:
    """The base station of the house: it has written a measurement of the zone."""
    with Master(house.modbus_port) as master:
        master.write(240, room.temperature, [word(20)])
        yield master


def patch(gateway: Gateway, change: object, path: str = ZONE, **headers: str) -> Answer:
    """PATCH with headers: `Prefer="wait=1"`, `Idempotency_Key="k"`."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.api_port}{path}", json.dumps(change).encode(), method="PATCH"
    )
    request.add_header("Content-Type", "application/json")
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read().decode())


def command_of(answer: Answer) -> dict[str, Any]:
    command: dict[str, Any] = answer.json["command"]
    return command


def followed(gateway: Gateway, answer: Answer) -> dict[str, Any]:
    """The receipt as it is now."""
    return command_of(gateway.get(answer.headers["Location"]))


@contextmanager
def waiting(gateway: Gateway, change: object, path: str = ZONE) -> Iterator[Future[Answer]]:
    """A client that waits for the end of its command, from when the command waits for the base."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(patch, gateway, change, path, Prefer="wait=20")
        eventually(lambda: gateway.get(path).json["desired"], "the command waits for the base")
        yield answer


def commands_for(gateway: Gateway, room: Room, query: str = "") -> list[dict[str, Any]]:
    """The commands of a zone, newest first."""
    base, zone = room.path.split("/")[-2:]
    found: list[dict[str, Any]] = gateway.get(f"/api/v1/commands?base={base}&zone={zone}{query}").json["commands"]
    return found


def audit(gateway: Gateway, address: int) -> list[dict[str, Any]]:
    """The changes of a register, newest first."""
    changes = gateway.get("/api/v1/audit").json["changes"]
    return [change for change in changes if change["address"] == address]


def restarted(gateway: Gateway) -> None:
    """Everybody dies by SIGKILL, and the gateway is started again."""
    os.killpg(gateway.master, signal.SIGKILL)
    assert gateway.process is not None
    gateway.process.wait()
    eventually(lambda: gateway.everybody() == [], "everybody is gone")
    gateway.start()
    gateway.wait_ready()


def with_another_daemon(gateway: Gateway) -> None:
    """The daemon dies by SIGKILL, and another one takes over."""
    old = gateway.daemon
    os.kill(old, signal.SIGKILL)
    eventually(
        lambda: gateway.daemon not in (old, 0) and gateway.try_get("/health/ready").status == 200, "another daemon"
    )


# Prefer: wait


def test_wait_returns_confirmed(house: Gateway, room: Room, writer: Master) -> None:
    """Whoever waits gets 200 and the final receipt: who, what, before, when, read as which unit, echoed value."""
    writer.write(240, room.setpoint, [word(19)])
    with waiting(house, {"setpoint": 21.5}, room.path) as answer:
        assert writer.read(241, room.setpoint, 1) == [word(21.5)]
        writer.write(240, room.setpoint, [word(21.5)])
    command = command_of(answer.result())
    (write,) = command["writes"]
    assert (answer.result().status, command["state"], command["durable"]) == (200, "confirmed", True)
    assert command["by"] == {"via": "http", "who": "127.0.0.1"}
    assert (write["previous"], write["value"], write["effective"]) == (19, 21.5, 21.5)
    assert write["delivered_unit"] == 241
    assert command["created_at"] <= write["delivered_at"] <= write["finished_at"] == command["finished_at"]
    assert answer.result().headers["Preference-Applied"] == "wait=20"
    (measured,) = [one for one in house.get("/api/v1/bus").json["registers"] if one["address"] == room.setpoint]
    assert (measured["polled"]["times"], measured["written"]["times"], measured["echoed"]["times"]) == (1, 2, 1)


def test_an_echo_that_is_a_little_off(house: Gateway, room: Room, writer: Master) -> None:
    """A setpoint echoed 0.2 K off is confirmed, with the value that the base has taken."""
    with waiting(house, {"setpoint": 21.5}, room.path) as answer:
        writer.read(240, room.setpoint, 1)
        writer.write(240, room.setpoint, [word(21.7)])
    (write,) = command_of(answer.result())["writes"]
    assert (write["state"], write["value"], write["effective"]) == ("confirmed", 21.5, 21.7)
    assert house.get(room.path).json["setpoint"] == 21.7


def test_an_echo_that_is_too_far_off(house: Gateway, room: Room, writer: Master) -> None:
    """0.4 K off is another value: the command is overridden, and the receipt says by what."""
    with waiting(house, {"setpoint": 21.5}, room.path) as answer:
        writer.read(240, room.setpoint, 1)
        writer.write(240, room.setpoint, [word(21.9)])
    (write,) = command_of(answer.result())["writes"]
    assert (write["state"], write["effective"], write["overridden_by"]) == ("overridden", None, 21.9)


def test_a_wait_that_runs_out(house: Gateway, room: Room, writer: Master) -> None:
    """202 with the receipt as it stands, here already read by the base, and where to go on looking."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(patch, house, {"setpoint": 21.5}, room.path, Prefer="wait=1")
        eventually(lambda: writer.read(240, room.setpoint, 1) == [word(21.5)], "the command waits for the base")
    assert answer.result().status == 202
    assert command_of(answer.result())["state"] == "delivered"
    assert followed(house, answer.result())["state"] == "delivered"


def test_a_wait_that_a_dying_daemon_ends(house: Gateway, room: Room, writer: Master) -> None:
    """Whoever waits while the daemon dies is told the truth: expired, by the restart."""
    with waiting(house, {"setpoint": 21.5}, room.path) as answer:
        writer.read(240, room.setpoint, 1)
        with_another_daemon(house)
    command = command_of(answer.result())
    assert (answer.result().status, command["state"], command["note"]) == (200, "expired", RESTARTED)


# Overridden, and by whom


def test_a_thermostat_changed_by_hand(house: Gateway, room: Room, writer: Master) -> None:
    """The command is overridden; audit and timeline name the base as the cause, and the wish of the user before it."""
    writer.write(240, room.setpoint, [word(19)])
    with waiting(house, {"setpoint": 21.5}, room.path) as answer:
        writer.read(240, room.setpoint, 1)
        writer.write(240, room.setpoint, [word(23)])
    command = command_of(answer.result())
    assert (command["state"], command["writes"][0]["overridden_by"]) == ("overridden", 23)
    by_hand, wish = audit(house, room.setpoint)[:2]
    assert (by_hand["cause"], by_hand["by"], by_hand["command_id"]) == ("base", "base station", command["id"])
    assert (by_hand["previous"], by_hand["value"]) == (21.5, 23)
    assert (wish["cause"], wish["by"], wish["command_id"]) == ("user", "http 127.0.0.1", command["id"])
    assert (wish["previous"], wish["value"]) == (19, 21.5)
    moments = house.get(f"{room.path}/timeline").json["timeline"]
    assert [m["change"]["cause"] for m in moments if m["kind"] == "change"] == ["base", "user"]
    assert [m["outcome"]["state"] for m in moments if m["kind"] == "outcome"] == ["overridden"]


def test_a_thermostat_changed_without_any_command(house: Gateway, room: Room, writer: Master) -> None:
    """A change that nobody had asked for is the base's own."""
    writer.write(240, room.setpoint, [word(19)])
    writer.write(240, room.setpoint, [word(23)])
    newest = audit(house, room.setpoint)[0]
    assert (newest["cause"], newest["previous"], newest["value"]) == ("base", 19, 23)


def test_an_echo_is_credited_to_the_user(house: Gateway, room: Room, writer: Master) -> None:
    """The change that a confirmed command brings has the cause command, and names user and command."""
    writer.write(240, room.setpoint, [word(19)])
    with waiting(house, {"setpoint": 21.5}, room.path) as answer:
        writer.read(240, room.setpoint, 1)
        writer.write(240, room.setpoint, [word(21.4)])
    change = audit(house, room.setpoint)[0]
    assert (change["cause"], change["by"]) == ("command", "http 127.0.0.1")
    assert (change["previous"], change["value"]) == (19, 21.4)
    assert change["command_id"] == command_of(answer.result())["id"]


def test_a_state_command_that_moves_the_setpoint(house: Gateway, room: Room, writer: Master) -> None:
    """The setpoint that comes with another state belongs to the state command; the next move is the base's own."""
    writer.write(240, room.state, [NORMAL, word(21)])
    with waiting(house, {"state": "reduced"}, room.path) as answer:
        writer.read(240, room.state, 1)
        writer.write(240, room.state, [REDUCED, word(18)])
    assert command_of(answer.result())["state"] == "confirmed"
    change = audit(house, room.setpoint)[0]
    assert (change["cause"], change["by"]) == ("state_command", "http 127.0.0.1")
    assert (change["previous"], change["value"]) == (21, 18)
    assert change["command_id"] == command_of(answer.result())["id"]
    writer.write(240, room.setpoint, [word(24)])
    assert audit(house, room.setpoint)[0]["cause"] == "base"


def test_one_write_over_a_pending_register(house: Gateway, room: Room, writer: Master) -> None:
    """FC16 over 100 to 102 while 101 waits for the base: 100 and 102 are stored, 101 is not, the answer is normal."""
    writer.write(240, room.state, [NORMAL, word(19), word(20)])
    accepted = patch(house, {"setpoint": 21.5}, room.path)
    # The master holds the acknowledgement to be the usual one.
    writer.write(240, room.state, [REDUCED, word(23), word(20.5)])
    zone = house.get(room.path).json
    assert (zone["state"], zone["setpoint"], zone["temperature"]) == ("reduced", 19, 20.5)
    assert zone["desired"]["setpoint"] == 21.5
    assert followed(house, accepted)["state"] == "accepted"
    assert writer.read(240, room.state, 3) == [REDUCED, word(21.5), word(20.5)]


# Idempotency-Key


def test_a_retry_finds_the_first_receipt(house: Gateway, room: Room, writer: Master, key: str) -> None:
    """The same key makes one command, whatever has become of it meanwhile, and after the daemon's death too."""
    first = patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key)
    again = patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key)
    assert (again.status, command_of(again)) == (202, command_of(first))
    assert again.headers["Location"] == first.headers["Location"]
    writer.read(240, room.setpoint, 1)
    writer.write(240, room.setpoint, [word(21.5)])
    confirmed = command_of(patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key))
    assert (confirmed["id"], confirmed["state"]) == (command_of(first)["id"], "confirmed")
    with_another_daemon(house)
    assert command_of(patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key)) == confirmed
    assert [one["id"] for one in commands_for(house, room)] == [confirmed["id"]]


def test_a_retry_after_the_daemon_was_killed(house: Gateway, room: Room, key: str) -> None:
    """The first receipt is found, closed by the restart, and no word goes to the bus a second time."""
    first = patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key)
    with_another_daemon(house)
    again = command_of(patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key))
    assert (again["id"], again["state"], again["note"]) == (command_of(first)["id"], "expired", RESTARTED)
    with Master(house.modbus_port) as master:
        assert master.read(240, room.setpoint, 1) == [NO_DATA]


def test_a_retry_after_everybody_was_killed(house: Gateway, room: Room, key: str) -> None:
    """The database has the first receipt, and a retry is told how the command ended: what GET tells too."""
    first = patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key)
    restarted(house)
    again = patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key)
    assert again.status == 202
    assert command_of(again)["id"] == command_of(first)["id"]
    eventually(lambda: followed(house, first)["state"] == "expired", "the command is closed by the restart")
    assert command_of(again) == followed(house, first)
    with Master(house.modbus_port) as master:
        assert master.read(240, room.setpoint, 1) == [NO_DATA]


def test_a_retry_when_the_ring_has_moved_on(house: Gateway, room: Room, key: str) -> None:
    """After 512 younger commands a retry still gets the receipt as it ended, not as it was at first."""
    first = patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key)
    for n in range(512):
        assert patch(house, {"setpoint": 18 + n % 10}, room.path).status == 202
    assert followed(house, first)["state"] == "superseded"
    assert command_of(patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key))["state"] == "superseded"


def test_another_request_with_the_same_key(house: Gateway, room: Room, key: str) -> None:
    """409 for another body or another path; the first command is untouched, also after a restart."""
    first = patch(house, {"setpoint": 21.5}, room.path, Idempotency_Key=key)
    for change, path in (({"setpoint": 22}, room.path), ({"setpoint": 21.5}, ZONE)):
        refused = patch(house, change, path, Idempotency_Key=key)
        assert (refused.status, refused.json["type"]) == (409, refused.json["type"])
        assert "Idempotency-Key" in refused.text
    assert followed(house, first)["state"] == "accepted"
    restarted(house)
    assert patch(house, {"setpoint": 22}, room.path, Idempotency_Key=key).status == 409


# DELETE


def test_delete_cancels_what_nobody_has_read(house: Gateway, room: Room, writer: Master) -> None:
    """200 and the final receipt; the base reads its own word again, and a second DELETE is a conflict."""
    writer.write(240, room.setpoint, [word(19)])
    accepted = patch(house, {"setpoint": 21.5}, room.path)
    cancelled = house.ask("DELETE", accepted.headers["Location"])
    assert (cancelled.status, command_of(cancelled)["state"]) == (200, "cancelled")
    assert writer.read(240, room.setpoint, 1) == [word(19)]
    assert followed(house, accepted) == command_of(cancelled)
    assert house.ask("DELETE", accepted.headers["Location"]).status == 409


def test_delete_comes_too_late(house: Gateway, room: Room, writer: Master) -> None:
    """409 once the base has read it, and once it has ended; the command goes on as if nobody had asked."""
    accepted = patch(house, {"setpoint": 21.5}, room.path)
    writer.read(240, room.setpoint, 1)
    assert house.ask("DELETE", accepted.headers["Location"]).status == 409
    assert followed(house, accepted)["state"] == "delivered"
    writer.write(240, room.setpoint, [word(21.5)])
    assert house.ask("DELETE", accepted.headers["Location"]).status == 409
    assert followed(house, accepted)["state"] == "confirmed"


@pytest.mark.parametrize("command_id", ["17-00000000", "nonsense", "-", "9" * 30 + "-00000000"])
def test_delete_of_what_is_not_there(house: Gateway, room: Room, command_id: str) -> None:
    """404, whatever the id looks like."""
    patch(house, {"setpoint": 21.5}, room.path)
    assert house.ask("DELETE", f"/api/v1/commands/{command_id}").status == 404


def test_a_cancelled_command_stays_cancelled(house: Gateway, room: Room) -> None:
    """A restart does not make anything else of a command that had ended."""
    accepted = patch(house, {"setpoint": 21.5}, room.path)
    house.ask("DELETE", accepted.headers["Location"])
    house.get("/api/v1/audit")  # writes down what waits
    restarted(house)
    assert followed(house, accepted)["state"] == "cancelled"
    assert followed(house, accepted)["note"] is None


# Kind to the controller


def test_already_so(house: Gateway, room: Room, writer: Master) -> None:
    """What the base has just reported is confirmed at once, and nothing waits for the base."""
    writer.write(240, room.setpoint, [word(21.5)])
    answer = patch(house, {"setpoint": 21.51}, room.path)
    command = command_of(answer)
    assert (answer.status, command["state"], command["note"]) == (202, "confirmed", "already so")
    assert (command["writes"][0]["effective"], command["writes"][0]["delivered_at"]) == (21.5, None)
    assert patch(house, {"setpoint": 21.5}, room.path, Prefer="wait=20").status == 200
    assert house.get(room.path).json["desired"] is None
    assert writer.read(240, room.setpoint, 1) == [word(21.5)]  # its own word, not 21.51
    assert [change for change in audit(house, room.setpoint) if change["cause"] == "user"] == []


def test_not_quite_so(house: Gateway, room: Room, writer: Master) -> None:
    """0.1 K beside what is reported goes to the bus."""
    writer.write(240, room.setpoint, [word(21.5)])
    assert command_of(patch(house, {"setpoint": 21.6}, room.path))["state"] == "accepted"
    assert writer.read(240, room.setpoint, 1) == [word(21.6)]


def test_a_slider_is_dragged(house: Gateway, room: Room, writer: Master) -> None:
    """Of five commands without a read between them only the newest waits; the others are superseded."""
    drag = [patch(house, {"setpoint": celsius}, room.path) for celsius in (20, 20.5, 21, 21.5, 22)]
    assert [followed(house, answer)["state"] for answer in drag] == ["superseded"] * 4 + ["accepted"]
    assert writer.read(240, room.setpoint, 1) == [word(22)]


def test_the_budget_of_a_register(tmp_path: Path) -> None:
    """Once the base has read three in the hour the next is 429, says when, and leaves the third; others are free."""
    with (
        running(tmp_path, NEASMART_COMMANDS_PER_REGISTER_AND_HOUR="3") as gateway,
        Master(gateway.modbus_port) as master,
    ):
        for celsius in (18, 18.5, 19, 20, 21, 22):  # the first three are a drag: the base reads the last of them only
            third = patch(gateway, {"setpoint": celsius})
            if celsius >= 20:
                assert master.read(240, SETPOINT, 1) == [word(celsius)]
        refused = patch(gateway, {"setpoint": 23})
        seconds = int(refused.headers["Retry-After"])
        assert refused.status == 429
        assert 0 < seconds <= 3600
        assert f"the next one is taken in {seconds} s" in refused.text
        assert followed(gateway, third)["state"] == "delivered"
        assert patch(gateway, {"state": "reduced"}).status == 202
        assert patch(gateway, {"setpoint": 23}, "/api/v1/zones/1/2").status == 202
        assert master.read(240, SETPOINT, 1) == [word(22)]


def test_a_fight(gateway: Gateway, base: Master) -> None:
    """Seven alternations between users and base degrade the health, which names the register; six do not."""

    def fights() -> list[str]:
        return [problem for problem in gateway.get("/api/v1/health").json["problems"] if "fight" in problem]

    for n in range(4):
        assert fights() == []
        assert patch(gateway, {"setpoint": 25 + n}).status == 202
        assert base.read(240, SETPOINT, 1) == [word(25 + n)]
        if n == 3:
            told = eventually(lambda: gateway.get("/api/v1/health").json["pending_registers"] == 1, "a fresh status")
            assert told
            assert fights() == []
        base.write(240, SETPOINT, [word(18 + n)])
    (problem,) = eventually(fights, "the fight shows in health")
    assert "zone 1/1" in problem
    assert "101" in problem
    assert gateway.get("/api/v1/health").json["condition"] == "degraded"
    assert any("fight" in line.get("event", "") for line in gateway.lines())


# Lists


def test_lists_of_commands(gateway: Gateway, base: Master) -> None:
    """Newest first; by state, by zone, by time, and page by page without a gap or a double."""
    base.write(240, SETPOINT, [word(19)])
    here = [command_of(patch(gateway, {"setpoint": celsius}))["id"] for celsius in (20, 21, 22)]
    there = command_of(patch(gateway, {"setpoint": 23}, "/api/v1/zones/5/12"))
    plant = command_of(patch(gateway, {"mode": "heating"}, "/api/v1/operation"))

    def listed(query: str) -> list[str]:
        answer = gateway.get(f"/api/v1/commands{query}")
        assert answer.status == 200, answer.text
        assert answer.json["count"] == len(answer.json["commands"])
        return [command["id"] for command in answer.json["commands"]]

    every = [plant["id"], there["id"], *reversed(here)]
    assert listed("") == every
    eventually(lambda: listed("?state=superseded") == [here[1], here[0]], "the superseded ones")
    assert listed("?state=accepted") == [plant["id"], there["id"], here[2]]
    assert listed("?state=confirmed") == []
    assert listed("?base=1&zone=1") == list(reversed(here))
    assert listed("?base=5&zone=12&state=accepted") == [there["id"]]
    assert listed(f"?since={there['created_at']}") == [plant["id"], there["id"]]
    paged: list[str] = []
    query = "?limit=2"
    while query and len(paged) <= len(every):
        page = gateway.get(f"/api/v1/commands{query}").json
        assert len(page["commands"]) <= 2
        paged += [command["id"] for command in page["commands"]]
        query = f"?limit=2&before={page['next']}" if page["next"] is not None else ""
    assert paged == every


@pytest.mark.parametrize("query", ["state=open", "base=0", "zone=13", "base=6&zone=1", "since=today", "limit=0", "x=1"])
def test_lists_refuse_what_is_unclear(house: Gateway, query: str) -> None:
    """A filter that is none is 400 or 422 with a sentence, never an empty list."""
    refused = house.get(f"/api/v1/commands?{query}")
    assert refused.status in (400, 422)
    assert query.partition("=")[0] in refused.text or "zone" in refused.text


def test_lists_outlive_everybody(house: Gateway, room: Room) -> None:
    """After SIGKILL of all, commands are listed with their ends, and the audit has what was written down."""
    ids = [command_of(patch(house, {"setpoint": celsius}, room.path))["id"] for celsius in (20, 21)]
    assert len(audit(house, room.setpoint)) == 2
    restarted(house)
    eventually(lambda: commands_for(house, room, "&state=accepted") == [], "all are closed")
    commands = commands_for(house, room)
    assert [(c["id"], c["state"]) for c in commands] == [(ids[1], "expired"), (ids[0], "superseded")]
    assert [change["command_id"] for change in audit(house, room.setpoint)] == [ids[1], ids[0]]


# Reported values that are kept


def test_kept_command_registers_are_shown_and_never_served(tmp_path: Path) -> None:
    """After a restart what the base had reported is shown as stale, and the base reads "no data" until it writes."""
    with running(tmp_path, NEASMART_MODBUS_PERSIST_COMMAND_REGISTERS="true") as gateway:
        with Master(gateway.modbus_port) as master:
            master.write(240, STATE, [NORMAL, word(21), word(20)])
            assert master.read(240, STATE, 2) == [NORMAL, word(21)]
        assert gateway.stop() == 0
        gateway.start()
        gateway.wait_ready()
        zone = gateway.get(ZONE).json
        assert (zone["setpoint"], zone["state"], zone["stale"]) == (21, "normal", True)
        with Master(gateway.modbus_port) as master:
            assert master.read(240, STATE, 2) == [NO_DATA, NO_DATA]
            accepted = command_of(patch(gateway, {"setpoint": 21}))
            assert accepted["state"] == "accepted"  # a restored value is no fresh one: nothing is "already so"
            master.write(240, STATE, [NORMAL, word(21)])
            assert master.read(240, STATE, 1) == [NORMAL]


def test_command_registers_are_not_kept_by_default(tmp_path: Path) -> None:
    """Without the setting nothing of them is in the database, while measurements are."""
    with running(tmp_path) as gateway:
        with Master(gateway.modbus_port) as master:
            master.write(240, STATE, [NORMAL, word(21), word(20)])
        assert gateway.stop() == 0
    with closing(sqlite3.connect(tmp_path / "data/registers.db")) as database:
        assert database.execute("SELECT address FROM registers").fetchall() == [(TEMPERATURE,)]


# What is asked for after a boot

BOOT = 1000.0
MODE = SetGlobalMode(OperatingMode.HEATING)
PARTY = SetGlobalState(OperatingState.PARTY)


@pytest.fixture
def booted(tmp_path: Path) -> SharedMemory:
    """The memory of a gateway that has just booted."""
    memory = SharedMemory(tmp_path / "lock")
    memory.header.booted_at = BOOT
    return memory


class Door:
    """A desk with a way in that may be shut for a reason."""

    def __init__(self, memory: SharedMemory, rules: Rules | None = None) -> None:
        self.desk = Desk(memory, rules or Rules(), lambda _record: None)
        self.shut: GatewayError | None = None
        self.asked: list[Sequence[Intention]] = []
        self.now = BOOT

    async def submit(self, wanted: Sequence[Intention], origin: Origin) -> None:
        self.asked.append(wanted)
        if self.shut is not None:
            raise self.shut
        self.desk.admit(self.desk.prepare(wanted, origin, self.now), self.now)

    def ask(self, startup: Startup, now: float) -> str | None:
        """Let the startup ask; returns what must be logged."""
        self.now = now
        return asyncio.run(startup.ask(self.submit, lambda: now))


def test_a_startup_mode_that_is_refused_is_asked_for_again(booted: SharedMemory) -> None:
    """While two base stations write: said once, not tried at every turn, and issued when one of them is quiet."""
    door, startup, at = Door(booted), Startup(booted, [MODE]), BOOT + PATIENCE
    for host in ("192.0.2.10", "192.0.2.11"):
        door.desk.write(Peer("bus", host), TEMPERATURE, [word(20)], at - 1)
    assert "both write measurements" in str(door.ask(startup, at))
    assert door.ask(startup, at + PAUSE - 0.1) is None
    assert len(door.asked) == 1
    assert door.ask(startup, at + PAUSE) is None
    assert (len(door.asked), booted.header.startup_done) == (2, False)
    assert door.ask(startup, at + 60) is None
    assert door.desk.pending == 1
    door.ask(startup, at + 70)
    assert len(door.asked) == 3


def test_a_startup_mode_outlives_a_disk_that_is_away(booted: SharedMemory) -> None:
    """Also when the daemon restarts meanwhile; what the base or a user has said since is left alone."""
    door, at = Door(booted), BOOT + PATIENCE
    door.shut = NotDurable("no disk")
    assert door.ask(Startup(booted, [MODE, PARTY]), at) == "no disk"
    booted.writer.report(MODE.address, [3], at + 1)
    startup = Startup(booted, [MODE, PARTY])
    assert startup.due(at + 2) == [PARTY]
    door.desk.admit(door.desk.prepare([PARTY], Origin("http", "somebody"), at + 3), at + 3)
    assert startup.due(at + 4) == []
    assert booted.header.startup_done


def test_no_startup_mode_where_commands_are_switched_off(booted: SharedMemory) -> None:
    """That does not pass: it is said once, and not tried again."""
    door = Door(booted, Rules(refusal="switched off"))
    startup = Startup(booted, [MODE], commands_off=True)
    assert door.ask(startup, BOOT + PATIENCE) == "switched off"
    assert startup.due(BOOT + PATIENCE + PAUSE) == []
    assert booted.header.startup_done


def test_a_startup_mode_is_issued_once_in_a_boot(booted: SharedMemory) -> None:
    """Not before the base has had its 60 s, then once, and never again when only the daemon restarts."""
    startup = Startup(booted, [MODE, PARTY])
    assert startup.due(BOOT + PATIENCE - 0.1) == []
    door = Door(booted)
    assert door.ask(startup, BOOT + PATIENCE) is None
    assert door.asked == [[MODE, PARTY]]
    assert startup.due(BOOT + PATIENCE + 1) == []
    assert Startup(booted, [MODE, PARTY]).due(BOOT + 10 * PATIENCE) == []


def test_the_patience_outlives_a_daemon(booted: SharedMemory) -> None:
    """The 60 s count from the boot of the gateway: a daemon that restarts meanwhile goes on waiting for the rest."""
    assert Startup(booted, [MODE]).due(BOOT + 1) == []
    assert Startup(booted, [MODE]).due(BOOT + PATIENCE) == [MODE]


def test_the_base_has_a_mode_of_its_own(booted: SharedMemory) -> None:
    """A register that the base has written is left alone, and so it stays; the other one is asked for."""
    booted.writer.report(MODE.address, [3], BOOT + 5)
    startup = Startup(booted, [MODE, PARTY])
    assert startup.due(BOOT + PATIENCE) == [PARTY]
    Door(booted).ask(startup, BOOT + PATIENCE)
    assert startup.due(BOOT + PATIENCE + 1) == []


def test_a_mode_that_a_user_has_asked_for_is_left_alone(booted: SharedMemory) -> None:
    """It is newer than the settings, whatever has become of it, and also when another daemon took it."""
    desk, user = Desk(booted, Rules(), lambda _record: None), Origin("http", "somebody")
    desk.admit(desk.prepare([SetGlobalMode(OperatingMode.COOLING)], user, BOOT + 10), BOOT + 10)
    assert Startup(booted, [MODE, PARTY]).due(BOOT + PATIENCE) == [PARTY]


def test_a_restored_mode_is_not_the_bases_own(booted: SharedMemory) -> None:
    """What was brought back from the database the base has not written since the boot."""
    booted.writer.restore(MODE.address, 3, BOOT - 100)
    assert Startup(booted, [MODE]).due(BOOT + PATIENCE) == [MODE]


def test_the_startup_settings() -> None:
    """Modes and states are named; nothing is asked for by default."""
    assert Modbus().startup == []
    assert Modbus.model_validate({"startup_global_mode": "heating", "startup_global_state": "party"}).startup == [
        MODE,
        PARTY,
    ]
