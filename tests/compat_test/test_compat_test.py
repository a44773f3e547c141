"""The calls of both integrations, played against the real API over HTTP, and against ones that lie."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer
from werkzeug.serving import WSGIRequestHandler, make_server

from neasmart_gateway.api.compat.serving import ROUTES
from neasmart_gateway.compat_test_command import Contract, compat_test
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.errors import OperatorError
from tests.api.serving import client_of
from tests.desk.gateway import degrees
from tests.manager.served import Served

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
COMMANDS = ("/zones/1/1", "/mode", "/state", "/api/zones/1/1", "/api/mode", "/api/state", "/api/v2/operation/mode")


@dataclass
class Other:
    """A gateway at `url`; `instead` has answers of its own (status, body), `asked` is what it was asked."""

    url: str = ""
    instead: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)

    def over(self, wsgi: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            asked = (environ["REQUEST_METHOD"], re.sub("/+", "/", environ["PATH_INFO"]))
            self.asked.add(asked)
            if asked not in self.instead:
                return wsgi(environ, start)
            status, body = self.instead[asked]
            start(f"{status} So", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
            return [body]

        return answer


Serve = Callable[..., Other]


class Quiet(WSGIRequestHandler):
    """Logs no request."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves the API of a gateway on a port; options as of ApiOptions."""
    servers = []

    def start(served: Served, **options: object) -> Other:
        other = Other()
        server = make_server(
            "127.0.0.1", 0, other.over(client_of(served, **options).application), threaded=True, request_handler=Quiet
        )
        other.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return other

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def house(tmp_path: Path) -> Served:
    """Zones 1/1, 2/3 and, where one integration cannot go, 5/12."""
    served = Served(tmp_path / "lock", Rules())
    served.writes(1, 2, 1)
    served.writes(7, degrees(4.2), degrees(5.1))
    for address, state in ((100, 1), (1500, 3), (6000, 5)):
        served.writes(address, state, degrees(21.5), degrees(20.84))
    served.writes(110, 45)
    return served


def played(
    capsys: pytest.CaptureFixture[str], other: Other, contract: Contract | None = None, zone: str | None = None
) -> tuple[int, str]:
    """The exit status and what was printed."""
    with pytest.raises(typer.Exit) as ended:
        compat_test(other.url, [zone] if zone else None, contract)
    return ended.value.exit_code, capsys.readouterr().out


