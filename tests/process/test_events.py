"""Event streams of a real gateway: nothing is lost through reconnects, deaths and reloads, and nobody is held up."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from neasmart_gateway.domain import dpt9
from neasmart_gateway.shm.events import SLOTS
from tests.process.raw_http import unshaken
from tests.process.test_docs_browser import ARGUMENTS
from tests.running import DEADLINE, Gateway, eventually, is_alive, running
from tests.sse import Client, Message
from tests.wire import Master

KEY = "a-key-of-this-test-and-nobody-else"
PLENTY = {
    "NEASMART_API_RATE_LIMIT_PER_MINUTE": "100000",
    "NEASMART_API_ENABLE_AUTH": "true",
    "NEASMART_API_KEY": KEY,
    "NEASMART_WORKERS": "2",
}
IMPATIENT = """
import sys
from gunicorn.app.wsgiapp import run
from neasmart_gateway import http_worker
http_worker.ANSWER_SECONDS = 0.5
sys.argv = ["gunicorn", "-c", "python:neasmart_gateway.gunicorn_config"]
run()
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("events"), **PLENTY) as gateway:
        yield gateway


class Following(threading.Thread):
    """Follows the stream for ever: comes back with the last id whenever it ends, and hangs up now and then itself."""

    def __init__(self, port: int, query: str = "", patience: int = 10**9) -> None:
        super().__init__(daemon=True)
        self.port, self.query, self.patience = port, query, patience
        self.told: list[Message] = []
        self.last_id = ""
        self.connections = 0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            try:
                with Client(self.port, self.query, self.last_id) as client:
                    self.connections += client.status == 200
                    self._read(client)
            except (OSError, ValueError, IndexError):
                continue

    def _read(self, client: Client) -> None:
        if not self.last_id and client.status == 200:
            self.last_id = client.begun().reader.last_id
        for count, message in enumerate(client):
            self.told.append(message)
            self.last_id = message.id
            if count >= self.patience or self._done.is_set():
                return

    def temperatures(self) -> dict[tuple[int, int], float]:
        """The newest of each zone."""
        zones = [message.data for message in list(self.told) if message.event == "zone"]
        return {(zone["base"], zone["zone"]): zone["temperature"] for zone in zones}

    def __enter__(self) -> "Following":
        self.start()
        eventually(lambda: self.last_id, "a stream")
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()


def written(gateway: Gateway, numbers: range) -> dict[tuple[int, int], float]:
    """Let the base write temperatures of all zones in turn; what each was last."""
    last: dict[tuple[int, int], float] = {}
    with Master(gateway.modbus_port) as master:
        for number in numbers:
            base, zone = divmod(number % 60, 12)
            word = dpt9.encode(15 + number % 600 / 50)
            master.write(240, base * 1200 + (zone + 1) * 100 + 2, [word])
            last[base + 1, zone + 1] = dpt9.decode(word) or 0.0
    return last


def numbers(told: list[Message]) -> list[int]:
    return [int(message.id.partition("-")[2]) for message in told]


def test_nothing_is_lost_through_reconnects_and_deaths(gateway: Gateway) -> None:
    """Clients that hang up, workers and a daemon that are killed, a reload: the newest of each zone is always told."""
    with Following(gateway.api_port) as steady, Following(gateway.api_port, patience=7) as restless:
        last = written(gateway, range(300))
        eventually(lambda: steady.temperatures() == last == restless.temperatures(), "every zone's last temperature")
        for worker in gateway.workers:
            os.kill(worker, signal.SIGKILL)
        last |= written(gateway, range(300, 430))
        eventually(lambda: steady.temperatures() == last == restless.temperatures(), "the same after workers died")
        os.kill(gateway.master, signal.SIGHUP)
        last |= written(gateway, range(430, 500))
        eventually(lambda: steady.temperatures() == last == restless.temperatures(), "the same after a reload")
        assert "gap" not in {message.event for message in steady.told + restless.told}
        assert restless.connections > 20
        for followed in (steady, restless):
            found = numbers(list(followed.told))
            assert found == sorted(set(found)), "in order, and nothing twice"


def test_a_killed_daemon_ends_no_stream(gateway: Gateway) -> None:
    """Health is told with the new daemon, the open command as expired, and then everything goes on."""
    with eventually(lambda: opened(gateway), "a stream") as client:
        client.begun()
        command = gateway.patch("/api/v1/zones/1/1", {"setpoint": 22}).json["command"]["id"]
        old = gateway.daemon
        os.kill(old, signal.SIGKILL)
        told = iter(client)
        expired = next(m for m in told if m.event == "command" and m.data["command"]["state"] == "expired")
        assert expired.data["command"]["id"] == command
        assert next(m for m in told if m.event == "health").data["components"][0]["state"] == "running"
        eventually(lambda: gateway.try_get("/health/ready").status == 200, "a new daemon")
        written(gateway, range(1))
        written(gateway, range(60, 61))
        assert next(m for m in told if m.event == "zone" and m.data["temperature"] == 16.2)


