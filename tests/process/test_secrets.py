"""A gateway that logs all it can, asked with secrets in every place: none is written, and lines can be followed."""

import base64
import hashlib
import hmac
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from neasmart_gateway.api.guard.keys import make_key
from tests.process.raw_http import HOST, Raw, patch
from tests.running import Gateway, eventually, free_ports, running
from tests.wire import Master

WORD = "sesame"
"""In every wrong key, body and query."""
SOLE, SIGNING, REDIS = "sole-key-b1c58e-and-more", "signing-secret-of-at-least-32-characters", "redis-password-77f0"
TABLET, SIGNED = make_key("tablet"), make_key("signed")
ZONE, OPERATION = "/api/v1/zones/1/1", "/api/v1/operation"
TWENTY, TWENTY_ONE = 0x07D0, 0x0C1A


class Said(NamedTuple):
    """An answer to a request of ours."""

    status: int
    body: bytes


def ask(
    gateway: Gateway, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None,
    source: str = "127.0.0.1",
) -> Said:  # fmt: skip
    """One request with these headers, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=30, source_address=(source, 0))
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return Said(answer.status, answer.read())
    finally:
        connection.close()


def key_headers(key: str) -> list[dict[str, str]]:
    """A key in every form in which somebody might send one."""
    basic = base64.b64encode(f"user:{key}".encode()).decode()
    values = [("X-API-Key", key), ("x-api-key", key), ("Cookie", f"key={key}"), ("Referer", f"http://x/?key={key}")]
    values += [("Authorization", f"{kind} {key}") for kind in ("Bearer", "bearer", "BEARER", "Basic", "Token", "")]
    return [{name: value} for name, value in [*values, ("Authorization", f"Basic {basic}")]]


def signature(nonce: str, secret: str = SIGNING) -> dict[str, str]:
    """The headers of a signed change of the mode."""
    at, body = str(int(time.time())), hashlib.sha256(b'{"mode": "heating"}').hexdigest()
    text = "\n".join(["PATCH", OPERATION, "", body, at, nonce])
    made = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
    return {"X-API-Key": SIGNED.key, "X-Timestamp": at, "X-Nonce": nonce, "X-Signature": made}


def unreadable() -> list[bytes]:
    """Requests that gunicorn refuses before anybody else sees them, each with a secret where it hurts."""
    word = WORD.encode()
    get = b"GET / HTTP/1.1\r\n" + HOST
    return [
        b"%s-is-no-request\r\n\r\n" % word,
        b"GET /?key=%s HTTP/9.9\r\n\r\n" % word,
        b"G@T /?key=%s HTTP/1.1\r\n\r\n" % word,
        b"%s@ / HTTP/1.1\r\n\r\n" % word,
        get + b"X-API-Key %s\r\n\r\n" % word,
        get + b"X-API-Key \t%s: x\r\n\r\n" % word,
        get + b"X-API-Key: a\x00%s\r\n\r\n" % word,
        get + b"X-API-Key: a\r\n %s\r\n\r\n" % word,
        get + b"Expect: %s\r\n\r\n" % word,
        get + b"Transfer-Encoding: %s\r\n\r\n" % word,
        get + b"Content-Length: %s\r\n\r\n" % word,
        get + b"X-API-Key: %s\r\n\r\n" % (word * 2000),
        get + b"X-API-Key: %s\r\n" % word * 100 + b"\r\n",
        b"GET /?key=%s HTTP/1.1\r\n\r\n" % (word * 1000),
        patch(b"3\r\n%s\r\n" % word, b"Transfer-Encoding: chunked\r\n"),
    ]


@pytest.fixture(scope="module", name="made")
def everything_said(gateway: Gateway) -> list[str]:
    """Every secret, sent in every way; the secrets that were made on the way."""
    for number, key in enumerate((SOLE, TABLET.key, f"tablet.{WORD}", f"{WORD}.x", WORD), start=1):
        for headers in key_headers(key):
            # From another address for each key: nobody has so many wrong ones that they have to wait.
            ask(gateway, "GET", "/api/v1/zones", headers=headers, source=f"127.0.0.{number}")
        for query in ("key", "api_key", "ticket", "access_token"):
            ask(gateway, "GET", f"/api/v1/zones?{query}={key}")
            ask(gateway, "GET", f"/no/{key}?{query}={key}")
    answer = ask(gateway, "POST", "/api/v1/tickets", headers={"X-API-Key": TABLET.key})
    assert answer.status == 201
    ticket: str = yaml.safe_load(answer.body)["ticket"]
    ask(gateway, "GET", f"/api/v1/zones?ticket={ticket}")
    for body in (WORD, f'{{"{WORD}": 1}}', f'{{"setpoint": "{WORD}"}}', f'{{"password": "{WORD}", "setpoint": 21}}'):
        assert ask(gateway, "PATCH", ZONE, body).status in (400, 422)
    right, wrong = signature("n" * 32), signature("m" * 32, WORD)
    statuses = [ask(gateway, "PATCH", OPERATION, '{"mode": "heating"}', it).status for it in (right, right, wrong)]
    assert statuses == [202, 401, 401]
    for request in unreadable():
        with Raw(gateway) as raw:
            raw.takes(request)
            raw.ends().rest()
    with Raw(gateway) as raw:
        raw.send(f"GET / HTTP/1.1\r\nX-API-Key: {WORD}".encode()).ends().rest()
    return [ticket, right["X-Signature"], wrong["X-Signature"]]


@pytest.fixture(scope="module", name="gateway")
def a_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway at DEBUG, with a secret of every kind, and a Redis that is away."""
    folder = tmp_path_factory.mktemp("secrets")
    entries: list[dict[str, str]] = [
        {"name": "tablet", "scope": "control", "hash": TABLET.hashed},
        {"name": "signed", "scope": "control", "hash": SIGNED.hashed, "signing_secret": SIGNING},
    ]
    (folder / "data").mkdir()
    (folder / "data" / "config.yaml").write_text(yaml.safe_dump({"keys": entries}))
    settings = {
        "NEASMART_LOG_LEVEL": "DEBUG",
        "NEASMART_LOG_FILE": str(folder / "file.log"),
        "NEASMART_API_ENABLE_AUTH": "true",
        "NEASMART_API_KEY": SOLE,
        "NEASMART_API_RATE_LIMIT_STORAGE": f"redis://:{REDIS}@127.0.0.1:{free_ports(1)[0]}/0",
    }
    with running(folder, **settings) as gateway:
        yield gateway