def test_all_is_played_and_shown(house: Served, serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """Every route of both contracts is read, every command is sent empty, and nothing is commanded."""
    other = serve(house)
    status, text = played(capsys, other)
    assert (status, "FAILS" in text) == (0, False), text
    root, api = text.split("/api routes")
    for line in (
        "zone 1/1: 20.8 °C, setpoint 21.5 °C, normal, humidity 45 %",
        "zone 2/3: 20.8 °C, setpoint 21.5 °C, standby, no humidity",
        "zone 5/12: 20.8 °C, setpoint 21.5 °C, party, no humidity",
        "mode: heating",
        "state: normal",
        "outside: 4.2 °C, averaged 5.1 °C",
        "notifications: hint no, warning no, error no",
        "mixed group 3: pump off, valve 0 %, flow unknown, return unknown",
        "dehumidifier 9: off",
        "pump 5: off",
        "zone 5/12: command: an empty one is refused, as it must be",
    ):
        assert f"  ok    {line}\n" in root, line
    for line in ("zone 1/1: 20.8 °C, setpoint 21.5 °C, presence, humidity 45 %", "mode (v2): heating", "pump 5: off"):
        assert f"  ok    {line}\n" in api, line
    assert "5/12" not in api
    assert max(len(line) for line in text.splitlines() if line.startswith("  ok ")) < 100
    assert house.link.asked == []
    for table in ROUTES.values():
        for path, resource in table.items():
            pattern = re.compile(re.sub("<[^>]*>", r"\\d+", path))
            for method in {"GET", "POST"} & resource.operations.keys():
                assert any(m == method and pattern.fullmatch(p) for m, p in other.asked), (method, path)


def test_it_says_from_where_it_asks(house: Served, serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """Loopback is let in where Home Assistant elsewhere may not be."""
    text = played(capsys, serve(house), Contract.ROOT)[1]
    assert "NEASMART_API_TRUSTED_CLIENTS" in text
    assert "NEASMART_API_ALLOWED_HOSTS" in text


def test_empty_commands_that_are_not_refused_with_400(
    house: Served, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is a failure, and nothing is claimed that is not known."""
    other, statuses = serve(house), (200, 202, 401, 404, 409, 421, 501)
    for path, status in zip(COMMANDS, statuses, strict=True):
        other.instead["POST", path] = (status, b'{"detail": "because"}')
    code, text = played(capsys, other, zone="1/1")
    failing = [line for line in text.splitlines() if line.startswith("  FAILS")]
    assert (code, len(failing)) == (1, len(COMMANDS))
    assert "nothing was changed" not in text
    for line, status in zip(failing, (200, 202, 401, 404, 409, 421, 501), strict=True):
        assert (f"an EMPTY one was accepted ({status})" if status < 400 else f"command: fails, {status}: ") in line
        assert ("because" in line) == (status in (404, 409, 501)), line


def test_commands_that_are_switched_off(house: Served, serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty command does not tell: it is refused all the same."""
    code, text = played(capsys, serve(house, commands_refused="the gateway only listens"))
    assert code == 1
    assert "FAILS every command, 409: the gateway only listens" in text


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/zones/1/1", {"state": "off", "setpoint": None, "temperature": {"unit": "x"}}, "no object with a value"),
        ("/api/zones/1/1", {"state": "off", "setpoint": None, "temperature": None}, "its temperature is unknown"),
        (
            "/api/zones/1/1",
            {"state": "party", "setpoint": None, "temperature": {"value": 20}},
            "'party', which it does",
        ),
        ("/api/zones/1/1", {}, "temperature is missing"),
        ("/api/zones", {"zones": [{"baseId": 5}]}, "base of 1 to 4"),
        ("/api/health", {"status": "ok"}, "status is 'ok'"),
        ("/api/mode", {"mode": []}, "mode is a list"),
        ("/zones/1/1", {"state": 0, "setpoint": None, "temperature": None, "relative_humidity": 0}, "is unknown"),
        ("/zones/1/1", {"state": 9, "setpoint": None, "temperature": 20, "relative_humidity": 0}, "state is 9"),
        ("/zones/1/1", {"state": 1, "setpoint": None, "temperature": 300, "relative_humidity": 0}, "is 300"),
        ("/zones/1/1", {"state": 1, "setpoint": None, "temperature": True, "relative_humidity": 0}, "is True"),
        ("/mode", {"mode": "\x1b[2J"}, "mode is '"),
        ("/pumps/4", {"pump_state": True}, "pump_state is True"),
        ("/notifications", {"hints_present": 0, "warnings_present": False, "error_present": False}, "is 0"),
        ("/mode", b"[" * 100_000, "no JSON object"),
        ("/mode", b'{"mode": ' + b"[" * 700 + b"]" * 700 + b"}", "mode is a list"),
        ("/mode", b"\xff", "no JSON object"),
    ],
)
def test_what_an_integration_cannot_do_with(
    house: Served, serve: Serve, capsys: pytest.CaptureFixture[str], path: str, body: object, said: str
) -> None:
    """It is said in one line, without control characters, whatever comes."""
    other = serve(house)
    other.instead[("GET", path)] = (200, body if isinstance(body, bytes) else json.dumps(body).encode())
    code, text = played(capsys, other, Contract.API if "api" in path else Contract.ROOT, zone="1/1")
    (failing,) = [line for line in text.splitlines() if line.startswith("  FAILS")]
    assert code == 1
    assert "unavailable, " in failing
    assert said in failing
    assert "\x1b" not in text


def test_no_escapes_of_the_other_side(house: Served, serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor more than a line of it."""
    other = serve(house)
    other.instead[("GET", "/mode")] = (500, json.dumps({"err": "\x1b[2J\r\n" + "x" * 1000}).encode())
    text = played(capsys, other, Contract.ROOT)[1]
    assert "unavailable, 500: ?[2J??xxx" in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 300


@pytest.mark.parametrize("contract", Contract)
def test_one_contract_alone(
    house: Served, serve: Serve, capsys: pytest.CaptureFixture[str], contract: Contract
) -> None:
    """The other may be switched off; whoever asks for it all the same is told the gateway's own reason."""
    other = serve(house, compat=(contract.value,))
    code, text = played(capsys, other, contract)
    assert (code, "zone 2/3: 20.8 °C" in text) == (0, True), text
    code, text = played(capsys, other)
    assert code == 1
    assert "no reason given" not in text


def test_zones_that_are_only_seen_at_the_root(house: Served, serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """A gateway without any list of them."""
    other = serve(house, compat=("root",))
    other.instead[("GET", "/api/v1/zones")] = (404, b"")
    text = played(capsys, other, Contract.ROOT)[1]
    assert re.findall(r"zone (\d/\d+): 20.8", text) == ["1/1", "2/3", "5/12"]


@pytest.mark.parametrize(
    "url",
    [
        "gateway:5001",
        "http://[::1",
        "http://h:99999",
        "http://h:0",
        "http://h/api",
        "ftp://h",
        "http://u:secret@h",
        "//h",
    ],
)
def test_what_is_no_address(url: str) -> None:
    """A sentence, without the password that may stand in it."""
    with pytest.raises(OperatorError) as error:
        compat_test(url, None, None)
    assert "secret" not in error.value.message
