"""Limits and signatures over all workers of a real gateway, and the clients that docs/security.md shows."""

import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from neasmart_gateway.api.guard.keys import make_key
from tests.running import Gateway, eventually, running

DOCS = Path(__file__).parents[2] / "docs" / "security.md"
OPERATION = "/api/v1/operation"
SECRET = "a-secret-of-at-least-32-characters"
WORKERS = 4


KEYS = {name: make_key(name) for name in ("signed", "counted")}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Four workers and two keys; who has none has no rights."""
    folder = tmp_path_factory.mktemp("access")
    entries = [{"name": name, "scope": "control", "hash": made.hashed} for name, made in KEYS.items()]
    entries[0]["signing_secret"] = SECRET
    (folder / "data").mkdir()
    (folder / "data" / "config.yaml").write_text(yaml.safe_dump({"keys": entries}))
    settings = {
        "NEASMART_WORKERS": str(WORKERS),
        "NEASMART_API_ENABLE_AUTH": "true",
        "NEASMART_API_COMMAND_LIMIT_PER_MINUTE": "120",
        "NEASMART_COMMANDS_PER_REGISTER_AND_HOUR": "100000",
    }
    with running(folder, **settings) as gateway:
        yield gateway


def together(count: int, work: Callable[[int], int]) -> Counter[int]:
    """Do something in so many threads at the same moment; how often each answer came."""
    answers: list[int] = []
    gate = threading.Barrier(count)

    def one(number: int) -> None:
        gate.wait(20)
        answers.append(work(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return Counter(answers)


def ask(gateway: Gateway, method: str, path: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of one request, on a connection of its own, so that any worker may take it."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def signed(nonce: str) -> dict[str, str]:
    """The headers of a signed change of the mode."""
    body, at = b'{"mode": "heating"}', str(int(time.time()))
    text = "\n".join(["PATCH", OPERATION, "", hashlib.sha256(body).hexdigest(), at, nonce])
    signature = hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()
    key = KEYS["signed"].key
    return {"X-API-Key": key, "X-Timestamp": at, "X-Nonce": nonce, "X-Signature": signature}


def test_exactly_120_of_130_commands(gateway: Gateway) -> None:
    """Over four workers, sent at the same time, within one window."""
    zone = "/api/v1/zones/1/1"
    headers = {"X-API-Key": KEYS["counted"].key}

    def thirteen(_thread: int) -> int:
        statuses = [ask(gateway, "PATCH", zone, b'{"setpoint": 21}', headers) for _ in range(13)]
        assert set(statuses) <= {202, 429}
        return statuses.count(202)

    passed = together(10, thirteen)
    assert sum(count * times for count, times in passed.items()) == 120


def test_a_nonce_sent_to_all_workers_at_once_is_accepted_once(gateway: Gateway) -> None:
    """And not again after the daemon was killed: it was written down before the answer."""
    headers = signed("n" * 32)
    answers = together(4 * WORKERS, lambda _: ask(gateway, "PATCH", OPERATION, b'{"mode": "heating"}', headers))
    assert answers == {202: 1, 401: 4 * WORKERS - 1}
    old = daemon(gateway)
    os.kill(old, signal.SIGKILL)
    eventually(lambda: daemon(gateway) not in (0, old), "a new daemon")
    again = eventually(
        lambda: (status := ask(gateway, "PATCH", OPERATION, b'{"mode": "heating"}', headers)) != 503 and status,
        "an answer of the new daemon",
    )
    assert again == 401
    stats = json.loads(get(gateway, "/api/v1/security/stats"))["signatures"]
    assert (stats["accepted"], stats["replayed"]) == (1, 4 * WORKERS)


def get(gateway: Gateway, path: str) -> str:
    """What a trusted client reads."""
    return gateway.get(path).text


def daemon(gateway: Gateway) -> int:
    return int(json.loads(get(gateway, "/api/v1/health"))["daemon"]["pid"] or 0)


@pytest.mark.needs("openssl", "curl")
@pytest.mark.parametrize(("language", "command"), [("python", [sys.executable, "-"]), ("sh", ["sh", "-s"])])
def test_the_clients_that_the_documentation_shows(gateway: Gateway, language: str, command: list[str]) -> None:
    """Do what they say, as they stand there."""
    (program,) = re.findall(rf"^```{language}\n(.*?)^```", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    environment = os.environ | {
        "GATEWAY": f"http://127.0.0.1:{gateway.api_port}",
        "KEY": KEYS["signed"].key,
        "SECRET": SECRET,
    }
    done = subprocess.run(command, input=program, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"by":{"via":"http","who":"signed"}' in done.stdout