def written(gateway: Gateway) -> dict[Path, bytes]:
    """Whatever the gateway has written so far, into its folder or the one for temporary files, but for its settings."""
    ours = list(Path(tempfile.gettempdir()).glob(f"*-{gateway.master}*"))
    found = [*gateway.folder.rglob("*"), *ours, *(file for folder in ours for file in folder.rglob("*"))]
    return {path: path.read_bytes() for path in found if path.is_file() and path.name != "config.yaml"}


def test_no_secret_is_ever_written(gateway: Gateway, made: list[str]) -> None:
    """Not to the console, the log file, the database, a file of the processes' own, nor by check-config."""
    checked = subprocess.run(
        [sys.executable, "-m", "neasmart_gateway", "check-config"],
        cwd=gateway.folder, env=gateway.environment, capture_output=True, check=True,
    )  # fmt: skip
    places = {str(path): content for path, content in written(gateway).items()}
    places |= {f"argument of {pid}": Path(f"/proc/{pid}/cmdline").read_bytes() for pid in gateway.everybody()}
    places["check-config"] = checked.stdout + checked.stderr
    assert {"gateway.log", "file.log", "registers.db", "breaker.lock"} <= {Path(place).name for place in places}
    secrets = [WORD, SOLE, SIGNING, REDIS, *made]
    for key in (TABLET, SIGNED):
        secrets += [key.key.partition(".")[2], *key.hashed.split("$")[1:]]
    secrets += [base64.b64encode(f"user:{key}".encode()).decode() for key in (SOLE, TABLET.key, WORD)]
    found = [
        (place, line)
        for place, content in places.items()
        for line in content.splitlines()
        if any(secret.encode() in line for secret in secrets)
    ]
    assert found == []


