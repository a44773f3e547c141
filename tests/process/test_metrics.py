"""Metrics of a real gateway: right with four workers, also after one of them and the daemon were killed."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.process.raw_http import ask
from tests.running import Gateway, eventually, running
from tests.sse import Client
from tests.wire import Master

SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
FRAMES = 'neasmart_bus_frames_total{listener="tcp",verdict="request"}'


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("metrics"), NEASMART_WORKERS="4") as gateway:
        yield gateway


def scraped(gateway: Gateway) -> dict[str, float]:
    """Every series as it is written, with its value."""
    answer = gateway.get("/metrics")
    assert answer.status == 200
    found = {f"{name}{{{labels}}}" if labels else name: float(n) for name, labels, n in SAMPLE.findall(answer.text)}
    assert len(found) == len(SAMPLE.findall(answer.text))
    return found


def requests(samples: dict[str, float], endpoint: str, status: int) -> float:
    return samples.get(f'api_requests_total{{endpoint="{endpoint}",method="GET",status="{status}"}}', 0.0)


def kill_a_worker(gateway: Gateway) -> None:
    """Kill one, and wait until another has taken its place."""
    before = gateway.workers
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: len(gateway.workers) == 4 and before[0] not in gateway.workers, "a new worker")


def kill_the_daemon(gateway: Gateway) -> None:
    """Kill it, and wait until another one is at work."""
    old = gateway.daemon
    os.kill(old, signal.SIGKILL)
    eventually(lambda: gateway.daemon not in (old, 0), "a new daemon")


def test_the_daemon_goes_before_http_workers(gateway: Gateway) -> None:
    """Where processors are short the base gets its answer first."""
    niceness = {os.getpriority(os.PRIO_PROCESS, worker) for worker in gateway.workers}
    assert niceness == {os.getpriority(os.PRIO_PROCESS, gateway.daemon) + 5}


def test_all_that_was_sent_is_counted(gateway: Gateway) -> None:
    """Each request by exactly one of four workers, and each frame, however many of them were killed meanwhile."""
    zone, sent, frames = "/api/v1/zones/{base}/{zone}", 0, 0
    began = scraped(gateway)
    for kill in (kill_a_worker, kill_the_daemon, kill_a_worker, lambda _: None):
        for _ in range(40):
            assert gateway.get("/api/v1/zones/1/1").status == 200
            assert gateway.get("/no/such/path").status == 404
        sent += 40
        with Master(gateway.modbus_port) as master:
            for _ in range(20):
                master.write(240, 102, [2000])
        frames += 20
        kill(gateway)
        samples = scraped(gateway)
        assert requests(samples, zone, 200) - requests(began, zone, 200) == sent
        assert requests(samples, "unknown", 404) - requests(began, "unknown", 404) == sent
        count = f'api_request_duration_seconds_count{{endpoint="{zone}",method="GET"}}'
        assert samples[count] == requests(samples, zone, 200)
        assert samples[FRAMES] - began[FRAMES] == frames
        # An answer is timed once it is out: who is killed in that moment has not timed it.
        assert samples[FRAMES] - samples['neasmart_bus_turnaround_seconds_count{listener="tcp"}'] in (0, 1)
    assert samples["neasmart_daemon_starts_total"] == 2


def test_streams_of_a_killed_worker_are_not_open(gateway: Gateway) -> None:
    """All workers' together, and only of those that live; what they had counted stays."""
    before = streams(gateway)
    with ExitStack() as clients:
        for _ in range(6):
            clients.enter_context(Client(gateway.api_port, last_id="nonsense")).begun()
        assert streams(gateway) == (before[0] + 6, before[1] + 6)
        for worker in gateway.workers:
            os.kill(worker, signal.SIGKILL)
        eventually(lambda: streams(gateway) == (0, before[1] + 6), "the end of all streams")


def streams(gateway: Gateway) -> tuple[float, float]:
    """How many are open, and how many began with an id that is none; nothing while nobody answers."""
    answer = gateway.try_get("/metrics")
    if answer.status != 200:
        return -1.0, -1.0
    told = {(name, labels): float(n) for name, labels, n in SAMPLE.findall(answer.text)}
    gaps = ("neasmart_event_gaps_total", 'reason="unknown_id"')
    return told.get(("neasmart_event_streams", ""), -1.0), told.get(gaps, -1.0)


def test_an_open_command_of_a_killed_daemon_has_expired(gateway: Gateway) -> None:
    """Its end is counted by the daemon that comes after it, once."""
    expired = 'neasmart_commands_total{state="expired"}'
    before = scraped(gateway)[expired]
    assert gateway.patch("/api/v1/zones/1/1", {"setpoint": 21}).status == 202
    kill_the_daemon(gateway)
    assert scraped(gateway)[expired] == before + 1


def test_no_raw_path_is_told(gateway: Gateway) -> None:
    """Whatever was asked for stands under its route or as unknown."""
    gateway.get("/api/v1/zones/5/12")
    gateway.get("/etc/passwd")
    text = gateway.get("/metrics").text
    assert 'endpoint="/api/v1/zones/{base}/{zone}"' in text
    assert "/zones/5/12" not in text
    assert "passwd" not in text


def test_what_cannot_be_read_is_counted_too(gateway: Gateway) -> None:
    """A request that is no HTTP, and one whose line is too long: refused before there is a route or a method."""
    began = scraped(gateway)
    for line, status in ((b"get / HTTP/1.1", 400), (b"GET /%s HTTP/1.1" % (b"x" * 5000), 414)):
        assert ask(gateway, line + b"\r\n\r\n").status == status
        series = f'api_requests_total{{endpoint="unknown",method="unknown",status="{status}"}}'
        assert scraped(gateway)[series] - began.get(series, 0.0) == 1


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_to_say(gateway: Gateway) -> None:
    """Names, units, types and words are as Prometheus' own linter wants them."""
    with Master(gateway.modbus_port) as master:
        master.write(240, 100, [1, 2000, 2000])
    text = gateway.get("/metrics").text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_nothing_is_left_behind(gateway: Gateway) -> None:
    """At the end of the gateway its folders are gone, also the one on the tmpfs. Ends it, so this test comes last."""
    left = f"neasmart-gateway-{gateway.master}-*"
    places = [Path("/dev/shm"), Path(tempfile.gettempdir())]  # noqa: S108
    assert [found for place in places for found in place.glob(left)]
    assert gateway.stop() == 0
    assert not [found for place in places for found in place.glob(left)]