def test_who_is_too_far_behind_is_told(gateway: Gateway) -> None:
    """A gap with the number of what is lost, then what the ring still holds."""
    with Client(gateway.api_port) as client:
        first = client.begun().reader.last_id
    with Master(gateway.modbus_port) as master:
        for number in range(SLOTS + 100):
            address = number % 60 // 12 * 1200 + (number % 12 + 1) * 100
            master.write(240, address, [1 + number // 60 % 2])
    with Client(gateway.api_port, last_id=first) as client:
        gap, behind = (message for message, _ in zip(client, range(2), strict=False))
    assert (gap.event, gap.data["reason"]) == ("gap", "moved_on")
    assert behind.event in ("bus", "zone")
    assert gap.data["missed"] > 0


def opened(gateway: Gateway) -> Client | None:
    """A stream; none while the worker that was met is just ending."""
    client = Client(gateway.api_port)
    if client.status == 200:
        return client
    client.__exit__(None, None, None)
    return None


def test_a_reload_and_a_stop_end_streams_at_once(tmp_path: Path) -> None:
    """With a word; the stop waits for nobody who follows."""
    with running(tmp_path) as gateway:
        for number in (signal.SIGHUP, signal.SIGTERM):
            with eventually(lambda: opened(gateway), "a stream") as client:
                client.begun()
                os.kill(gateway.master, number)
                assert "gap" not in [message.event for message in client]
                assert client.reader.comments[-1] == "this worker ends, please come back"
                assert client.reader.retry == 2000
        assert gateway.process is not None
        assert gateway.process.wait(DEADLINE) == 0
        assert not [line for line in gateway.lines() if "graceful timeout" in str(line)]


def test_who_does_not_read_is_dropped_and_others_go_on(tmp_path: Path) -> None:
    """Its connection is reset, and it can come back for what it has missed."""
    gateway = Gateway(tmp_path, PLENTY | {"NEASMART_WORKERS": "1"}, command=(sys.executable, "-c", IMPATIENT))
    try:
        gateway.start()
        gateway.wait_ready()
        with unshaken(gateway), Following(gateway.api_port) as quick:
            slow = Client(gateway.api_port, buffer=4096).begun()
            rounds = iter(range(10**6))
            last: dict[tuple[int, int], float] = {}

            def is_dropped() -> bool:
                begin = next(rounds) * 60
                last.update(written(gateway, range(begin, begin + 60)))
                return any(line.get("route") == "/api/v1/events" for line in gateway.lines())

            eventually(is_dropped, "the end of a stream that is not read")
            (access,) = (line for line in gateway.lines() if line.get("route") == "/api/v1/events")
            assert access["dropped"] == "not_reading"
            assert 'dropped_total{reason="not_reading"} 1.0' in gateway.get("/metrics").text
            eventually(lambda: quick.temperatures() == last, "the other one goes on")
            assert quick.connections == 1
            assert numbers(list(slow)), "what had been sent can still be read"
            slow.__exit__(None, None, None)
            with Client(gateway.api_port, "?kinds=zone", slow.reader.last_id) as again:
                assert next(iter(again)).event in ("zone", "gap")
    finally:
        gateway.clean_up()


@pytest.mark.needs("chromium")
def test_a_page_follows_with_a_ticket(gateway: Gateway) -> None:
    """EventSource in a real browser: no key in the address, every kind under its name."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = chromium.new_page(extra_http_headers={"X-Forwarded-For": "203.0.113.9"})
        page.goto(f"http://127.0.0.1:{gateway.api_port}/api/docs")
        opened = page.evaluate(
            """async key => {
                const asked = await fetch("/api/v1/tickets", {method: "POST", headers: {"X-API-Key": key}});
                const {ticket} = await asked.json();
                window.source = new EventSource("/api/v1/events?kinds=zone&ticket=" + ticket);
                window.told = new Promise(done => source.addEventListener("zone", e => done([e.lastEventId, e.data])));
                return await new Promise(done => {
                    source.onopen = () => done("open");
                    source.onerror = () => done("error");
                });
            }""",
            KEY,
        )
        assert opened == "open"
        written(gateway, range(7, 8))
        written(gateway, range(67, 68))
        id_, data = page.evaluate("window.told")
        assert "-" in id_
        assert '"zone":8' in data
        chromium.close()


@pytest.mark.needs("curl")
def test_curl_shows_events_as_they_come(gateway: Gateway) -> None:
    """`curl -N`, over HTTP/1.1 in chunks; HEAD ends by itself."""
    url = f"http://127.0.0.1:{gateway.api_port}/api/v1/events"
    assert b"text/event-stream" in subprocess.run(["curl", "-sI", url], capture_output=True, timeout=DEADLINE).stdout
    with subprocess.Popen(["curl", "-sN", f"{url}?kinds=zone"], stdout=subprocess.PIPE, text=True) as curl:
        assert curl.stdout is not None
        lines: Any = iter(curl.stdout)
        assert next(lines) == "retry: 2000\n"
        next(line for line in lines if line.startswith("id: "))
        written(gateway, range(3, 4))
        written(gateway, range(63, 64))
        assert next(line for line in lines if line.startswith("event:")) == "event: zone\n"
        curl.terminate()
    assert all(map(is_alive, gateway.workers))