@pytest.mark.usefixtures("made")
def test_what_was_refused_has_its_line_all_the_same(gateway: Gateway) -> None:
    """A line tells who was refused and why, in words of ours; nothing was a fault of the gateway."""
    lines = gateway.lines()
    refused = {str(line["reason"]) for line in lines if line.get("event") == "unreadable request"}
    assert {"InvalidRequestLine", "InvalidHeaderName", "LimitRequestHeaders", "LimitRequestLine"} <= refused
    events = {str(line.get("event")) for line in lines}
    assert {"a wrong key was refused", "a signature was refused"} <= events
    assert any(event.startswith("Redis is away") for event in events)
    assert [line for line in lines if "raw" in line or line.get("level") in ("error", "critical")] == []


def test_a_command_is_followed_from_its_request_to_its_echo(gateway: Gateway) -> None:
    """Its id stands in every line about it, the request's in those that the request caused, and in no others."""
    with Master(gateway.modbus_port) as base:
        base.write(240, 101, [TWENTY])
        asked = {"X-API-Key": TABLET.key, "X-Request-ID": "to-be-followed"}
        said = ask(gateway, "PATCH", f"{ZONE}?", '{"setpoint": 21}', asked)
        assert said.status == 202
        command = yaml.safe_load(said.body)["command"]["id"]
        base.write(240, 101, base.read(240, 101, 1))
    lines = eventually(lambda: complete(gateway, command), "a line that says that the command is confirmed")
    access = next(line for line in lines if line["logger"] == "neasmart.access")
    assert {name: access[name] for name in ("key", "client", "method", "route", "status", "request_id")} == {
        "key": "tablet", "client": "127.0.0.1", "method": "PATCH", "status": 202,
        "route": "/api/v1/zones/<number:base>/<number:zone>", "request_id": "to-be-followed",
    }  # fmt: skip
    assert access["duration_ms"] > 0
    told = [(line.get("state", line["event"]), line.get("request_id")) for line in lines if line is not access]
    assert told == [
        ("accepted", "to-be-followed"),
        ("register wanted", "to-be-followed"),
        ("delivered", None),
        ("command echoed", None),
        ("confirmed", None),
        ("register changed", None),
    ]


def complete(gateway: Gateway, command: str) -> list[dict[str, Any]]:
    """The lines about a command once the last of them is there, else none."""
    lines = [line for line in gateway.lines() if line.get("command_id") == command]
    return lines if lines and any(line["event"] == "register changed" for line in lines) else []


def test_watchdogs_are_logged_at_debug(gateway: Gateway) -> None:
    """Those alone: other requests are worth a line on every gateway."""
    ask(gateway, "GET", "/health")
    eventually(lambda: {"/health", "/health/ready"} <= levels(gateway).keys(), "both access lines")
    assert {level for route, level in levels(gateway).items() if route.startswith("/health/")} == {"debug"}
    assert levels(gateway)["/health"] == "info"


def levels(gateway: Gateway) -> dict[str, str]:
    """The level of the access lines of each route."""
    return {str(line["route"]): line["level"] for line in gateway.lines() if line.get("event") == "request"}


def test_a_log_file_that_was_moved_is_begun_anew(gateway: Gateway) -> None:
    """By every process: the daemon, which lives on, and the HTTP workers, which SIGHUP replaces."""
    file, old = gateway.folder / "file.log", gateway.folder / "file.log.old"
    file.rename(old)
    os.kill(gateway.master, signal.SIGHUP)
    eventually(lambda: file.exists() and "Hang up" in file.read_text(), "the new file, begun by the master")
    with Master(gateway.modbus_port) as base:
        base.write(240, 101, [TWENTY])
        base.write(240, 101, [TWENTY_ONE])
    wanted = ("gunicorn.error", "neasmart.desk", "neasmart.access")
    eventually(
        lambda: gateway.try_get("/health").status and file.exists() and all(w in file.read_text() for w in wanted),
        "lines of all processes in the new file",
    )
    eventually(lambda: gateway.try_get("/health/ready").status == 200, "ready after the reload")
    assert "Hang up" not in old.read_text()
