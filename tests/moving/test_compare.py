"""`compare`: a gateway of ours that only listens beside an older one, both on the same traffic."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from neasmart_gateway import compare_command
from neasmart_gateway.domain import dpt9
from neasmart_gateway.moving import http
from tests.cli.canned import gateway
from tests.moving.here import Done, run
from tests.moving.old_gateway import OldHouse, old_gateway
from tests.running import Gateway, eventually, free_ports, running
from tests.wire import Master

HOUSE = {
    1: 2, 2: 1, 3: 0, 5: 1, 6: 0, 7: dpt9.encode(4.26), 8: dpt9.encode(5.0), 10: 35, 11: 1, 12: dpt9.encode(32.5),
    13: dpt9.encode(28.0), 22: 1, 31: 1, 100: 1, 101: dpt9.encode(21.5), 102: dpt9.encode(20.84), 110: 45,
}  # fmt: skip
"""What the base station has told both; 20.84 becomes 20.8 there."""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that only listens, and has heard the house."""
    settings = {"NEASMART_SERVER_LISTEN_ONLY": "true", "NEASMART_MODBUS_STALE_AFTER_SECONDS": "600"}
    with running(tmp_path_factory.mktemp("gateway"), **settings) as gateway, Master(gateway.modbus_port) as master:
        for address, word in HOUSE.items():
            master.write(0, address, [word])
        eventually(lambda: gateway.get("/api/v1/zones/1/1").json["relative_humidity"], "the house was heard")
        yield gateway


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old gateways of the tests need no politeness."""
    monkeypatch.setattr(compare_command, "_BETWEEN_QUESTIONS", 0.0)


def compared(folder: Path, ours: Gateway, old: OldHouse, *more: str) -> Done:
    """Two looks, one after the other."""
    arguments = (old.url, "--minutes", "0", "--every", "1", *more)
    settings = {**ours.settings, "NEASMART_API_PORT": str(ours.api_port)}
    return run(folder, "compare", *arguments, **settings)


def only_asked(old: OldHouse) -> bool:
    return {method for method, _ in old.asked} == {"GET"}


@pytest.mark.parametrize("contract", ["root", "api"])
def test_the_same_house_is_the_same(tmp_path: Path, ours: Gateway, contract: str) -> None:
    """Cut-off tenths, other names and zeros for what was never heard are no differences; nothing is written."""
    with old_gateway(contract, dict(HOUSE)) as old:
        done = compared(tmp_path, ours, old)
        assert only_asked(old)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n0 of 37 values differ, after 2 looks\n" in done.stdout
    assert (
        "no difference: old 0, ours null: older gateways show 0 where nothing was heard: dehumidifier 2 running, "
        in done.stdout
    )
    assert "warning" not in done.stderr


@pytest.mark.parametrize("contract", ["root", "api"])
def test_what_differs_is_told_value_by_value(tmp_path: Path, ours: Gateway, contract: str) -> None:
    """With both values and what is known of the reason; status 1."""
    changed = {1: 3, 101: dpt9.encode(23.0), 102: dpt9.encode(24.9), 110: 46, 31: 0, 32: 1}
    with old_gateway(contract, HOUSE | changed) as old:
        done = compared(tmp_path, ours, old)
    assert done.returncode == 1
    found = dict(line.split(": ", 1) for line in done.stdout.splitlines() if line.endswith(", still)"))
    assert {name: value.split(" (")[0] for name, value in found.items()} == {
        "operation mode": "old cooling, ours heating",
        "zone 1.1 setpoint": "old 23.0, ours 21.5",
        "zone 1.1 temperature": "old 24.9, ours 20.84",
        "zone 1.1 relative humidity": "old 46, ours 45",
        "pump 1 running": "old off, ours on",
        "pump 2 running": "old on, ours null",
    }
    assert found["operation mode"].split(" (")[1].startswith("1 time, 1 s") or "1 time, 2 s" in found["operation mode"]
    assert "the old gateway shows its own last command as if the base station had reported it" in done.stdout
    assert "we have not heard it since our start" in done.stdout
    assert "\n6 of 37 values differ" in done.stdout


@pytest.mark.parametrize("contract", ["root", "api"])
def test_a_zone_that_only_the_old_one_hears_differs(tmp_path: Path, ours: Gateway, contract: str) -> None:
    """It is what a week in the shadow is for; zones that nobody hears are asked for once, and count for nothing."""
    with old_gateway(contract, HOUSE | {2600: 1, 2601: dpt9.encode(20.0), 2602: dpt9.encode(19.5), 5410: 40}) as old:
        done = compared(tmp_path, ours, old)
    assert done.returncode == 1
    assert "zone 3.2 temperature: old 19.5, ours null (1 time, " in done.stdout
    assert "zone 3.2 state: old normal, ours null (1 time, " in done.stdout
    assert "zone 5.6 relative humidity: old 40, ours null (1 time, " in done.stdout
    if contract == "root":
        assert "\n4 of 45 values differ, after 2 looks\n" in done.stdout, "zone 5.6 shows three zeros besides"
        zones = [path for _, path in old.asked if path.startswith("/zones/")]
        assert len(zones) == 60 + 3
        assert sorted(zones[60:]) == ["/zones/1/1", "/zones/3/2", "/zones/5/6"]


def test_a_zone_without_an_answer_is_asked_again(tmp_path: Path, ours: Gateway) -> None:
    """What was not asked with success is named."""
    with old_gateway("root", dict(HOUSE)) as old:
        old.manners["/zones/5/6"] = "500"
        done = compared(tmp_path, ours, old)
        assert [path for _, path in old.asked].count("/zones/5/6") == 2
    assert "no answer: /zones/5/6 is answered with status 500" in done.stdout


def test_an_old_gateway_that_dies_is_told(tmp_path: Path, ours: Gateway) -> None:
    """No difference until then is no proof: status 2, in how many looks nothing was compared, and why."""
    with old_gateway("root", dict(HOUSE)) as old:
        old.dies_after = 120  # the first look asks some 85 times, each further one 26 times
        done = compared(tmp_path, ours, old, "--minutes", "0.035")
    assert done.returncode == 2, done.stdout
    last, before = done.stdout.splitlines()[-1], done.stdout.splitlines()[-2]
    assert last.startswith("0 of 37 values differ, after ")
    assert before.startswith("in 1 of 3 looks, and in the last one there was nothing to compare: http")
    assert " does not answer: " in before
    with old_gateway("root", HOUSE | {110: 46}) as old:
        old.dies_after = 120
        assert compared(tmp_path, ours, old, "--minutes", "0.035").returncode == 1, "a difference stays one"


def test_an_old_gateway_of_odd_values(tmp_path: Path, ours: Gateway) -> None:
    """Whatever it shows is a difference; nothing of it reaches the terminal as a command."""
    with old_gateway("root", dict(HOUSE)) as old:
        old.zones["/zones/1/1"] = {"state": "\x1b[2Jgone\n", "setpoint": -(10**400), "temperature": 10**400}
        done = compared(tmp_path, ours, old)
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0)
    assert "zone 1.1 state: old \\x1b[2Jgone\\n, ours normal" in done.stdout
    assert "zone 1.1 temperature: old 1000000000" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_one_who_speaks_is_warned_of(tmp_path: Path) -> None:
    """Two slaves with one number spoil each other's answers. Without a live value nothing was compared."""
    with running(tmp_path) as gateway, old_gateway("root", dict(HOUSE)) as old:
        done = compared(tmp_path, gateway, old)
    assert done.returncode == 2
    assert "warning: by these settings our gateway does not only listen" in done.stderr
    assert "nothing could be compared: our gateway hears no live value; neasmart-gateway doctor" in done.stderr


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("redirect", "/mode is answered with status 302 to '/elsewhere': name that address"),
        ("500", "/mode is answered with status 500"),
        ("garbage", "/mode is not answered with JSON"),
        ("endless", "does not answer: it does not come to an end"),
        ("silence", "does not answer: timed out"),
    ],
)
def test_an_old_gateway_of_bad_manners(
    tmp_path: Path, ours: Gateway, manner: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 2 and a sentence; told its contract, status 2 all the same, since nothing was answered."""
    monkeypatch.setattr(http, "_TIMEOUT", 0.5 if manner == "silence" else 5.0)
    with old_gateway("root", dict(HOUSE)) as old:
        old.manners["*"] = manner
        done = compared(tmp_path, ours, old)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        told = compared(tmp_path, ours, old, "--contract", "root")
        assert (told.returncode, told.stdout) == (2, "")
        assert said in told.stderr
        assert all(path != "/elsewhere" for _, path in old.asked)
        if manner in ("endless", "silence"):  # 2 × 3 questions, and those for the contract and for who it is
            assert len(old.asked) == 8, "somebody who is away is asked no further"


def test_one_route_of_bad_manners_spoils_only_itself(tmp_path: Path, ours: Gateway) -> None:
    """The others are compared, and this one is named."""
    with old_gateway("root", dict(HOUSE)) as old:
        old.manners = {"/zones/1/1": "500", "/notifications": "garbage"}
        done = compared(tmp_path, ours, old)
    assert done.returncode == 0
    assert "no answer: /zones/1/1 is answered with status 500" in done.stdout
    assert "no answer: /notifications is not answered with JSON" in done.stdout
    assert "not compared, the old gateway does not show it: notifications error, " in done.stdout


def test_nobody_there(tmp_path: Path, ours: Gateway) -> None:
    """An old gateway that is away, one that is none, ours away, ours instead of the old one."""
    (nobody,) = free_ports(1)
    port = {"NEASMART_API_PORT": str(ours.api_port)}
    away = run(tmp_path, "compare", f"http://127.0.0.1:{nobody}", **port)
    assert (away.returncode, f"http://127.0.0.1:{nobody} does not answer: " in away.stderr) == (2, True)
    with old_gateway("none", {}) as old:
        none = compared(tmp_path, ours, old)
        assert (none.returncode, "has the routes of no older gateway" in none.stderr) == (2, True)
        ours_away = run(tmp_path, "compare", old.url, NEASMART_API_PORT=str(nobody))
        assert (ours_away.returncode, "no gateway answers at" in ours_away.stderr) == (2, True)
        elsewhere = run(tmp_path, "compare", old.url, "--gateway", f"http://127.0.0.1:{nobody}")
        assert (elsewhere.returncode, "does not answer" in elsewhere.stderr) == (2, True)
    with gateway({"/snapshot": {"zones": 5}}) as port_of_another:
        strange = run(tmp_path, "compare", f"http://127.0.0.1:{nobody}", **port_of_another)
    assert (strange.returncode, "is no neasmart-gateway" in strange.stderr) == (2, True)
    itself = run(tmp_path, "compare", f"http://127.0.0.1:{ours.api_port}/", **port)
    assert (itself.returncode, "is our own gateway: name the old one" in itself.stderr) == (2, True)
    for contract in ([], ["--contract", "root"]):  # under another name
        itself = run(tmp_path, "compare", f"http://localhost:{ours.api_port}", *contract, **port)
        assert (itself.returncode, "is our own gateway: name the old one" in itself.stderr) == (2, True)


@pytest.mark.parametrize("address", ["old-gateway:5000", "ftp://x", "http://a:b@c", "http://", "http://x:99999", "x y"])
def test_what_is_no_address(tmp_path: Path, address: str) -> None:
    """Refused without asking anybody, and without showing a password."""
    done = run(tmp_path, "compare", address)
    assert (done.returncode, done.stderr) == (
        2, "an address is needed such as http://192.0.2.7:5000, without a name and a password\n",
    )  # fmt: skip


@pytest.mark.parametrize("every", ["nan", "inf", "0.5", "-1"])
def test_a_pace_that_is_none(tmp_path: Path, every: str) -> None:
    """Nobody is asked without a pause."""
    done = run(tmp_path, "compare", "http://127.0.0.1:9", "--every", every)
    assert (done.returncode, "--every" in done.stderr) == (2, True)


def test_ours_elsewhere_and_an_interrupt(tmp_path: Path, ours: Gateway) -> None:
    """With --gateway nothing of our settings is needed; Ctrl-C prints what was found so far."""
    with old_gateway("root", HOUSE | {110: 46}) as old:
        command = [sys.executable, "-m", "neasmart_gateway", "compare", old.url, "--every", "1"]
        address = f"http://127.0.0.1:{ours.api_port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NEASMART_")}
        process = subprocess.Popen(
            [*command, "--gateway", address], cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        # One question is for finding the contract; the third look begins when two are over.
        eventually(lambda: [path for _, path in old.asked].count("/mode") >= 4, "two looks")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "zone 1.1 relative humidity: old 46, ours 45 (1 time, " in out
    assert "1 of 37 values differ, after " in out
